import { Codec, type Value } from "@resonatehq/sdk";

/**
 * Values as the SDK stores them, base64 of JSON, read and written several times as fast as it does: a workflow's records
 * are read again at each of its turns, which was a tenth of a worker's time. Whatever is beyond plain JSON goes through
 * the SDK's own codec.
 */
const sdk = new Codec();

/** What the SDK writes for things that JSON has no words for; or an escape, behind which such a word may hide. */
const BEYOND_JSON = /__type|__INF__|__NEG_INF__|\\u/;

/** @throws Error if it is not base64 of JSON */
export function decodeValue(value: Value | undefined): unknown {
  if (value?.data === undefined || value.data === "") return undefined;
  const text = Buffer.from(value.data, "base64").toString("utf8");
  return BEYOND_JSON.test(text) ? (sdk.decode(value) as unknown) : (JSON.parse(text) as unknown);
}

/** @throws Error if JSON has no words for it: a cycle, a BigInt */
export function encodeValue(value: unknown): Value & { readonly data: string } {
  // First, since it knows when a value has no end.
  const text = JSON.stringify(value) as string | undefined;
  if (!isPlain(value)) return sdk.encode(value) as Value & { data: string };
  return { headers: {}, data: text === undefined ? "" : Buffer.from(text).toString("base64") };
}

/**
 * How much JSON one value may have: what the embedded engine takes as base64, and less where requests have at most 2 MB,
 * as on the Resonate Server, with room for all that goes along.
 */
export const VALUE_BYTES_MAX = { embedded: 3 * 1024 * 1024, server: 1_500_000 } as const;

/** Bytes of JSON in a value as it is stored, without decoding it. */
export function storedBytes(value: Value | undefined): number {
  const data = value?.data ?? "";
  return Math.floor((data.length * 3) / 4) - (data.endsWith("==") ? 2 : data.endsWith("=") ? 1 : 0);
}

/** Whether JSON has words for all of it. A second walk costs far less than having JSON's own show each part. */
function isPlain(value: unknown): boolean {
  if (typeof value === "number") return value !== Infinity && value !== -Infinity;
  if (typeof value !== "object" || value === null) return true;
  if (Array.isArray(value)) return value.every(isPlain);
  // What such a value becomes is for JSON alone to know.
  if (value instanceof Error || "toJSON" in value) return false;
  return Object.values(value).every(isPlain);
}

/** In the place of the encoder inside the SDK's codec. */
export const VALUE_ENCODER = { encode: encodeValue, decode: decodeValue };
