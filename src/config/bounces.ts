/** Settings of what comes back: the return path of mails, and the port that takes reports about them. */
import { isMailAddress } from "../lib/mail-address.ts";
import * as read from "./read.ts";

export interface BounceConfig {
  /** `BOUNCE_ADDRESS`: each mail has a tag of its own before its `@`. */
  readonly address: string;
  /** `BOUNCE_HEADER`: a header that tells a provider the tag; `{tag}` in its value stands for that. */
  readonly header: BounceHeader | undefined;
  /** Where reports are taken by SMTP; undefined: nowhere. Port 0: any free one. */
  readonly listener: { readonly host: string; readonly port: number } | undefined;
}

interface BounceHeader {
  readonly name: string;
  readonly value: string;
}

/** The part before the `@` has 64 characters (RFC 5321 §4.5.3.1.1): a `+` and the tag take 40 of them. */
const LOCAL_CHARS_MAX = 24;

export function bounceConfig(source: read.Source): BounceConfig | undefined {
  const address = read.text(source, "BOUNCE_ADDRESS");
  const host = read.host(source, "BOUNCE_SMTP_HOST", "127.0.0.1");
  const port = read.port(source, "BOUNCE_SMTP_PORT", 0);
  const header = headerSetting(source);
  const hasPort = read.text(source, "BOUNCE_SMTP_PORT") !== undefined;
  if (!hasPort && read.text(source, "BOUNCE_SMTP_HOST") !== undefined) {
    source.problems.push("BOUNCE_SMTP_HOST has no use without BOUNCE_SMTP_PORT");
  }
  if (address === undefined) {
    if (header !== undefined) source.problems.push("BOUNCE_HEADER has no use without BOUNCE_ADDRESS");
    if (hasPort)
      source.problems.push("BOUNCE_SMTP_PORT needs BOUNCE_ADDRESS: the address that mails come back to");
    return undefined;
  }
  if (!isMailAddress(address) || address.indexOf("@") > LOCAL_CHARS_MAX) {
    source.problems.push(
      `BOUNCE_ADDRESS must be one plain address with at most ${LOCAL_CHARS_MAX} characters before the @, such as bounces@example.com`,
    );
    return undefined;
  }
  return { address, header, listener: hasPort ? { host, port } : undefined };
}

/** A line of its own, so that it can hide nothing in another header. */
function headerSetting(source: read.Source): BounceHeader | undefined {
  const given = read.text(source, "BOUNCE_HEADER");
  if (given === undefined) return undefined;
  const [, name, value] = /^(X-[A-Za-z0-9-]{1,60}): ([\x21-\x7e][\x20-\x7e]{0,500})$/i.exec(given) ?? [];
  if (name !== undefined && value?.split("{tag}").length === 2) return { name, value };
  source.problems.push(
    "BOUNCE_HEADER must be a header whose name begins with X- and whose value contains {tag} once, such as X-PM-Metadata-return: {tag}",
  );
  return undefined;
}
