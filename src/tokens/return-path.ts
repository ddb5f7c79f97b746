/**
 * The tags in return paths, `bounces+<tag>@example.com`: the address that a mail system reports to when it cannot deliver a
 * mail. A report is believed for the tag alone, whatever else it says about itself.
 *
 * RFC 5321 §4.5.3.1.1 leaves 64 characters for the part before the `@`, too few for a JWS or a ballot's id. So a tag has a name, 80
 * bits that only a key can make, under which the worker keeps what the mail was about; the time when it expires; and
 * 80 bits of a MAC, by which forgeries are refused without a look at what is kept.
 */
import { createHmac, timingSafeEqual } from "node:crypto";
import { fromBase32, toBase32 } from "../lib/base32.ts";
import type { TokenKey, Verified } from "./jws.ts";

export interface ReturnPathTokens {
  /** The tag for all mails of one ballot; the same ballot and time give the same tag. */
  issue(ballot: TaggedBallot): IssuedTag;
  /** What a tag of ours names. */
  verify(tag: string, nowMs: number): Verified<{ readonly name: string }>;
}

interface TaggedBallot {
  /** Promise id of the ballot. */
  readonly pid: string;
  /** The ballot's creation, in milliseconds since 1970. */
  readonly bornAtMs: number;
  /** From when on reports are of no use. */
  readonly expiresAtMs: number;
}

interface IssuedTag {
  /** 39 letters and digits. */
  readonly tag: string;
  /** Names what the mail was about; 16 letters and digits. */
  readonly name: string;
}

const TAG_CHARS = 39;
const TAG = new RegExp(`(?:^|\\+)([a-z2-7]{${TAG_CHARS}})(?:@|$)`, "iu");

/** The tag in a return path, `bounces+<tag>@example.com` with or without angle brackets, or the tag alone. */
export function tagIn(address: string): string | undefined {
  return TAG.exec(address.trim().replaceAll(/^<|>$/gu, ""))?.[1];
}

const NAME_BYTES = 10;
const TIME_BYTES = 4;
const MAC_BYTES = 10;

export function createReturnPathTokens(keys: readonly TokenKey[]): ReturnPathTokens {
  const [signing] = keys;
  if (signing === undefined) throw new TypeError("Cannot sign return paths: no key");
  return {
    issue({ pid, bornAtMs, expiresAtMs }) {
      const named = JSON.stringify([pid, bornAtMs]);
      const name = mac(signing, "return-path-name", Buffer.from(named)).subarray(0, NAME_BYTES);
      const time = Buffer.alloc(TIME_BYTES);
      // Until 2106, in seconds.
      time.writeUInt32BE(Math.min(Math.ceil(expiresAtMs / 1000), 0xff_ff_ff_ff));
      const content = Buffer.concat([name, time]);
      return { tag: toBase32(Buffer.concat([content, signatureOf(signing, content)])), name: toBase32(name) };
    },
    verify(tag, nowMs) {
      const bytes = tag.length === TAG_CHARS ? fromBase32(tag) : undefined;
      if (bytes === undefined) return { ok: false, reason: "malformed" };
      const content = bytes.subarray(0, NAME_BYTES + TIME_BYTES);
      const given = bytes.subarray(content.length);
      if (!keys.some((key) => timingSafeEqual(signatureOf(key, content), given))) {
        return { ok: false, reason: "signature" };
      }
      if (content.readUInt32BE(NAME_BYTES) * 1000 <= nowMs) return { ok: false, reason: "expired" };
      return { ok: true, value: { name: toBase32(content.subarray(0, NAME_BYTES)) } };
    },
  };
}

function signatureOf(key: TokenKey, content: Buffer): Buffer {
  return mac(key, "return-path", content).subarray(0, MAC_BYTES);
}

function mac({ secret }: TokenKey, purpose: string, content: Buffer): Buffer {
  return createHmac("sha256", secret).update(`countersign/${purpose}\n`).update(content).digest();
}
