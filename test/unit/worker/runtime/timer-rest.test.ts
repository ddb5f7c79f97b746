import type { PromiseRecord, Send } from "@resonatehq/sdk";
import { expect, test } from "vitest";
import { putToRest } from "../../../../worker/runtime/timer-rest.ts";
import { ask, testEngine } from "../../../support/engine.ts";
import { acquire, create, latentTags, request, rootTags, settle } from "../../../support/engine-requests.ts";

const FUTURE = Date.now() + 3_600_000;

/** A workflow with a timer, whose task somebody has acquired, as on servers that offer it. */
async function timerOf(root: string, id = `${root}:0`) {
  const engine = testEngine();
  const asked: string[] = [];
  const send = (async (each: { kind: string }) => {
    asked.push(each.kind);
    return await engine.send(each);
  }) as unknown as Send;
  if (id !== root) await ask(engine, create(root, FUTURE, rootTags(root)));
  const tags = latentTags(id, root, { "resonate:timer": "true", "resonate:target": "poll://any@worker" });
  await ask(engine, create(id, FUTURE, tags));
  const { data } = await ask(engine, acquire(id, 0));
  const stateOf = async () => {
    const { data: got } = await ask(engine, request("task.get", { id }));
    return (got["task"] as { state: string }).state;
  };
  return { engine, send, asked, timer: data["promise"] as PromiseRecord, stateOf };
}

test("the task of a timer waits for the root of its tree, which looks like any other wait", async () => {
  const { send, timer, stateOf, asked } = await timerOf("po");
  await putToRest(send, { id: "po:0", version: 1 }, timer);
  expect([await stateOf(), asked]).toEqual(["suspended", ["task.suspend"]]);
});

test("settled, the timer ends all the same, and wakes who waits for it", async () => {
  const { engine, send, timer, stateOf } = await timerOf("po");
  await ask(engine, acquire("po", 0));
  const wait = request("promise.register_callback", { awaiter: "po", awaited: "po:0" });
  await ask(engine, request("task.suspend", { id: "po", version: 1, actions: [wait] }));
  await putToRest(send, { id: "po:0", version: 1 }, timer);
  await ask(engine, settle("po:0"));
  expect(await stateOf()).toBe("fulfilled");
  const { data } = await ask(engine, request("task.get", { id: "po" }));
  expect(data["task"]).toMatchObject({ state: "pending", resumes: 1 });
});

test.each([
  ["whose root has ended", "po", "po:0"],
  ["that is a root itself", "po", "po"],
  ["whose root is not there", "nothing", "po:0"],
])("a timer's task %s is halted", async (which, root, id) => {
  const { engine, send, timer, stateOf } = await timerOf("po", id);
  if (which === "whose root has ended") await ask(engine, settle(root));
  const of = root === "nothing" ? { ...timer, id: "nothing:0" } : timer;
  await putToRest(send, { id, version: 1 }, of);
  expect(await stateOf()).toBe("halted");
});

test("a task that another worker has by now is left to it", async () => {
  const { send, timer, stateOf, asked } = await timerOf("po");
  await putToRest(send, { id: "po:0", version: 7 }, timer);
  expect([await stateOf(), asked]).toEqual(["acquired", ["task.suspend"]]);
});

test("a server that does not answer is tried again when the lease is over, not now", async () => {
  const { timer } = await timerOf("po");
  let asked = 0;
  const send = (async () => {
    asked += 1;
    throw new Error("platform failure: fetch failed");
  }) as Send;
  await putToRest(send, { id: "po:0", version: 1 }, timer);
  expect(asked).toBe(1);
});
