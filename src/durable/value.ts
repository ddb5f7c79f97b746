import type { Codec, Value } from "@resonatehq/sdk";
import { remembering } from "../lib/remembering.ts";
import { sdk } from "./sdk.ts";

/**
 * Values as the SDK stores them, base64 of JSON, but several times as fast: each turn of a workflow reads its records
 * again, which took a tenth of a worker's time. Values beyond plain JSON go through the SDK's codec.
 *
 * Plain JSON comes back unchanged, even if the SDK would read a special meaning in it, such as in `{"__type": "error"}`
 * or `"__INF__"`. Its bytes stay the same, and a header marks it.
 */
const codec = (): Codec => (made ??= new (sdk().Codec)());
let made: Codec | undefined;

/** What the SDK writes for values that JSON cannot express; or an escape, which may hide such a text. */
const BEYOND_JSON = /__type|__INF__|__NEG_INF__|\\u/;
const WORDS = /__type|__INF__|__NEG_INF__/;

/** Header of values that are plain JSON, even if the SDK's codec would read something else in them. */
const VERBATIM = "countersign:json";

/** @throws Error if it is not base64 of JSON */
export function decodeValue(value: Value | undefined): unknown {
  if (value?.data === undefined || value.data === "") return undefined;
  const text = Buffer.from(value.data, "base64").toString("utf8");
  const isPlainJson = !BEYOND_JSON.test(text) || value.headers?.[VERBATIM] !== undefined;
  return isPlainJson ? (JSON.parse(text) as unknown) : (codec().decode(value) as unknown);
}

/**
 * The same for values that are only read: the same text may give the same object. A worker's steps, the index and a person's
 * press read a record several times within a moment.
 *
 * @throws Error if it is not base64 of JSON
 */
export function decodeShared(value: Value): unknown {
  const { data = "", headers } = value;
  const isOrdinary = data.length <= SHARED_CHARS_MAX && headers?.[VERBATIM] === undefined;
  return isOrdinary ? decodeText(data) : decodeValue(value);
}

const SHARED_CHARS_MAX = 8 * 1024;
/**
 * Of all texts together: some 1,500 ordinary ones. The index reads what a step has read up to two tenths of a second before,
 * in which a hundred other approvals may end.
 */
const KEPT_CHARS = 512 * 1024;

const decodeText = remembering(
  KEPT_CHARS,
  (data: string) => decodeValue({ data }),
  (data) => data.length,
);

/** @throws Error if JSON cannot express it: a cycle, a BigInt */
export function encodeValue(value: unknown): Required<Value> {
  // First, since it knows when a value has no end.
  const text = JSON.stringify(value) as string | undefined;
  if (!isPlain(value)) return codec().encode(value) as Required<Value>;
  if (text === undefined) return { headers: {}, data: "" };
  const isMisread = WORDS.test(text) && holdsWords(value);
  return { headers: isMisread ? { [VERBATIM]: "verbatim" } : {}, data: Buffer.from(text).toString("base64") };
}

/**
 * Maximum bytes of JSON in one value. The Resonate Server limits requests to 2 MB, so there it is less, with room for
 * the rest of the request.
 */
export const VALUE_BYTES_MAX = { embedded: 3 * 1024 * 1024, server: 1_500_000 } as const;

/** Bytes of JSON in a value as it is stored, without decoding it. */
export function storedBytes(value: Value | undefined): number {
  const data = value?.data ?? "";
  return Math.floor((data.length * 3) / 4) - (data.endsWith("==") ? 2 : data.endsWith("=") ? 1 : 0);
}

/** Whether JSON can express all of it. A second walk costs far less than a replacer for `JSON.stringify`. */
function isPlain(value: unknown): boolean {
  if (typeof value === "number") return value !== Infinity && value !== -Infinity;
  if (typeof value !== "object" || value === null) return true;
  if (Array.isArray(value)) return value.every(isPlain);
  // What such a value becomes is for JSON alone to know. A member of this name that is data is like any other.
  if (value instanceof Error || ("toJSON" in value && typeof value.toJSON === "function")) return false;
  return Object.values(value).every(isPlain);
}

/** Whether the SDK's codec would read something else in this plain JSON. */
function holdsWords(value: unknown): boolean {
  if (typeof value === "string") return value === "__INF__" || value === "__NEG_INF__";
  if (typeof value !== "object" || value === null) return false;
  return Object.hasOwn(value, "__type") || Object.values(value).some(holdsWords);
}

/** Replaces the encoder inside the SDK's codec. */
export const VALUE_ENCODER = { encode: encodeValue, decode: decodeValue };
/** The same for workflows that change nothing of what they read. */
export const SHARED_VALUE_ENCODER = { encode: encodeValue, decode: decodeShared };
