import type { TaskReleaseReq } from "@resonatehq/sdk";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { HandBack } from "../../../../worker/runtime/hand-back.ts";

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

describe("HandBack", () => {
  test("counts failures in a row", () => {
    const { handBack } = made();
    expect(handBack.failuresOf("a")).toBe(0);
    handBack.failed("a");
    handBack.failed("a");
    handBack.failed("b");
    expect([handBack.failuresOf("a"), handBack.failuresOf("b")]).toEqual([2, 1]);
    handBack.succeeded("a");
    expect(handBack.failuresOf("a")).toBe(0);
  });

  test("remembers the failures of ten thousand tasks, and forgets those that failed first", () => {
    const { handBack } = made();
    for (let n = 0; n <= 10_000; n++) handBack.failed(`task-${n}`);
    expect(handBack.failuresOf("task-0")).toBe(0);
    expect(handBack.failuresOf("task-1")).toBe(1);
    expect(handBack.failuresOf("task-10000")).toBe(1);
  });

  test.each([
    [1, 250],
    [2, 500],
    [8, 30_000],
    [1_100, 30_000],
  ])("after %i failures waits %i ms", async (failures, delayMs) => {
    const { handBack } = made();
    const passed = vi.fn();
    void handBack.pause(failures).then(passed);
    await vi.advanceTimersByTimeAsync(delayMs - 1);
    expect(passed).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1);
    expect(passed).toHaveBeenCalled();
  });

  test("sends until the engine hears it, and no longer than the lease", async () => {
    const { handBack, sent } = made({ away: 3 });
    const heard = handBack.now(request("a"));
    await vi.advanceTimersByTimeAsync(750);
    expect((await heard).head.status).toBe(200);
    expect(sent).toEqual(["a", "a", "a", "a"]);

    const gone = made({ away: Infinity });
    const ended = expect(gone.handBack.now(request("b"))).rejects.toThrow("away");
    await vi.advanceTimersByTimeAsync(10_000);
    await ended;
    expect(gone.sent).toHaveLength(41);
  });

  test("sends at once, and once, what waits when the worker is told to stop", async () => {
    const { handBack, sent } = made({ away: Infinity });
    handBack.later(request("a"), 2_000);
    await vi.advanceTimersByTimeAsync(1_999);
    expect(sent).toEqual([]);
    handBack.hurry();
    await handBack.done();
    expect(sent).toEqual(["a"]);
    // So does what comes after that.
    handBack.later(request("b"), 2_000);
    await handBack.done();
    expect(sent).toEqual(["a", "b"]);
  });
});

function made({ away = 0 } = {}) {
  const sent: string[] = [];
  const handBack = new HandBack({
    leaseMs: 10_000,
    send: async (message) => {
      const { kind, head, data } = message as TaskReleaseReq;
      sent.push(data.id);
      if (sent.length <= away) throw new Error("The engine is away");
      return { kind, head: { ...head, status: 200 }, data: {} } as never;
    },
  });
  return { handBack, sent };
}

function request(id: string): TaskReleaseReq {
  return { kind: "task.release", head: { corrId: "1", version: "2026-04-01" }, data: { id, version: 1 } };
}
