import { ADDRESS_RULE, parseAddress } from "./addresses.ts";
import * as read from "./fields.ts";
import { originOf } from "./ids.ts";
import { PROMISE_STATES, SETTLED_BY_CLIENT } from "./records.ts";
import type { PromiseCreateData, PromiseSettleData, Request } from "./requests.ts";
import { tagProblem } from "./tags.ts";

/** Page size of a search. */
const LIMIT_DEFAULT = 100;

type PromiseKind = Extract<Request["kind"], `promise.${string}`>;

export const PROMISE_PARSERS: {
  readonly [K in PromiseKind]: (data: read.Fields) => Extract<Request, { kind: K }>;
} = {
  "promise.get": (data) => ({ kind: "promise.get", data: { id: read.id(data["id"], "data.id") } }),
  "promise.create": (data) => ({ kind: "promise.create", data: parseCreate(data, "data") }),
  "promise.settle": (data) => ({ kind: "promise.settle", data: parseSettle(data, "data") }),
  "promise.register_callback": (data) => {
    const awaited = read.id(data["awaited"], "data.awaited");
    const awaiter = read.id(data["awaiter"], "data.awaiter");
    if (awaited === awaiter) throw new read.Malformed("data.awaiter must differ from data.awaited");
    if (originOf(awaited) !== originOf(awaiter)) {
      throw new read.Malformed("data.awaiter must have the same origin as data.awaited");
    }
    return { kind: "promise.register_callback", data: { awaited, awaiter } };
  },
  "promise.register_listener": (data) => {
    const address = read.nonEmpty(data["address"], "data.address");
    if (parseAddress(address) === undefined) throw new read.Malformed(`data.address ${ADDRESS_RULE}`);
    return {
      kind: "promise.register_listener",
      data: { awaited: read.id(data["awaited"], "data.awaited"), address },
    };
  },
  "promise.search": (data) => {
    const { state, tags } = data;
    return {
      kind: "promise.search",
      data: {
        ...(state !== undefined && { state: read.oneOf(state, "data.state", PROMISE_STATES) }),
        tags: tags === undefined ? {} : read.strings(tags, "data.tags"),
        ...read.page(data, LIMIT_DEFAULT),
      },
    };
  },
};

/** `path` is what messages call the object that holds the fields. */
export function parseCreate(data: read.Fields, path: string): PromiseCreateData {
  const create = {
    id: read.id(data["id"], `${path}.id`),
    timeoutAt: read.integer(data["timeoutAt"], `${path}.timeoutAt`, 0),
    param: read.payload(data["param"], `${path}.param`),
    tags: data["tags"] === undefined ? {} : read.strings(data["tags"], `${path}.tags`),
  };
  const problem = tagProblem(create, `${path}.tags`);
  if (problem !== undefined) throw new read.Malformed(problem);
  return create;
}

export function parseSettle(data: read.Fields, path: string): PromiseSettleData {
  return {
    id: read.id(data["id"], `${path}.id`),
    state: read.oneOf(data["state"], `${path}.state`, SETTLED_BY_CLIENT),
    value: read.payload(data["value"], `${path}.value`),
  };
}
