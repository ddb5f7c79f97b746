import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Checkpoints } from "../../../../src/engine/commit/checkpoints.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test("checkpoints are counted; those that fail are told once for each reason, until one works", async () => {
  let full: string | undefined;
  const store = {
    journalBytes: 0,
    checkpoint: () => {
      if (full !== undefined) throw new Error(full);
    },
  };
  const lines: string[] = [];
  const line = (level: string) => (_: object, message: string) => void lines.push(`${level}: ${message}`);
  const stats = { checkpoints: 0, checkpointFailures: 0 };
  const log = { warn: line("warn"), error: line("error") };
  const checkpoints = new Checkpoints({ store, publisher: { doubt: () => undefined }, log, stats });
  checkpoints.soon();
  await vi.advanceTimersByTimeAsync(1_000);
  expect([stats, lines]).toEqual([{ checkpoints: 1, checkpointFailures: 0 }, []]);
  full = "database or disk is full";
  checkpoints.soon();
  await vi.advanceTimersByTimeAsync(3_500);
  expect(stats).toEqual({ checkpoints: 1, checkpointFailures: 4 });
  const failed = "error: Checkpoint failed: the journal keeps what the database does not have yet";
  expect(lines).toEqual([failed]);
  full = "disk I/O error";
  await vi.advanceTimersByTimeAsync(1_000);
  expect(lines).toEqual([failed, failed]);
  full = undefined;
  await vi.advanceTimersByTimeAsync(5_000);
  expect(stats).toEqual({ checkpoints: 2, checkpointFailures: 5 });
  expect(lines).toEqual([failed, failed, "warn: Checkpoints work again"]);
  // A transaction that needs an emptied journal fails with it.
  full = "database or disk is full";
  store.journalBytes = 5 * 1024 * 1024;
  expect(() => checkpoints.makeRoom()).toThrow(full);
  expect(stats.checkpointFailures).toBe(6);
});
