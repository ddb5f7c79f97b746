import { type Fields, fields, isFields, Malformed } from "./fields.ts";
import { PROMISE_PARSERS } from "./parse-promise.ts";
import { TASK_PARSERS } from "./parse-task.ts";
import { PROTOCOL_VERSION } from "./records.ts";
import type { Request, RequestKind } from "./requests.ts";

/** What a reply must repeat. */
export interface Envelope {
  readonly kind: string;
  readonly corrId: string;
}

export type Parsed =
  | (Envelope & { readonly request: Request })
  | (Envelope & { readonly refusal: { readonly status: 400 | 501; readonly message: string } });

/** Reads an envelope `{kind, head, data}` of unknown origin. */
export function parseRequest(input: unknown): Parsed {
  const envelope = parseEnvelope(input);
  try {
    const { kind, head, data } = fields(input, "request");
    if (typeof kind !== "string" || kind === "")
      return refuse(envelope, 400, "kind must be a non-empty string");
    checkHead(head);
    if (isKnown(kind)) return { ...envelope, request: PARSERS[kind](fields(data, "data")) };
    if (NOT_IMPLEMENTED.has(kind)) {
      return refuse(envelope, 501, `${kind} is not implemented by this server`);
    }
    return refuse(envelope, 400, `kind ${JSON.stringify(kind.slice(0, 64))} is unknown`);
  } catch (error) {
    if (error instanceof Malformed) return refuse(envelope, 400, error.message);
    throw error;
  }
}

/** Kinds of the protocol that this server knows and refuses. */
const NOT_IMPLEMENTED: ReadonlySet<string> = new Set([
  "task.search",
  "schedule.get",
  "schedule.create",
  "schedule.delete",
  "schedule.search",
  "debug.start",
  "debug.stop",
  "debug.reset",
  "debug.snap",
  "debug.tick",
]);

const PARSERS: { readonly [K in RequestKind]: (data: Fields) => Extract<Request, { kind: K }> } = {
  ...PROMISE_PARSERS,
  ...TASK_PARSERS,
};

function isKnown(kind: string): kind is RequestKind {
  return Object.hasOwn(PARSERS, kind);
}

function checkHead(value: unknown): void {
  const head = fields(value, "head");
  if (typeof head["corrId"] !== "string") throw new Malformed("head.corrId must be a string");
  if (head["version"] !== PROTOCOL_VERSION) {
    throw new Malformed(`head.version must be ${JSON.stringify(PROTOCOL_VERSION)}`);
  }
}

/** What a reply must repeat, also where the rest is unusable. */
export function parseEnvelope(input: unknown): Envelope {
  const kind = isFields(input) ? input["kind"] : undefined;
  const head = isFields(input) ? input["head"] : undefined;
  const corrId = isFields(head) ? head["corrId"] : undefined;
  return {
    kind: typeof kind === "string" && kind !== "" ? kind : "unknown",
    corrId: typeof corrId === "string" ? corrId : "0",
  };
}

function refuse(envelope: Envelope, status: 400 | 501, message: string): Parsed {
  return { ...envelope, refusal: { status, message } };
}
