/**
 * How a delivery proves where it comes from, in two steps: by its headers alone, before a byte of the body is read,
 * and then by the body's bytes exactly as they came.
 */
import { createHash, createHmac, timingSafeEqual } from "node:crypto";

/** A request before its body. */
export interface Head {
  /** Every value of a header, by its lower-case name, in order: several if it was sent several times. */
  values(name: string): readonly string[];
  /** Lower-case names of all headers. */
  names(): readonly string[];
  /** The address that the sender used: our public origin with the request's path and query. */
  readonly url: string;
}

export interface Refused {
  readonly ok: false;
  /** For the log; stable. */
  readonly reason: RefusalReason;
  /** For the sender. Says what is missing or stale, never how close a signature was. */
  readonly detail: string;
}

export type RefusalReason =
  | "missing"
  | "doubled"
  | "malformed"
  | "too-many-signatures"
  | "outside-tolerance"
  | "signature"
  | "credentials";

export interface Accepted {
  readonly ok: true;
  /** Names this delivery among all of its source: the same for each of the sender's retries, or as near as the scheme has it. */
  readonly replayKey: string;
  /** For a sender that asks whether the address is ours: says yes to it. @throws ServiceError */
  readonly confirm?: () => Promise<void>;
}

type Checked = Accepted | Refused;

/** @throws ServiceError where a key must be fetched, and cannot be now */
type Opened = Refused | { readonly ok: true; check(body: Buffer): Checked | Promise<Checked> };

/** Judges the head against the clock (milliseconds since 1970), then the body. */
type Verifier = (head: Head, nowMs: number) => Opened;

/** A scheme with its keys. */
export interface Scheme {
  readonly verify: Verifier;
  /** What the body is, once it is verified. */
  readonly format: BodyFormat;
  /** The text of the event in what the body says, where the sender wraps it. */
  readonly unwrap?: (content: unknown) => string | undefined;
  /** What a sender who asks whether the address is ours wants to hear, where the event is such a question. */
  readonly challenge?: (event: unknown) => Challenge | undefined;
  /** Headers by which a delivery of `body` would be accepted now; absent where we hold only the sender's public key. */
  readonly sign?: (delivery: { body: Buffer; url: string; nowMs: number; id: string }) => SignedDelivery;
}

/** The answer to a question that decides nothing. */
export type Challenge =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "json"; readonly json: object }
  /** 204. */
  | { readonly kind: "empty" };

interface SignedDelivery {
  readonly headers: Readonly<Record<string, string>>;
  /** Where the scheme signs the address and adds to it. */
  readonly url?: string;
}

export type BodyFormat =
  | "json"
  | "form"
  /** A form, unless it begins like JSON. Only the signed bytes count, because no scheme signs the content type. */
  | "form-or-json"
  /** A whole mail (RFC 5322), which reports about another. */
  | "mail";

/** Whether it is an object or a list of JSON, after blanks and a byte-order mark; no form begins so. */
export function beginsAsJson(body: Buffer): boolean {
  const isMarked = body.subarray(0, 3).equals(BYTE_ORDER_MARK);
  for (let i = isMarked ? 3 : 0; i < body.length; i += 1) {
    const byte = body[i];
    if (byte === OPEN_BRACE || byte === OPEN_BRACKET) return true;
    if (byte === undefined || !BLANKS.includes(byte)) return false;
  }
  return false;
}

/** What a body says, for schemes whose signature stands in it. Undefined if it is no JSON. */
export function jsonIn(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString("utf8"));
  } catch {
    return undefined;
  }
}

const BYTE_ORDER_MARK = Buffer.from([0xef, 0xbb, 0xbf]);
const [OPEN_BRACE, OPEN_BRACKET] = [123, 91];
/** Of JSON (RFC 8259, section 2): tab, line feed, carriage return, blank. */
const BLANKS: readonly number[] = [9, 10, 13, 32];

/** The window of Standard Webhooks, Stripe and Slack: enough for clocks that differ, too short for old deliveries. */
const TOLERANCE_MS = 300_000;
/** Senders list two while a secret rotates. More only keep us busy. */
export const SIGNATURES_MAX = 10;

