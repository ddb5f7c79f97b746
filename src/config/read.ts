/**
 * Readers of single settings. Each answers a usable value and, when the text given is none, notes the problem and
 * answers the default, so that one look at the environment finds everything that is wrong with it.
 * An empty or blank setting counts as not set: that is what `NAME=` in a file or a container's environment means.
 */
import { statSync } from "node:fs";
import { isIP } from "node:net";
import { dirname, resolve } from "node:path";
import { GROUP_NAME, GROUP_NAME_RULE } from "../approval/call.ts";
import { PERSON_NAME_CHARS_MAX, parseMailbox } from "../lib/mail-address.ts";
import { parseSmtpUrl } from "../lib/smtp-url.ts";
import type { Env, EnvName } from "./env.ts";
import { Secret } from "./secret.ts";

export interface Source {
  readonly env: Env;
  readonly problems: string[];
}

export function text({ env }: Source, name: EnvName): string | undefined {
  return env[name]?.trim() || undefined;
}

/** What a process can listen on: an address, or a name that the system resolves to one. */
export function host(source: Source, name: EnvName, fallback: string): string {
  const given = text(source, name);
  if (given === undefined) return fallback;
  const isName = /^(?=.{1,253}$)[\w-]+(?:\.[\w-]+)*$/.test(given) && !/^[\d.]+$/.test(given);
  if (isIP(given) !== 0 || isName) return given;
  source.problems.push(
    `${name} must be an IP address or a host name, without scheme, port and brackets, not ${quote(given)}`,
  );
  return fallback;
}

/** A folder, as an absolute path. It need not be there yet, but nothing that is there may stand in its way. */
export function folder(source: Source, name: EnvName, fallback: string): string {
  const path = resolve(text(source, name) ?? fallback);
  const obstacle = obstacleTo(path);
  if (obstacle !== undefined)
    source.problems.push(`${name} must be a folder, not ${quote(path)}: ${obstacle}`);
  return path;
}

function obstacleTo(path: string): string | undefined {
  try {
    return statSync(path).isDirectory() ? undefined : `${path} is a file`;
  } catch (error) {
    const { code = "it cannot be looked at" } = error as NodeJS.ErrnoException;
    const above = dirname(path);
    if ((code === "ENOENT" || code === "ENOTDIR") && above !== path) return obstacleTo(above);
    return code;
  }
}

/** Text that may be a header's value or a part of one. */
export function headerSecret(source: Source, name: EnvName): Secret | undefined {
  const given = secret(source, name);
  if (given === undefined || /^[\x21-\x7e]+$/.test(given.reveal())) return given;
  source.problems.push(`${name} must be letters, digits and signs of ASCII without blanks and line breaks`);
  return undefined;
}

export function secret(source: Source, name: EnvName): Secret | undefined {
  const given = text(source, name);
  return given === undefined ? undefined : new Secret(given);
}

export function port(source: Source, name: EnvName, fallback: number): number {
  return integer(source, name, fallback, { min: 0, max: 65_535 });
}

export function integer(
  source: Source,
  name: EnvName,
  fallback: number,
  range: { readonly min: number; readonly max: number },
): number {
  const given = text(source, name);
  if (given === undefined) return fallback;
  const value = /^\d{1,15}$/.test(given) ? Number(given) : Number.NaN;
  if (value >= range.min && value <= range.max) return value;
  source.problems.push(
    `${name} must be a whole number from ${range.min} to ${range.max}, not ${quote(given)}`,
  );
  return fallback;
}

export function oneOf<T extends string>(source: Source, name: EnvName, values: readonly T[], fallback: T): T {
  const given = text(source, name);
  if (given === undefined) return fallback;
  const value = values.find((candidate) => candidate === given);
  if (value !== undefined) return value;
  source.problems.push(`${name} must be one of ${values.join(", ")}, not ${quote(given)}`);
  return fallback;
}

/** The name of a worker group. */
export function group(source: Source, setting: EnvName, fallback: string): string {
  const given = text(source, setting);
  if (given === undefined || GROUP_NAME.test(given)) return given ?? fallback;
  source.problems.push(`${setting} must be ${GROUP_NAME_RULE}, not ${quote(given)}`);
  return fallback;
}

/** A URL of one of the protocols. The text given is not repeated in the problem: it may hold a password. */
export function url(source: Source, name: EnvName, protocols: readonly string[]): URL | undefined {
  const given = text(source, name);
  if (given === undefined) return undefined;
  const parsed = URL.parse(given);
  if (parsed !== null && protocols.includes(parsed.protocol) && parsed.hostname !== "") return parsed;
  source.problems.push(
    `${name} must be a URL that starts with ${protocols.map((p) => `${p}//`).join(" or ")}`,
  );
  return undefined;
}

/** An http(s) URL with nothing after the port, as `scheme://host[:port]`. */
export function origin(source: Source, name: EnvName): string | undefined {
  const parsed = url(source, name, ["http:", "https:"]);
  if (parsed === undefined) return undefined;
  const isBare =
    parsed.pathname === "/" &&
    parsed.search === "" &&
    parsed.hash === "" &&
    parsed.username === "" &&
    parsed.password === "";
  if (!isBare) {
    source.problems.push(
      `${name} must be an origin such as https://approvals.example.com, without path, query or user`,
    );
  }
  return parsed.origin;
}

/** A comma-separated list; undefined if it is not set, or wrong, which is noted. */
export function list<T>(
  source: Source,
  name: EnvName,
  max: number,
  parse: (entry: string) => T | undefined,
  right: string,
): readonly T[] | undefined {
  const given = text(source, name);
  if (given === undefined) return undefined;
  const entries = given.split(",").map((entry) => parse(entry.trim()));
  const sound = entries.filter((entry) => entry !== undefined);
  if (sound.length === entries.length && sound.length <= max) return sound;
  source.problems.push(`${name} must be a list of at most ${max} ${right}`);
  return undefined;
}

/** `Name <user@host>` or `user@host`, as it will stand in a mail's From. */
export function mailbox(source: Source, name: EnvName): string | undefined {
  const given = text(source, name);
  if (given === undefined || parseMailbox(given) !== undefined) return given;
  source.problems.push(
    `${name} must be one plain address with a full domain, such as approvals@example.com or Approvals <approvals@example.com>; the name before it has at most ${PERSON_NAME_CHARS_MAX} characters and, unless it stands in double quotes, none of , ; : < > @`,
  );
  return undefined;
}

/** The URL of a mail server. The text given is not repeated in the problem: it may hold a password. */
export function smtpUrl(source: Source, name: EnvName): Secret | undefined {
  const given = secret(source, name);
  if (given === undefined) return undefined;
  const read = parseSmtpUrl(given.reveal());
  if (typeof read !== "string") return given;
  source.problems.push(`${name} ${read}`);
  return undefined;
}

function quote(given: string): string {
  return JSON.stringify(given.length > 40 ? `${given.slice(0, 40)}…` : given);
}
