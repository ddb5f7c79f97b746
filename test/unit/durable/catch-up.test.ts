import type { Message, Network, Request } from "@resonatehq/sdk";
import { expect, test } from "vitest";
import { CatchUp } from "../../../src/durable/catch-up.ts";
import { untilPasses } from "../../support/eventually.ts";

interface Stored {
  readonly target?: string;
  readonly state?: string;
  readonly version?: number;
  readonly delay?: string;
}

/** A server on which so much is pending, in the order of ids. */
function server(pending: Record<string, Stored>) {
  const asked: string[] = [];
  const failures: Error[] = [];
  let atOnce = 0;
  let atOnceMax = 0;
  const ids = Object.keys(pending).toSorted();
  const answerTo = ({ kind, data }: Request): { status: number; data: unknown } => {
    if (kind === "task.search") {
      const { cursor = "", limit = 0 } = data as { cursor?: string; limit?: number };
      const after = ids.filter((id) => id > cursor);
      const tasks = after
        .slice(0, limit)
        .map((id) => ({ id, state: "pending", version: pending[id]?.version ?? 0 }));
      return { status: 200, data: { tasks, ...(after.length > limit && { cursor: tasks.at(-1)?.id }) } };
    }
    const { id } = data as { id: string };
    const { target, state = "pending", delay } = pending[id] ?? {};
    const tags = { ...(target && { "resonate:target": target }), ...(delay && { "resonate:delay": delay }) };
    const promise = { id, state, param: {}, value: {}, tags, timeoutAt: 2, createdAt: 1 };
    return { status: 200, data: { promise } };
  };
  const send = async (request: Request) => {
    asked.push(request.kind);
    const failure = failures.shift();
    if (failure !== undefined) throw failure;
    atOnce += 1;
    atOnceMax = Math.max(atOnceMax, atOnce);
    await new Promise((resolve) => setImmediate(resolve));
    atOnce -= 1;
    const { status, data } = answerTo(request);
    return { kind: request.kind, head: { corrId: request.head.corrId, status, version: "1" }, data };
  };
  return { network: { send } as unknown as Network, asked, failures, atOnceMax: () => atOnceMax };
}

const NOW = 1_000_000;

function worker(network: Network, groups: readonly string[] = ["worker"]) {
  const offered: string[] = [];
  const offer = (message: Message) => {
    if (message.kind === "execute") offered.push(`${message.data.task.id} v${message.data.task.version}`);
  };
  return { offered, looks: new CatchUp({ network, groups, pid: "w1", now: () => NOW, offer }) };
}

test("what waits for this worker is offered to it, and nothing else", async () => {
  const { network } = server({
    a: { target: "poll://any@worker", version: 3 },
    b: { target: "poll://any@other" },
    c: { target: "poll://any@worker/another" },
    d: { target: "poll://uni@worker/another" },
    e: { target: "poll://uni@worker/w1" },
    f: { target: "https://worker.example" },
    g: {},
    // Ended since the search.
    h: { target: "poll://any@worker", state: "resolved" },
    i: { target: "poll://any@builtin" },
  });
  const { looks, offered } = worker(network, ["worker", "builtin"]);
  looks.look();
  await untilPasses(() => expect(offered.toSorted()).toEqual(["a v3", "c v0", "e v0", "i v0"]));
});

test("what the server is to hand out later is left to it", async () => {
  const target = "poll://any@worker";
  const { network, asked } = server({
    a: { target, delay: String(NOW + 1) },
    b: { target, delay: String(NOW) },
    // Of a server that reads it otherwise.
    c: { target, delay: "tomorrow" },
  });
  const { looks, offered } = worker(network);
  looks.look();
  await untilPasses(() => expect(asked).toHaveLength(4));
  await untilPasses(() => expect(offered).toHaveLength(2));
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(offered.toSorted()).toEqual(["b v0", "c v0"]);
});

test("a worker that stops within a look reads no further promise, and takes no further task", async () => {
  const many = Array.from({ length: 50 }, (_, n) => [String(n), { target: "poll://any@worker" }]);
  const { network, asked } = server(Object.fromEntries(many) as Record<string, Stored>);
  let offered = 0;
  const offer = () => {
    offered += 1;
    looks.stop();
  };
  const looks = new CatchUp({ network, groups: ["worker"], pid: "w1", now: () => NOW, offer });
  looks.look();
  await untilPasses(() => expect(offered).toBe(1));
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(offered).toBe(1);
  // The search, and the reads that were under way.
  expect(asked.length).toBeLessThanOrEqual(9);
});

test("a look is bounded: pages of 100, a few promises at once, at most 2,000 tasks", async () => {
  const many = Array.from({ length: 2_300 }, (_, n) => [
    String(n).padStart(5, "0"),
    { target: "poll://any@worker" },
  ]);
  const { network, asked, atOnceMax } = server(Object.fromEntries(many) as Record<string, Stored>);
  const { looks, offered } = worker(network);
  looks.look();
  await untilPasses(() => expect(offered).toHaveLength(2_000));
  await new Promise((resolve) => setImmediate(resolve));
  expect(asked.filter((kind) => kind === "task.search")).toHaveLength(20);
  expect(asked).toHaveLength(2_020);
  expect(atOnceMax()).toBeLessThanOrEqual(8);
  expect(new Set(offered).size).toBe(2_000);
});

test("looks that are asked for during one are one more, since that one may have passed what is new", async () => {
  const { network, asked } = server({ a: { target: "poll://any@worker" } });
  const { looks, offered } = worker(network);
  for (let n = 0; n < 5; n += 1) looks.look();
  await untilPasses(() => expect(offered).toHaveLength(2));
  await new Promise((resolve) => setImmediate(resolve));
  expect(asked.filter((kind) => kind === "task.search")).toHaveLength(2);
});

test("a server that does not answer yet is asked again, a few times", async () => {
  const { network, failures, asked } = server({ a: { target: "poll://any@worker" } });
  failures.push(new Error("platform failure: HTTP 503"), new Error("platform failure: fetch failed"));
  const { looks, offered } = worker(network);
  looks.look();
  await untilPasses(() => expect(offered).toEqual(["a v0"]));
  expect(asked).toHaveLength(4);
});

test("a worker that stops looks no more", async () => {
  const { network, asked } = server({ a: { target: "poll://any@worker" } });
  const { looks } = worker(network);
  looks.stop();
  looks.look();
  await new Promise((resolve) => setImmediate(resolve));
  expect(asked).toEqual([]);
});
