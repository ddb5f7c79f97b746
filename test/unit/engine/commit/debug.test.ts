import { expect, test } from "vitest";
import { ask, listen, testEngine } from "../../../support/engine.ts";
import { acquire, create, type Envelope, request, rootTags } from "../../../support/engine-requests.ts";
import { FakeClock } from "../../../support/fake-clock.ts";

const T = 1_000_000;

function at(time: number, envelope: Envelope): Envelope {
  return { ...envelope, head: { ...envelope.head, "resonate:debug_time": time } as Envelope["head"] };
}

test("a debugged engine judges a request at the time that it says", async () => {
  const engine = testEngine({ debug: true });
  await ask(engine, at(T, create("a", T + 50)));
  const states = [T + 49, T + 50].map(async (time) => {
    const { data } = await ask(engine, at(time, request("promise.get", { id: "a" })));
    return (data["promise"] as { state: string }).state;
  });
  expect(await Promise.all(states)).toEqual(["pending", "rejected_timedout"]);
});

test("an engine that is not debugged hears of no such time", async () => {
  const engine = testEngine();
  await ask(engine, create("a", Date.now() + 10_000));
  const { data } = await ask(engine, at(Date.now() + 20_000, request("promise.get", { id: "a" })));
  expect(data["promise"]).toMatchObject({ state: "pending" });
});

test("debug.start holds the clock, debug.tick lets a time come, debug.stop lets the clock go on", async () => {
  const clock = new FakeClock(T);
  const engine = testEngine({ debug: true, clock });
  const worker = listen(engine, "worker", "w1");
  await ask(engine, request("debug.start", {}));
  await ask(engine, at(T, create("a", T + 500_000, rootTags("a"))));
  await ask(engine, at(T, acquire("a", 0, 100)));
  await clock.advance(200);
  const state = async () => {
    const { data } = await ask(engine, request("debug.snap", {}));
    return (data["tasks"] as { state: string }[])[0]?.state;
  };
  expect(await state()).toBe("acquired");
  const tick = at(T + 100, request("debug.tick", { time: T + 100 }));
  expect(await ask(engine, tick)).toEqual({ status: 200, data: [] });
  expect(await state()).toBe("pending");
  expect((await ask(engine, at(T, request("debug.tick", { time: T + 1 })))).status).toBe(400);
  await ask(engine, request("debug.stop", {}));
  await clock.advance(40_000);
  expect(worker.messages.length).toBeGreaterThanOrEqual(3);
});

test("debug.snap shows everything and what is to be sent; debug.reset leaves nothing", async () => {
  const engine = testEngine({ debug: true });
  const now = Date.now();
  await ask(engine, create("a", now + 9_000, rootTags("a")));
  await ask(engine, request("promise.register_listener", { awaited: "a", address: "poll://uni@g/p" }));
  const snap = () => ask(engine, request("debug.snap", {}));
  expect((await snap()).data).toMatchObject({
    promises: [{ id: "a" }],
    promiseTimeouts: [{ id: "a", timeout: now + 9_000 }],
    listeners: [{ id: "a", address: "poll://uni@g/p" }],
    tasks: [{ id: "a", state: "pending" }],
    taskTimeouts: [{ id: "a", type: 0 }],
    messages: [{ address: "poll://any@worker", message: { kind: "execute" } }],
  });
  expect(await ask(engine, request("debug.reset", {}))).toEqual({ status: 200, data: {} });
  expect(Object.values((await snap()).data)).toEqual([[], [], [], [], [], [], []]);
  expect((await ask(engine, request("promise.get", { id: "a" }))).status).toBe(404);
});
