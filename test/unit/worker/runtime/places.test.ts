import type { ExecuteMsg, Message, Network, Recv, Request, Response } from "@resonatehq/sdk";
import { Codec } from "@resonatehq/sdk";
import { describe, expect, test, vi } from "vitest";
import {
  CALLBACK_KIND,
  COMPLETION_FUNC,
  callbackId,
  completionCallbackId,
  placeOf,
} from "../../../../src/approval/callback.ts";
import { KIND_TAG } from "../../../../src/approval/ids.ts";
import { shortHash } from "../../../../src/lib/short-hash.ts";
import { GuardedNetwork } from "../../../../worker/runtime/guard.ts";

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

test("GuardedNetwork lets a workflow that goes on wait for one that begins, however many there are", async () => {
  const { guarded, offer, delivered } = guard({ concurrency: 1 });
  offer("a", 0);
  await acquire(guarded, "a", 0);
  for (const id of ["b", "c", "d", "e"]) offer(id, 0);
  for (const id of ["x", "y"]) offer(id, 1);
  // Offered again, each waits once: where it waited, or where it belongs now.
  offer("c", 0);
  offer("d", 1);
  offer("x", 2);
  for (let done = 0; done < 7; done += 1) {
    const [id = "", version] = delivered[done]?.split(" ") ?? [];
    if (done > 0) await acquire(guarded, id, Number(version));
    await release(guarded, id, Number(version) + 1);
  }
  expect(delivered).toEqual(["a 0", "b 0", "x 2", "c 0", "y 1", "e 0", "d 1"]);
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

test("GuardedNetwork hands a task back again and again until the engine is there to hear it", async () => {
  const away = ["task.fence", "task.release", "task.release"];
  const { guarded, offer, heard } = guard({ concurrency: 1, away });
  offer("a", 0);
  await acquire(guarded, "a", 0);
  const action = { kind: "promise.settle", head, data: { id: "a:0", state: "resolved", value: {} } } as const;
  const fence = guarded.send({ kind: "task.fence", head, data: { id: "a", version: 1, action } });
  await expect(fence).rejects.toThrow("away");
  const released = await guarded.send({ kind: "task.release", head, data: { id: "a", version: 1 } });
  expect(released.head.status).toBe(200);
  expect(heard).toEqual(["task.acquire", "task.release"]);
});

test("GuardedNetwork gives the place of a task that waits for something slow to another", async () => {
  vi.useFakeTimers();
  const { guarded, offer, delivered } = guard({ concurrency: 1 });
  offer("a", 0);
  await acquire(guarded, "a", 0);
  for (const id of ["b", "c", "d"]) offer(id, 0);
  // Of an approval below the workflow `a`: two mails at once.
  const [first, second] = [Promise.withResolvers<string>(), Promise.withResolvers<string>()];
  const mails = [guarded.apart("a:2", first.promise), guarded.apart("a:2", second.promise)];
  await vi.advanceTimersByTimeAsync(999);
  expect(delivered).toEqual(["a 0"]);
  await vi.advanceTimersByTimeAsync(1);
  expect(delivered).toEqual(["a 0", "b 0"]);
  await acquire(guarded, "b", 0);
  // As many as run may wait, and no more: this one keeps its place.
  const third = guarded.apart("b", new Promise(() => {}));
  await vi.advanceTimersByTimeAsync(60_000);
  expect(delivered).toEqual(["a 0", "b 0"]);
  await release(guarded, "b", 1);
  expect(delivered).toEqual(["a 0", "b 0", "c 0"]);
  await acquire(guarded, "c", 0);
  first.resolve("one");
  second.resolve("two");
  expect(await Promise.all(mails)).toEqual(["one", "two"]);
  // `a` runs again, beside `c`: only when both have ended is there room for `d`.
  await release(guarded, "c", 1);
  expect(delivered).toEqual(["a 0", "b 0", "c 0"]);
  await release(guarded, "a", 1);
  expect(delivered).toEqual(["a 0", "b 0", "c 0", "d 0"]);
  void third;
  vi.useRealTimers();
});

test("GuardedNetwork drains when what it waits for apart has ended as well", async () => {
  vi.useFakeTimers();
  const { guarded, offer } = guard({ concurrency: 1 });
  offer("a", 0);
  await acquire(guarded, "a", 0);
  const slow = Promise.withResolvers<void>();
  const waiting = guarded.apart("a", slow.promise);
  await vi.advanceTimersByTimeAsync(1000);
  let isDrained = false;
  const drained = guarded.drain().then(() => (isDrained = true));
  await vi.advanceTimersByTimeAsync(1000);
  expect(isDrained).toBe(false);
  slow.resolve();
  await waiting;
  await release(guarded, "a", 1);
  await drained;
  vi.useRealTimers();
});
describe("GuardedNetwork does not let a good receiver wait", () => {
  const idOf = (url: string, n: number) =>
    callbackId(`po-${n}`, "0".repeat(32), shortHash(placeOf({ kind: "url", url })));
  const GOOD = idOf("https://good.example.com/hooks", 0);

  test("for 250 hosts that hang", async () => {
    const { guarded, offer, delivered } = guard({ concurrency: 50 });
    for (let n = 1; n <= 250; n++) {
      const id = idOf(`https://hangs-${n}.example.com/`, n);
      offer(id, 0);
      await acquire(guarded, id, 0);
    }
    offer(GOOD, 0);
    expect(delivered).toContain(`${GOOD} 0`);
  });

  test("for a host that hangs, whatever its path and however many approvals tell it", async () => {
    const { guarded, offer, delivered } = guard({ concurrency: 50 });
    for (let n = 1; n <= 1_000; n++) {
      const id = idOf(`https://hangs.example.com/${n}?key=${n}`, n);
      offer(id, 0);
      if (delivered.includes(`${id} 0`)) await acquire(guarded, id, 0);
    }
    expect(delivered).toHaveLength(5);
    offer(GOOD, 0);
    expect(delivered.slice(5)).toEqual([`${GOOD} 0`]);
  });

  test("and no decision waits for any of them", async () => {
    const { guarded, offer, delivered } = guard({ concurrency: 1 });
    for (let n = 1; n <= 100; n++) {
      const id = idOf(`https://hangs-${n}.example.com/`, n);
      offer(id, 0);
      if (delivered.includes(`${id} 0`)) await acquire(guarded, id, 0);
    }
    expect(delivered).toHaveLength(10);
    offer("po-1", 0);
    expect(delivered.slice(10)).toEqual(["po-1 0"]);
  });

  test("for a host that callbacks of workflows' ends go to, once one has run here", async () => {
    const { guarded, offer, delivered } = guard({ concurrency: 10, param: COMPLETION });
    const ids = Array.from({ length: 5 }, (_, n) => completionCallbackId(`task-${n}`));
    for (const id of ids) {
      offer(id, 0);
      await acquire(guarded, id, 0);
      await release(guarded, id, 1);
    }
    for (const id of ids) {
      offer(id, 1);
      if (delivered.includes(`${id} 1`)) await acquire(guarded, id, 1);
    }
    expect(delivered.slice(5)).toEqual([`${ids[0]} 1`, `${ids[1]} 1`]);
  });
});

const COMPLETION = {
  func: COMPLETION_FUNC,
  args: [{ workflow: "task", to: { kind: "url", url: "https://hangs.example.com/" } }],
  version: 1,
};

/** A guard on an engine that says yes to everything, once it is no longer away. */
function guard(options: {
  readonly concurrency: number;
  readonly away?: readonly string[];
  readonly param?: object;
}) {
  const { concurrency } = options;
  const away = [...(options.away ?? [])];
  const heard: string[] = [];
  let receive: (message: Message) => void = () => {};
  let stops = 0;
  const param = new Codec().encode(options.param ?? { func: "fine", args: [], version: 1 });
  const tags = options.param === undefined ? {} : { [KIND_TAG]: CALLBACK_KIND };
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
    send: (async ({ kind, head, data }: Request) => {
      if (away[0] === kind) {
        away.shift();
        throw new Error("The engine is away");
      }
      heard.push(kind);
      const acquired = kind === "task.acquire" && { version: data.version + 1 };
      return {
        kind,
        head: { ...head, status: 200 },
        data: acquired ? { promise: { tags, param }, task: acquired } : {},
      };
    }) as Network["send"],
  };
  const guarded = new GuardedNetwork(inner, {
    has: () => true,
    registered: () => [],
    failures: { latest: () => "unknown" },
    concurrency,
    leaseMs: 10_000,
  });
  const delivered: string[] = [];
  guarded.recv((message) => {
    const { id, version } = (message as ExecuteMsg).data.task;
    delivered.push(`${id} ${version}`);
  });
  return {
    guarded,
    delivered,
    heard,
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
