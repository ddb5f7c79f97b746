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
