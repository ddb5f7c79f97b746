import { type Fields, fields, isFields, Malformed } from "./fields.ts";
import { DEBUG_PARSERS, debugTimeOf } from "./parse-debug.ts";
import { PROMISE_PARSERS } from "./parse-promise.ts";
import { SCHEDULE_PARSERS } from "./parse-schedule.ts";
import { TASK_PARSERS } from "./parse-task.ts";
import { PROTOCOL_VERSION } from "./records.ts";
import type { Request, RequestKind } from "./requests.ts";

/** What a reply must repeat. */
export interface Envelope {
  readonly kind: string;
  readonly corrId: string;
}

export type Parsed =
  | (Envelope & {
      readonly request: Request;
      /** When it is to be judged, if the sender says so; for servers under test alone. */
      readonly debugTime?: number;
    })
  | (Envelope & { readonly refusal: { readonly status: 400; readonly message: string } });

/** Reads an envelope `{kind, head, data}` of unknown origin. */
export function parseRequest(input: unknown): Parsed {
  const envelope = parseEnvelope(input);
  try {
    const { kind, head, data } = fields(input, "request");
    if (typeof kind !== "string" || kind === "") return refuse(envelope, "kind must be a non-empty string");
    const debugTime = checkHead(head);
    if (isKnown(kind)) {
      const request = PARSERS[kind](fields(data, "data"));
      return debugTime === undefined ? { ...envelope, request } : { ...envelope, request, debugTime };
    }
    return refuse(envelope, `kind ${JSON.stringify(kind.slice(0, 64))} is unknown`);
  } catch (error) {
    if (error instanceof Malformed) return refuse(envelope, error.message);
    throw error;
  }
}

const PARSERS: { readonly [K in RequestKind]: (data: Fields) => Extract<Request, { kind: K }> } = {
  ...PROMISE_PARSERS,
  ...TASK_PARSERS,
  ...SCHEDULE_PARSERS,
  ...DEBUG_PARSERS,
  "projection.read": ({ query }) => ({
    kind: "projection.read",
    data: { query: copied(fields(query, "data.query")) },
  }),
  "trail.read": ({ query }) => ({
    kind: "trail.read",
    data: { query: copied(fields(query, "data.query")) },
  }),
};

/** So that what a program of this process changes later changes nothing here. */
function copied(query: Fields): Fields {
  try {
    return structuredClone(query);
  } catch {
    // It is nested deeper than the stack, or holds a function.
    throw new Malformed("data.query must be JSON of few levels");
  }
}

function isKnown(kind: string): kind is RequestKind {
  return Object.hasOwn(PARSERS, kind);
}

function checkHead(value: unknown): number | undefined {
  const head = fields(value, "head");
  if (typeof head["corrId"] !== "string") throw new Malformed("head.corrId must be a string");
  if (head["version"] !== PROTOCOL_VERSION) {
    throw new Malformed(`head.version must be ${JSON.stringify(PROTOCOL_VERSION)}`);
  }
  return debugTimeOf(head);
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

function refuse(envelope: Envelope, message: string): Parsed {
  return { ...envelope, refusal: { status: 400, message } };
}
