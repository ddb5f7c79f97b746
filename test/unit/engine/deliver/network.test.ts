import { ResonateTimeoutException } from "@resonatehq/sdk";
import { expect, test } from "vitest";
import { listen, testEngine } from "../../../support/engine.ts";
import { create, request, rootTags } from "../../../support/engine-requests.ts";
import { settled } from "../../../support/fake-clock.ts";

const FUTURE = Date.now() + 86_400_000;
const get = { ...request("promise.get", { id: "a" }), kind: "promise.get" as const, data: { id: "a" } };

test("network() has the addresses of its worker", () => {
  const engine = testEngine();
  const network = engine.network({ group: "worker", pid: "p1" });
  expect([network.unicast, network.anycast, network.match("other")]).toEqual([
    "poll://uni@worker/p1",
    "poll://any@worker/p1",
    "poll://any@other",
  ]);
});

test("network() names its worker as no other, in this life and the next", () => {
  const engine = testEngine();
  const pids = [engine, engine, testEngine()].map((each) => each.network({ group: "worker" }).pid);
  expect(new Set(pids).size).toBe(3);
});

test.each([
  [{ group: "a b" }, "group must be 1 to 128 letters, digits, '.', '_' or '-': it is \"a b\""],
  [{ group: "a", pid: "x/y" }, "pid must be 1 to 128 letters, digits, '.', '_' or '-': it is \"x/y\""],
])("network(%j) is refused", (options, message) => {
  expect(() => testEngine().network(options)).toThrow(message);
});

test("network() takes the tasks of all its groups until it is stopped", async () => {
  const engine = testEngine();
  const network = engine.network({ group: "worker", moreGroups: ["worker-builtin"] });
  const tasks: string[] = [];
  network.recv((message) => message.kind === "execute" && tasks.push(message.data.task.id));
  network.start();
  const ask = async (id: string, group: string) =>
    await engine.send(create(id, FUTURE, { ...rootTags(id), "resonate:target": `poll://any@${group}` }));
  await ask("a", "worker");
  await ask("b", "worker-builtin");
  await ask("c", "other");
  await settled();
  expect(tasks).toEqual(["a", "b"]);
  await network.stop();
  await ask("d", "worker-builtin");
  await settled();
  expect(tasks).toEqual(["a", "b"]);
});

test("network().send answers fresh objects and keeps nothing of the request", async () => {
  const engine = testEngine();
  const { send } = engine.network({ group: "worker" });
  const envelope = create("a", FUTURE, { app: "x" });
  const before = structuredClone(envelope);
  const sent = send(envelope as never);
  Object.assign(envelope.data["tags"] as object, { app: "changed" });
  const reply = (await sent) as unknown as { data: { promise: { tags: Record<string, string> } } };
  expect(reply.data.promise.tags).toEqual({ app: "x" });
  expect(envelope.head).toEqual(before.head);
  reply.data.promise.tags["app"] = "changed";
  const again = (await send(get)) as typeof reply;
  expect(again.data.promise.tags).toEqual({ app: "x" });
});

test("network().send throws what the SDK takes for a failed platform, where HTTP would", async () => {
  const engine = testEngine();
  const own = engine.network({ group: "w", unavailable: (cause) => new ResonateTimeoutException(cause) });
  await expect(own.send({ ...get, data: { id: "" } })).rejects.toBeInstanceOf(ResonateTimeoutException);
  const plain = engine.network({ group: "w" });
  await expect(plain.send({ ...get, data: { id: "" } })).rejects.toMatchObject({
    name: "ResonateTimeoutException",
    message: 'platform failure: 400: "data.id must be a non-empty string"',
  });
  expect((await plain.send(get)).head.status).toBe(404);
  await engine.close();
  await expect(plain.send(get)).rejects.toThrow("platform failure: 503");
  expect(() => engine.network({ group: "w" })).toThrow("The engine is closed");
});

test("network() delivers from start() to stop(), not from init()", async () => {
  const engine = testEngine();
  const network = engine.network({ group: "worker", pid: "p1" });
  const messages: unknown[] = [];
  network.recv((message) => messages.push(message));
  await network.init();
  await network.send(create("a", FUTURE, rootTags("a")) as never);
  await settled();
  expect(messages).toEqual([]);
  network.start();
  network.start();
  await settled();
  expect(messages).toHaveLength(1);
  await network.stop();
  await network.send(create("b", FUTURE, rootTags("b")) as never);
  await settled();
  expect(messages).toHaveLength(1);
});

test("a message is the receiver's own", async () => {
  const engine = testEngine();
  const workers = [listen(engine, "worker", "p1"), listen(engine, "worker", "p2")];
  await workers[0]?.send(create("a", FUTURE, { "resonate:external": "true", app: "x" }) as never);
  for (const { send, unicast } of workers) {
    await send(request("promise.register_listener", { awaited: "a", address: unicast }) as never);
  }
  await workers[0]?.send(request("promise.settle", { id: "a", state: "resolved", value: {} }) as never);
  await settled();
  const [first, second] = workers.map(({ messages }) => messages[0]);
  if (first?.kind !== "unblock" || second?.kind !== "unblock") throw new Error("Both are told");
  first.data.promise.tags["app"] = "changed";
  expect(second.data.promise.tags["app"]).toBe("x");
});
