import type { Network, Request } from "@resonatehq/sdk";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Waits } from "../../../src/durable/waits.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A server that takes listeners and announces nothing, on which nothing settles; its reads take as long as told. */
function silentServer(readMs: () => number) {
  const reads: string[] = [];
  let gap = () => {};
  const send = async ({ kind, head, data }: Request) => {
    const { id, awaited } = data as { id?: string; awaited?: string };
    if (kind === "promise.get") {
      reads.push(id ?? "");
      await new Promise((resolve) => setTimeout(resolve, readMs()));
    }
    const promise = {
      id: id ?? awaited,
      state: "pending",
      param: {},
      value: {},
      tags: {},
      timeoutAt: Date.now() + 3_600_000,
      createdAt: 1,
    };
    return { kind, head: { corrId: head.corrId, status: 200, version: "1" }, data: { promise } };
  };
  const network = {
    unicast: "poll://uni@g/p",
    send,
    recv: () => {},
    init: async () => {},
    onGap: (callback: () => void) => (gap = callback),
  } as unknown as Network;
  return { network, reads, flap: () => gap() };
}

const NEVER = new Promise<void>(() => {});

async function waiting(readMs = () => 10) {
  const server = silentServer(readMs);
  const waits = new Waits(server.network, { listeningMs: 60_000, deafMs: 60_000 }, () => Date.now());
  const ends = ["a", "b"].map((id) => waits.settlement(id, NEVER));
  await vi.advanceTimersByTimeAsync(10);
  expect(server.reads).toEqual([]);
  return { ...server, waits, ends };
}

test("each opening of the stream is followed by a look at every promise, at most once a second", async () => {
  const { reads, flap, waits, ends } = await waiting();
  flap();
  await vi.advanceTimersByTimeAsync(20);
  expect(reads.splice(0)).toEqual(["a", "b"]);
  for (let n = 0; n < 9; n += 1) {
    flap();
    await vi.advanceTimersByTimeAsync(100);
  }
  expect(reads).toEqual([]);
  // The last opening is not forgotten.
  await vi.advanceTimersByTimeAsync(200);
  expect(reads.splice(0)).toEqual(["a", "b"]);
  await vi.advanceTimersByTimeAsync(5_000);
  expect(reads).toEqual([]);
  flap();
  await vi.advanceTimersByTimeAsync(0);
  expect(reads.splice(0)).toEqual(["a", "b"]);
  flap();
  waits.stop();
  await Promise.all(ends);
  await vi.advanceTimersByTimeAsync(5_000);
  expect(reads).toEqual([]);
});

test("a promise that is being looked at is not looked at a second time beside that, but once more after it", async () => {
  const { reads, flap, waits } = await waiting(() => 3_500);
  for (let n = 0; n < 3; n += 1) {
    flap();
    await vi.advanceTimersByTimeAsync(1_000);
  }
  expect(reads).toEqual(["a", "b"]);
  // What settled after the first read was answered and before the stream was open again is found now.
  await vi.advanceTimersByTimeAsync(600);
  expect(reads.splice(0)).toEqual(["a", "b", "a", "b"]);
  await vi.advanceTimersByTimeAsync(10_000);
  expect(reads).toEqual([]);
  waits.stop();
});
