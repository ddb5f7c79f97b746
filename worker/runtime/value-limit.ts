/** The size limit of a value, and the error that replaces a larger one. */
import type { PromiseSettleReq, Request, Response, Value } from "@resonatehq/sdk";
import { encodeValue, storedBytes } from "../../src/durable/value.ts";

/** The rejection that replaces a result or error that cannot be stored. */
export function rejectionFor(settle: PromiseSettleReq, why: string): PromiseSettleReq {
  const { state, value } = settle.data;
  const what = state === "resolved" ? "The result" : `The error${firstWords(value)}`;
  return { ...settle, data: { ...settle.data, state: "rejected", value: failure(`${what} ${why}`) } };
}

/** Why the value of a request is too large, as text that follows the value's name; undefined if it is not. */
export function tooLarge(value: Value | undefined, bytesMax: number): string | undefined {
  const bytes = storedBytes(value);
  if (bytes <= bytesMax) return undefined;
  return `is too large to be stored: ${bytes} bytes as JSON, the limit is ${bytesMax}. Store it elsewhere, and pass its location`;
}

/** Sends the request, unless its value is too large. Reports a refusal that would repeat. */
export async function storing(
  value: Value | undefined,
  way: {
    readonly bytesMax: number;
    readonly send: () => Promise<Response>;
    /** `why`: text that follows the value's name. */
    readonly instead: (why: string) => Promise<Response>;
  },
): Promise<Response> {
  const why = tooLarge(value, way.bytesMax);
  if (why !== undefined) return await way.instead(why);
  try {
    return await way.send();
  } catch (error) {
    const status = refusedForGood(error);
    if (status === undefined) throw error;
    return await way.instead(
      `is refused by the engine, which answers ${status} (${storedBytes(value)} bytes as JSON)`,
    );
  }
}

/** The value that a request brings with it. */
export function valueIn(request: Request): Value | undefined {
  switch (request.kind) {
    case "promise.create":
      return request.data.param;
    case "promise.settle":
      return request.data.value;
    default:
      return undefined;
  }
}

/** An error without a stack, as it is stored. */
export function failure(message: string): Value & { readonly data: string } {
  const error = new Error(message);
  error.name = "WorkflowError";
  delete error.stack;
  return encodeValue(error);
}

/** Of base64: room for the fields before an error's message, and for the message's beginning. */
const HEAD_CHARS = 400;

/** For an error with a text that is too long, reads only the beginning, because decoding all of it takes seconds. */
function firstWords({ data = "" }: Value): string {
  const head = Buffer.from(data.slice(0, HEAD_CHARS), "base64").toString("utf8");
  const words = /^\{"__type":"(?:aggregate_)?error","message":"((?:[^"\\]|\\["\\/bfnrt]){1,200})/u.exec(
    head,
  )?.[1];
  return words === undefined ? "" : ` "${JSON.parse(`"${words}"`) as string}…"`;
}

/** Status with which the engine refuses a request as such: sent again, it would be refused again. */
function refusedForGood(error: unknown): number | undefined {
  const text = error instanceof Error ? error.message : "";
  const status = /^platform failure: (?:HTTP )?(400|413)\b/.exec(text)?.[1];
  return status === undefined ? undefined : Number(status);
}
