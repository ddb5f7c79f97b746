import { describe, expect, test } from "vitest";
import { parseRequest } from "../../../src/protocol/parse.ts";
import { PROTOCOL_VERSION } from "../../../src/protocol/records.ts";
import {
  acquire,
  create,
  type Envelope,
  request,
  rootTags,
  settle,
  suspend,
} from "../../support/engine-requests.ts";

function refusal(input: unknown): { status: number; message: string } | undefined {
  const parsed = parseRequest(input);
  return "refusal" in parsed ? parsed.refusal : undefined;
}

const head = { corrId: "c", version: PROTOCOL_VERSION };
const FUTURE = 2_000_000_000_000;

describe("parseRequest()", () => {
  test.each([
    ["no object", 7, "request must be an object"],
    ["null", null, "request must be an object"],
    ["an array", [], "request must be an object"],
    ["no kind", { head, data: {} }, "kind must be a non-empty string"],
    ["no head", { kind: "promise.get", data: {} }, "head must be an object"],
    [
      "no corrId",
      { kind: "promise.get", head: { version: PROTOCOL_VERSION }, data: {} },
      "head.corrId must be a string",
    ],
    [
      "another version",
      { kind: "promise.get", head: { corrId: "c", version: "2020-01-01" }, data: {} },
      `head.version must be "${PROTOCOL_VERSION}"`,
    ],
    ["data that is a string", { kind: "promise.get", head, data: "x" }, "data must be an object"],
    ["data that is an array", { kind: "promise.get", head, data: [] }, "data must be an object"],
    ["an unknown kind", { kind: "promise.steal", head, data: {} }, 'kind "promise.steal" is unknown'],
    ["a kind of Object", { kind: "toString", head, data: {} }, 'kind "toString" is unknown'],
  ])("refuses %s with 400", (_, input, message) => {
    expect(refusal(input)).toEqual({ status: 400, message });
  });

  test("refuses a question that cannot be copied, and throws nothing", () => {
    let query: object = {};
    for (let level = 0; level < 100_000; level += 1) query = { query };
    for (const uncopied of [query, { query: () => 1 }]) {
      expect(refusal({ kind: "projection.read", head, data: { query: uncopied } })).toEqual({
        status: 400,
        message: "data.query must be JSON of few levels",
      });
    }
  });

  test.each([
    [{ id: "a:b" }, "data.id must not contain ':'"],
    [{ cron: "" }, "data.cron must be a non-empty string"],
    [{ cron: "* ".repeat(200) }, "data.cron must have at most 256 characters"],
    [{ promiseTimeout: -1 }, "data.promiseTimeout must be a whole number of at least 0"],
    [{ promiseTimeout: 1e15 }, "data.promiseTimeout must be at most"],
    [{ promiseId: "" }, "data.promiseId must be a non-empty string"],
    [{ promiseId: "{{.timestamp}}".repeat(73) }, "data.promiseId, filled in, must have at most 1024"],
    [{ promiseTags: {} }, "data.promiseTags must have a resonate:target tag"],
    [{ promiseTags: { "resonate:target": "nowhere" } }, 'data.promiseTags["resonate:target"] must be poll'],
    [
      { promiseTags: { "resonate:target": "poll://any@g", "resonate:delay": "5" } },
      "data.promiseTags must not have a resonate:delay tag",
    ],
  ])("refuses a schedule with %j", (wrong, message) => {
    const right = { id: "s", cron: "* * * * *", promiseId: "{{.id}}", promiseTimeout: 5 };
    const schedule = { ...right, promiseTags: { "resonate:target": "poll://any@g" }, ...wrong };
    expect(refusal(request("schedule.create", schedule))).toEqual({
      status: 400,
      message: expect.stringContaining(message),
    });
  });

  test("reads a time for tests", () => {
    const timed = request("debug.snap", {});
    const head = { ...timed.head, "resonate:debug_time": 77 };
    expect(parseRequest({ ...timed, head })).toMatchObject({ debugTime: 77 });
    expect(refusal({ ...timed, head: { ...head, "resonate:debug_time": "soon" } })).toMatchObject({
      status: 400,
    });
    expect(refusal(request("debug.tick", {}))).toMatchObject({ status: 400 });
  });

  test("salvages kind and corrId of what it refuses", () => {
    expect(parseRequest({ kind: "promise.get", head: { corrId: "c7" } })).toMatchObject({
      kind: "promise.get",
      corrId: "c7",
    });
    expect(parseRequest({ kind: 3, head: null })).toMatchObject({ kind: "unknown", corrId: "0" });
  });

  const action = (data: Record<string, unknown>) => ({ ...create("a", FUTURE, rootTags("a")), data });
  const created = (data: Record<string, unknown>) =>
    request("promise.create", { ...create("a", FUTURE).data, ...data });
  const malformed: [Envelope, string][] = [
    [request("promise.get", { id: "" }), "data.id must be a non-empty string"],
    [request("promise.get", { id: 7 }), "data.id must be a non-empty string"],
    [request("promise.get", { id: "a\0b" }), "data.id must not contain NUL"],
    [request("promise.get", { id: "\ud800" }), "data.id must be well-formed Unicode"],
    [request("promise.get", { id: "x".repeat(1025) }), "data.id must have at most 1024 characters"],
    [created({ timeoutAt: -1 }), "data.timeoutAt must be a whole number of at least 0"],
    [created({ timeoutAt: 1.5 }), "data.timeoutAt must be a whole number of at least 0"],
    [created({ timeoutAt: Number.MAX_VALUE }), "data.timeoutAt must be a whole number of at least 0"],
    [created({ param: "x" }), "data.param must be an object"],
    [created({ param: { data: 7 } }), "data.param.data must be a string"],
    [created({ param: { headers: { a: 1 } } }), 'data.param.headers["a"] must be a string'],
    [created({ tags: { a: null } }), 'data.tags["a"] must be a string'],
    [created({ tags: JSON.parse('{"__proto__":"x"}') }), "data.tags must not have the key __proto__"],
    [
      created({ param: { data: "x".repeat(4 * 1024 * 1024 + 1) } }),
      "data.param.data must have at most 4194304 characters",
    ],
    [
      created({ tags: { "resonate:target": "http://example.com" } }),
      "data.tags[\"resonate:target\"] must be poll://any@group, poll://any@group/pid or poll://uni@group/pid, with names of letters, digits, '.', '_' and '-'",
    ],
    [
      created({ id: "a:0", tags: { "resonate:origin": "a:0" } }),
      "data.tags[\"resonate:origin\"] must not contain ':'",
    ],
    ...["origin", "branch", "parent"].map((tag): [Envelope, string] => [
      created({ id: "ab:0", tags: { [`resonate:${tag}`]: "a" } }),
      `data.tags["resonate:${tag}"] must be the id itself or an ancestor of it: the id is "ab:0"`,
    ]),
    [
      created({ tags: { "resonate:delay": "soon", "resonate:target": "poll://any@w" } }),
      'data.tags["resonate:delay"] must be a time in whole ms since 1970',
    ],
    [
      created({ tags: { "resonate:delay": `${FUTURE}`, "resonate:target": "poll://any@w" } }),
      'data.tags["resonate:delay"] must lie before timeoutAt',
    ],
    [created({ tags: { "resonate:delay": "5" } }), 'data.tags["resonate:delay"] needs a resonate:target tag'],
    [settle("a", "pending"), "data.state must be one of resolved, rejected, rejected_canceled"],
    [settle("a", "rejected_timedout"), "data.state must be one of resolved, rejected, rejected_canceled"],
    [
      request("promise.register_callback", { awaited: "a", awaiter: "a" }),
      "data.awaiter must differ from data.awaited",
    ],
    [
      request("promise.register_callback", { awaited: "a:0", awaiter: "b" }),
      "data.awaiter must have the same origin as data.awaited",
    ],
    [request("promise.register_listener", { awaited: "a", address: "poll://uni@g" }), "data.address must be"],
    [request("promise.search", { limit: 0 }), "data.limit must be a whole number of at least 1"],
    [request("promise.search", { limit: 1001 }), "data.limit must be at most 1000"],
    [request("promise.search", { state: "open" }), "data.state must be one of"],
    [acquire("a", -1), "data.version must be a whole number of at least 0"],
    [acquire("a", 0, 0), "data.ttl must be a whole number of at least 1"],
    [acquire("a", 0, 1, ""), "data.pid must be a non-empty string"],
    [
      request("task.create", { pid: "p", ttl: 1, action: create("a", FUTURE) }),
      "data.action.data.tags must have a resonate:target tag",
    ],
    [
      request("task.create", {
        pid: "p",
        ttl: 1,
        action: create("a", FUTURE, rootTags("a", { "resonate:delay": "5" })),
      }),
      "data.action.data.tags must not have a resonate:delay tag: the task starts acquired",
    ],
    [
      request("task.create", { pid: "p", ttl: 1, action: action({ id: 7 }) }),
      "data.action.data.id must be a non-empty string",
    ],
    [suspend("a", 1, []), "data.actions must not be empty"],
    [suspend("a", 1, ["a"]), "data.actions[0].data.awaited must not be the task's own id"],
    [suspend("a", 1, ["a:0", "a:0"]), "data.actions[1].data.awaited is named twice"],
    [suspend("a", 1, ["b:0"]), "data.actions[0].data.awaited must have the task's origin"],
    [
      request("task.suspend", { id: "a", version: 1, actions: suspend("b", 1, ["a:0"]).data["actions"] }),
      "data.actions[0].data.awaiter must be the task's id",
    ],
    [
      request("task.fulfill", { id: "a", version: 1, action: settle("b") }),
      "data.action.data.id must be the task's id",
    ],
    [
      request("task.fence", { id: "a", version: 1, action: settle("a") }),
      "data.action.data.id must not be the task's own id",
    ],
    [
      request("task.fence", { id: "a", version: 1, action: acquire("a:0", 0) }),
      "data.action.kind must be one of promise.create, promise.settle",
    ],
    [
      request("task.heartbeat", { pid: "p", tasks: [{ id: "a" }] }),
      "data.tasks[0].version must be a whole number of at least 0",
    ],
    [
      request("task.heartbeat", { pid: "p", tasks: Array.from({ length: 50_001 }, () => ({})) }),
      "data.tasks must have at most 50000 entries",
    ],
  ];
  test.each(malformed.map(([envelope, message]) => ({ message, envelope })))(
    "names the field that is wrong: $message",
    ({ envelope, message }) => {
      expect(refusal(envelope)).toEqual({ status: 400, message: expect.stringContaining(message) });
    },
  );

  test("accepts a timer with a target, as the SDK's sleep sends it", () => {
    const tags = rootTags("a", { "resonate:timer": "true" });
    expect(refusal(create("a", FUTURE, tags))).toBeUndefined();
  });

  test("shares no object with its input", () => {
    const input = create("a", FUTURE, { app: "1" });
    const parsed = parseRequest(input);
    Object.assign(input.data["tags"] as object, { app: "2" });
    Object.assign(input.data["param"] as object, { data: "changed" });
    expect(parsed).toMatchObject({
      request: { data: { tags: { app: "1" }, param: { data: "cGFyYW0=", headers: {} } } },
    });
  });

  test("takes a missing param, value or tags for an empty one", () => {
    const parsed = parseRequest(request("promise.create", { id: "a", timeoutAt: 5 }));
    expect(parsed).toMatchObject({ request: { data: { id: "a", timeoutAt: 5, param: {}, tags: {} } } });
  });
});
