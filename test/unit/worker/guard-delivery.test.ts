import type { ExecuteMsg, Message, Network, Recv, Request, Response } from "@resonatehq/sdk";
import { Codec } from "@resonatehq/sdk";
import { expect, test } from "vitest";
import { GuardedNetwork } from "../../../worker/guard.ts";

test("GuardedNetwork delivers a task that is offered again while it runs, as soon as there is room", async () => {
  const { guarded, offer, delivered } = guard({ concurrency: 1 });
  offer("a", 0);
  await acquire(guarded, "a", 0);
  // Its lease is lost, the engine offers it anew, and this worker is the only one there is.
  offer("a", 1);
  expect(delivered).toEqual(["a 0"]);
  await release(guarded, "a", 1);
  expect(delivered).toEqual(["a 0", "a 1"]);
});

test("GuardedNetwork delivers what waits in the order in which it came, each once", async () => {
  const { guarded, offer, delivered } = guard({ concurrency: 1 });
  offer("a", 0);
  await acquire(guarded, "a", 0);
  for (const id of ["b", "c", "b"]) offer(id, 0);
  await release(guarded, "a", 1);
  await acquire(guarded, "b", 0);
  await release(guarded, "b", 1);
  expect(delivered).toEqual(["a 0", "b 0", "c 0"]);
});

test("GuardedNetwork tells the engine that it drains before it waits for what runs", async () => {
  const { guarded, offer, delivered, stops } = guard({ concurrency: 2 });
  offer("a", 0);
  await acquire(guarded, "a", 0);
  const drained = guarded.drain();
  expect(stops()).toBe(1);
  offer("b", 0);
  expect(delivered).toEqual(["a 0"]);
  await release(guarded, "a", 1);
  await drained;
});

/** A guard on an engine that says yes to everything. */
function guard({ concurrency }: { readonly concurrency: number }) {
  let receive: (message: Message) => void = () => {};
  let stops = 0;
  const param = new Codec().encode({ func: "fine", args: [], version: 1 });
  const inner: Network = {
    unicast: "poll://uni@worker/test",
    anycast: "poll://any@worker/test",
    match: (target) => `poll://any@${target}`,
    init: async () => {},
    stop: async () => {
      stops += 1;
    },
    recv: ((callback) => {
      receive = callback;
    }) satisfies Recv,
    send: (async ({ kind, head, data }: Request) => ({
      kind,
      head: { ...head, status: 200 },
      data:
        kind === "task.acquire" ? { promise: { tags: {}, param }, task: { version: data.version + 1 } } : {},
    })) as Network["send"],
  };
  const guarded = new GuardedNetwork(inner, {
    has: () => true,
    registered: () => [],
    failures: { latest: () => "unknown" },
    concurrency,
  });
  const delivered: string[] = [];
  guarded.recv((message) => {
    const { id, version } = (message as ExecuteMsg).data.task;
    delivered.push(`${id} ${version}`);
  });
  return {
    guarded,
    delivered,
    stops: () => stops,
    offer: (id: string, version: number) =>
      receive({ kind: "execute", head: {}, data: { task: { id, version } } }),
  };
}

const head = { corrId: "1", version: "2026-04-01" };

function acquire(guarded: GuardedNetwork, id: string, version: number): Promise<Response> {
  return guarded.send({ kind: "task.acquire", head, data: { id, version, pid: "test", ttl: 1000 } });
}

function release(guarded: GuardedNetwork, id: string, version: number): Promise<Response> {
  return guarded.send({ kind: "task.suspend", head, data: { id, version, actions: [] } });
}
