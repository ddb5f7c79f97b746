import type { Envelope } from "../../protocol/parse.ts";
import { PROTOCOL_VERSION } from "../../protocol/records.ts";

/** Statuses of the protocol, which are also those of its HTTP replies. */
export type Status = 200 | 300 | 400 | 401 | 403 | 404 | 409 | 413 | 422 | 429 | 500 | 501 | 503;

/** The engine's response to a request: an object on success, otherwise a sentence with the reason. */
export type EngineResponse =
  | { readonly status: 200 | 300; readonly data: object }
  | { readonly status: Exclude<Status, 200 | 300>; readonly data: string };

export function ok(data: object): EngineResponse {
  return { status: 200, data };
}

export function refuse(status: Exclude<Status, 200 | 300>, reason: string): EngineResponse {
  return { status, data: reason };
}

/** A reply as it goes over the wire. Nothing in it is shared with the engine. */
export interface Reply {
  readonly kind: string;
  readonly head: { readonly corrId: string; readonly status: Status; readonly version: string };
  readonly data: object | string;
}

export function reply({ kind, corrId }: Envelope, { status, data }: EngineResponse): Reply {
  return { kind, head: { corrId, status, version: PROTOCOL_VERSION }, data };
}