/** The one value of a header; a second one may be another's, so both are refused. */
export function oneHeader(head: Head, name: string): Refused | { readonly ok: true; readonly value: string } {
  const values = head.values(name);
  const [value] = values;
  if (value === undefined || value === "") return refuse("missing", `The header ${name} is missing`);
  if (values.length > 1) return refuse("doubled", `The header ${name} must be sent once`);
  return { ok: true, value };
}

/** How a sender writes the time that it signs: a number since 1970, or `2026-11-30T09:00:00Z` (RFC 3339). */
export type TimestampUnit = "seconds" | "milliseconds" | "rfc3339";

/** A time that is near enough to now. */
export function timeProblem(
  text: string,
  nowMs: number,
  unit: TimestampUnit = "seconds",
  /** For senders whose later tries have the time of the first: how old it may be. */
  pastMs = TOLERANCE_MS,
): Refused | undefined {
  const timeMs = timeIn(text, unit);
  if (timeMs === undefined)
    return refuse("malformed", `The time of the signature must be ${UNITS[unit].rule}`);
  const seconds = (nowMs < timeMs ? TOLERANCE_MS : pastMs) / 1000;
  if (Math.abs(nowMs - timeMs) <= seconds * 1000) return undefined;
  return refuse("outside-tolerance", `The time of the signature is more than ${seconds} seconds from now`);
}

/**
 * Milliseconds since 1970; undefined for anything else. Lenient parsers would read a time from `1700000000abc`, or take one
 * without an offset for local time.
 */
function timeIn(text: string, unit: TimestampUnit): number | undefined {
  const { pattern, ms } = UNITS[unit];
  const timeMs = !pattern.test(text) ? Number.NaN : ms === undefined ? Date.parse(text) : Number(text) * ms;
  return Number.isNaN(timeMs) ? undefined : timeMs;
}

/** Milliseconds have 13 digits today, seconds 10; some senders write a time's fraction to the nanosecond. */
const UNITS = {
  seconds: { pattern: /^\d{1,11}$/, ms: 1000, rule: "whole seconds since 1970" },
  milliseconds: { pattern: /^\d{1,14}$/, ms: 1, rule: "whole milliseconds since 1970" },
  rfc3339: {
    pattern: /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)$/,
    ms: undefined,
    rule: "as RFC 3339 has it, such as 2026-11-30T09:00:00Z",
  },
} as const;

export interface MacOptions {
  readonly algorithm: string;
  /** One to three: while a secret rotates, both are good. */
  readonly keys: readonly Buffer[];
  readonly encoding: "hex" | "base64" | "base64url";
}

/**
 * Why none of `candidates` is a MAC that one of the keys makes of `data`; undefined if one is. Every pair is compared,
 * each in constant time.
 */
export function macProblem(
  { algorithm, keys, encoding }: MacOptions,
  data: readonly (string | Buffer)[],
  candidates: readonly string[],
): Refused | undefined {
  if (candidates.length === 0) return refuse("missing", "There is no signature of a known version");
  if (candidates.length > SIGNATURES_MAX) {
    return refuse("too-many-signatures", `At most ${SIGNATURES_MAX} signatures are looked at`);
  }
  let isGood = false;
  for (const key of keys) {
    const mac = macOf(algorithm, key, data).toString(encoding);
    for (const candidate of candidates) {
      if (sameText(mac, encoding === "hex" ? candidate.toLowerCase() : candidate)) isGood = true;
    }
  }
  return isGood ? undefined : badSignature();
}

/**
 * An accepted delivery that is recognised by its bytes. Not by its signature, because a retry is signed with a new time,
 * and after a rotation with a new secret, and is still the same delivery.
 */
export function knownByBody(body: Buffer): Accepted {
  return { ok: true, replayKey: sha256Hex(body) };
}

export function macOf(algorithm: string, key: Buffer, data: readonly (string | Buffer)[]): Buffer {
  const mac = createHmac(algorithm, key);
  for (const part of data) mac.update(part);
  return mac.digest();
}

/** In constant time for texts of equal length; that the lengths differ is no secret. */
export function sameText(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}

export function sha256Hex(...parts: readonly (string | Buffer)[]): string {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part);
  return hash.digest("hex");
}

export function badSignature(): Refused {
  return refuse("signature", "No signature of this delivery is good");
}

export function refuse(reason: RefusalReason, detail: string): Refused {
  return { ok: false, reason, detail };
}
