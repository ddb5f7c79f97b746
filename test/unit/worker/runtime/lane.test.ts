import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Lane } from "../../../../worker/runtime/lane.ts";

// `performance.now` alone: how long tasks took.
beforeEach(() => void vi.useFakeTimers({ toFake: ["performance"] }));
afterEach(() => void vi.useRealTimers());

const SLOW_MS = 5_000;

describe("Lane", () => {
  test("gives all places to as many keys, and no more than some to one", () => {
    const { offer, started } = lane({ max: 6, maxOfKey: 2 });
    for (let i = 0; i < 10; i++) offer(`a/${i}`);
    expect(started()).toEqual(["a/0", "a/1"]);
    for (const key of ["b", "c", "d"]) for (let i = 0; i < 2; i++) offer(`${key}/${i}`);
    expect(started()).toEqual(["a/0", "a/1", "b/0", "b/1", "c/0", "c/1"]);
  });

  test("lets keys take turns, however many tasks of one wait", () => {
    const { offer, end, started } = lane({ max: 2, maxOfKey: 2 });
    for (let i = 0; i < 1_000; i++) offer(`a/${i}`);
    offer("good/0");
    end("a/0");
    end("a/1");
    expect(started().slice(2)).toEqual(["good/0", "a/2"]);
  });

  test("gives the slow half of the places, until they are quick again", () => {
    const { offer, end, started, later } = lane({ max: 4, maxOfKey: 4 });
    for (const key of ["p", "q", "r", "s"]) offer(`${key}/0`);
    later(SLOW_MS);
    for (const key of ["p", "q", "r", "s"]) end(`${key}/0`);
    for (const key of ["p", "q", "r", "s"]) offer(`${key}/1`);
    expect(started().slice(4)).toEqual(["p/1", "q/1"]);
    offer("good/0");
    offer("good/1");
    expect(started().slice(6)).toEqual(["good/0", "good/1"]);
    end("p/1");
    expect(started().slice(8)).toEqual(["r/1"]);
    // p was quick this time.
    end("good/0");
    offer("p/2");
    expect(started().slice(9)).toEqual(["p/2"]);
  });

  test("keeps a task that is offered again once, as the newer one", () => {
    const { offer, end, started } = lane({ max: 1, maxOfKey: 1 });
    for (const id of ["a/0", "b/0", "b/0", "a/0"]) offer(id);
    end("a/0");
    end("b/0");
    end("a/0");
    expect(started()).toEqual(["a/0", "b/0", "a/0"]);
  });

  test("takes no longer for each of very many that wait than for few", () => {
    const most = 20_000;
    let looks = 0;
    const { offer, end, started } = lane({ max: 1, maxOfKey: 1, onLook: () => (looks += 1) });
    for (let i = 0; i < most; i++) offer(`${i}/0`);
    for (let i = 0; i < most - 1; i++) end(`${i}/0`);
    expect(started()).toHaveLength(most);
    expect(looks).toBeLessThan(most * 8);
  });
});

/** A lane whose tasks start as soon as they may. The key of a task is what stands before the `/`. */
function lane(options: { max: number; maxOfKey: number; onLook?: () => void }) {
  const keyOf = (id: string) => {
    options.onLook?.();
    return id.split("/", 1)[0] ?? "";
  };
  const made = new Lane<string>({ max: options.max, maxOfKey: options.maxOfKey, slowMs: SLOW_MS, keyOf });
  const started: string[] = [];
  const startNext = () => {
    const id = made.next();
    if (id === undefined) return;
    started.push(id);
    made.begin(id);
  };
  return {
    started: () => started,
    later: (ms: number) => void vi.advanceTimersByTime(ms),
    offer: (id: string) => {
      made.wait(id, id);
      startNext();
    },
    end: (id: string) => {
      made.end(id);
      startNext();
    },
  };
}
