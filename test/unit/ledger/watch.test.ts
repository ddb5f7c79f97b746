/** Which requests feed the index: those that change an approval, and no others. */
import { describe, expect, it } from "vitest";
import { watch } from "../../../src/ledger/postgres/watch.ts";
import { createTestNetwork } from "../../support/watched-network.ts";

const APPROVAL = { "countersign:kind": "approval" };
const BALLOT = { "countersign:kind": "ballot" };
const OTHER = { "countersign:kind": "callback" };

/** What a request has the feeder do: which approvals are marked before it, and which are read after it. */
async function fed(
  kind: string,
  data: object,
  answer: object,
  before: readonly [string, object, object][] = [],
) {
  const marked: string[] = [];
  const read: string[] = [];
  const network = createTestNetwork();
  watch(network, {
    async act(subjects, request, changed) {
      marked.push(...subjects);
      const response = await request();
      read.push(...changed(response));
      return response;
    },
    touch: (id) => void read.push(id),
  });
  const send = async (sent: string, sentData: object, answered: object) => {
    network.answer = answered;
    await network.send({ kind: sent, head: {}, data: sentData } as never);
  };
  for (const [first, firstData, firstAnswer] of before) await send(first, firstData, firstAnswer);
  marked.length = 0;
  read.length = 0;
  await send(kind, data, answer);
  return { marked, read };
}

const create = (id: string, tags: object) => ({ kind: "promise.create", head: {}, data: { id, tags } });
const settle = (id: string) => ({ kind: "promise.settle", head: {}, data: { id } });
const promise = (id: string, tags: object) => ({ promise: { id, tags } });
const within = (id: string, tags: object) => ({ action: { data: promise(id, tags) }, preload: [] });

describe("watch()", () => {
  it("sees approvals begin, and their parts", async () => {
    const begun = await fed("promise.create", { id: "po-1", tags: APPROVAL }, promise("po-1", APPROVAL));
    expect(begun).toEqual({ marked: ["po-1"], read: ["po-1"] });
    const asked = await fed("promise.create", { id: "po-1:1", tags: BALLOT }, promise("po-1:1", BALLOT));
    expect(asked).toEqual({ marked: ["po-1"], read: ["po-1"] });
    const taken = await fed("task.create", { action: create("po-1", APPROVAL) }, promise("po-1", APPROVAL));
    expect(taken).toEqual({ marked: ["po-1"], read: ["po-1"] });
    const nested = await fed(
      "task.fence",
      { id: "order-7", action: create("order-7:2", APPROVAL) },
      within("order-7:2", APPROVAL),
    );
    expect(nested).toEqual({ marked: ["order-7:2"], read: ["order-7:2"] });
    const other = await fed("promise.create", { id: "hook", tags: OTHER }, promise("hook", OTHER));
    expect(other).toEqual({ marked: [], read: [] });
  });

  it("marks before each settlement what it may be about, and reads what it was about", async () => {
    const ballot = await fed("promise.settle", { id: "po-1:1" }, promise("po-1:1", BALLOT));
    expect(ballot).toEqual({ marked: ["po-1"], read: ["po-1"] });
    const nested = await fed("promise.settle", { id: "order-7:2.1" }, promise("order-7:2.1", BALLOT));
    expect(nested).toEqual({ marked: ["order-7:2"], read: ["order-7:2"] });
    const hook = await fed("promise.settle", { id: "hook" }, promise("hook", OTHER));
    expect(hook).toEqual({ marked: ["hook"], read: [] });
    const refused = await fed("promise.settle", { id: "po-1:1" }, { reason: "none" });
    expect(refused).toEqual({ marked: ["po-1"], read: ["po-1"] });
  });

  it("knows which tasks are approvals: steps of other workflows cost nothing", async () => {
    const acquired = (id: string, tags: object): [string, object, object] => [
      "task.acquire",
      { id },
      { ...promise(id, tags), task: {}, preload: [] },
    ];
    const step = { id: "order-7", action: settle("order-7:3") };
    expect(await fed("task.fence", step, within("order-7:3", {}), [acquired("order-7", {})])).toEqual({
      marked: [],
      read: [],
    });
    expect(
      await fed("task.fulfill", { id: "order-7", action: settle("order-7") }, promise("order-7", {}), [
        acquired("order-7", {}),
      ]),
    ).toEqual({ marked: [], read: [] });
    // Its ballot is not its own child.
    const foreign = { id: "order-7", action: settle("po-1:1") };
    expect(await fed("task.fence", foreign, within("po-1:1", BALLOT), [acquired("order-7", {})])).toEqual({
      marked: ["po-1"],
      read: ["po-1"],
    });
    const own = { id: "po-1", action: settle("po-1:1") };
    expect(await fed("task.fence", own, within("po-1:1", BALLOT), [acquired("po-1", APPROVAL)])).toEqual({
      marked: ["po-1"],
      read: ["po-1"],
    });
    const ended = await fed(
      "task.fulfill",
      { id: "po-1", action: settle("po-1") },
      promise("po-1", APPROVAL),
      [acquired("po-1", APPROVAL)],
    );
    expect(ended).toEqual({ marked: ["po-1"], read: ["po-1"] });
    // What the worker wakes up for may be no request of ours: a deadline.
    expect(await fed(...acquired("po-1", APPROVAL))).toEqual({ marked: [], read: ["po-1"] });
    expect(await fed(...acquired("order-7", {}))).toEqual({ marked: [], read: [] });
  });

  it("forgets the oldest of many tasks: then it marks more than need be", async () => {
    const acquired = (id: string): [string, object, object] => [
      "task.acquire",
      { id },
      { ...promise(id, {}), task: {}, preload: [] },
    ];
    const many = Array.from({ length: 10_000 }, (_, i) => acquired(`order-${i}`));
    const step = (id: string) => ({ id, action: settle(`${id}:3`) });
    const last = await fed("task.fence", step("order-7"), within("order-7:3", {}), many);
    expect(last).toEqual({ marked: [], read: [] });
    const first = await fed("task.fence", step("order-0"), within("order-0:3", {}), [
      ...many,
      acquired("one-more"),
    ]);
    expect(first).toEqual({ marked: ["order-0"], read: [] });
  });

  it("leaves reading alone", async () => {
    for (const kind of ["promise.get", "promise.search", "task.heartbeat", "promise.register_listener"]) {
      expect(await fed(kind, { id: "po-1" }, promise("po-1", APPROVAL))).toEqual({ marked: [], read: [] });
    }
  });
});
