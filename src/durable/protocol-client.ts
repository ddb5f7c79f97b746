import { randomUUID } from "node:crypto";
import type { Network, PromiseRecord, Request, Response, Value } from "@resonatehq/sdk";
import { ServiceError } from "../lib/errors.ts";
import { scrub } from "../lib/scrub.ts";
import type { PromiseState, StoredPromise } from "./durable.ts";
import { PROTOCOL_VERSION } from "./lineage.ts";
import { stepRecord } from "./step-record.ts";
import { decodeShared, encodeValue, storedBytes, VALUE_BYTES_MAX } from "./value.ts";

type Kind = Request["kind"];
type RequestData<K extends Kind> = Extract<Request, { kind: K }>["data"];
type AnswerData<K extends Kind> = Extract<Extract<Response, { kind: K }>, { head: { status: 200 } }>["data"];

export type EngineResponse<K extends Kind> =
  | { readonly ok: true; readonly data: AnswerData<K> }
  /** 404 unknown id; 409 wrong state; 422 wrong kind; 501 not supported by this server. */
  | { readonly ok: false; readonly status: number };

/** One request of the protocol. Throws for failures of the transport, the engine or the request's form. */
export async function ask<K extends Kind>(
  network: Network,
  kind: K,
  data: RequestData<K>,
): Promise<EngineResponse<K>> {
  const request = { kind, head: { corrId: randomUUID(), version: PROTOCOL_VERSION }, data };
  let response: Response;
  try {
    response = await network.send<K>(request as unknown as Extract<Request, { kind: K }>);
  } catch (cause) {
    const refusal = refusalIn(cause);
    throw fault(refusal?.status, refusal?.reason, cause);
  }
  const { status } = response.head;
  if (status === 200) return { ok: true, data: response.data as AnswerData<K> };
  if (EXPECTED.includes(status)) return { ok: false, status };
  throw fault(status, response.data, undefined);
}

const EXPECTED: readonly number[] = [300, 404, 409, 422, 501];

/**
 * The SDK's networks report every status outside a short list as a transport failure, with the status in its text:
 * `platform failure: HTTP 400` over the wire, `platform failure: 400: <reason>` in this process.
 */
function refusalIn(
  cause: unknown,
): { readonly status: number; readonly reason: string | undefined } | undefined {
  const text = cause instanceof Error ? cause.message : "";
  const [, status, reason] = /^platform failure: (?:HTTP )?(\d{3})(?:: (.*))?$/s.exec(text) ?? [];
  return status === undefined ? undefined : { status: Number(status), reason };
}

function fault(status: number | undefined, said: unknown, cause: unknown): ServiceError {
  const options = cause === undefined ? {} : { cause };
  if (status === 400) {
    // The engine's message is about the request only. It is cut to a limit, and anything like a secret is removed.
    const reason = typeof said === "string" && said !== "" ? `: ${scrub(said).slice(0, 200)}` : "";
    return new ServiceError("INVALID_REQUEST", `The engine refuses the request${reason}`, options);
  }
  if (status === 413) {
    const reason = "The engine refuses the request: it is too large";
    return new ServiceError("PAYLOAD_TOO_LARGE", reason, options);
  }
  const reason =
    status === 401 || status === 403
      ? "it refuses this service's token"
      : status === undefined
        ? "it cannot be reached"
        : `it answered ${status}`;
  return new ServiceError("ENGINE_UNAVAILABLE", `Cannot reach the engine: ${reason}`, options);
}

/**
 * Callers check external values with `assertStorable`.
 *
 * @param field the value's name in a refusal
 * @throws ServiceError INVALID_FIELDS if it is larger than what an engine stores
 */
export function encode(value: unknown, field: string, nonce?: string): Value {
  const encoded = encodeValue(value);
  const bytes = storedBytes(encoded);
  if (bytes > VALUE_BYTES_MAX.embedded) {
    const message = `must have at most ${VALUE_BYTES_MAX.embedded} bytes as JSON, not ${bytes}: keep it elsewhere, and store where it is`;
    throw new ServiceError("INVALID_FIELDS", `${field} ${message}`, { problems: [{ field, message }] });
  }
  return nonce === undefined ? encoded : { ...encoded, headers: { ...encoded.headers, [NONCE]: nonce } };
}

/** Stored beside the value and not in it, so that waiters get the value unchanged. */
const NONCE = "countersign:nonce";

/**
 * A record as the service reads it. Values of other programs may not decode; `unreadable` names them, and nothing is
 * thrown.
 */
export function stored(written: PromiseRecord): StoredPromise {
  const record = stepRecord(written);
  const param = decode(record.param);
  const value = decode(record.value);
  const nonce = record.value.headers?.[NONCE];
  return {
    id: record.id,
    state: STATES[record.state],
    param: param.value,
    value: value.value,
    tags: record.tags,
    createdAt: record.createdAt,
    timeoutAt: record.timeoutAt,
    ...(record.settledAt === undefined ? {} : { settledAt: record.settledAt }),
    ...(nonce === undefined ? {} : { nonce }),
    ...(value.ok ? (param.ok ? {} : { unreadable: "param" }) : { unreadable: "value" }),
  };
}

const STATES = {
  pending: "pending",
  resolved: "resolved",
  rejected: "rejected",
  rejected_canceled: "canceled",
  rejected_timedout: "timedout",
} as const satisfies Record<PromiseRecord["state"], PromiseState>;

function decode(encoded: Value): { readonly ok: boolean; readonly value?: unknown } {
  try {
    return { ok: true, value: decodeShared(encoded) };
  } catch {
    return { ok: false };
  }
}
