import { describe, expect, test } from "vitest";
import { MachineClock } from "../../../src/engine/machine-clock.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const START = 1_800_000_000_000;

function machine() {
  const time = { wall: START, elapsed: 5_000, sinceBoot: 9_000 };
  const told: (number | undefined)[] = [];
  const clock = new MachineClock({
    wall: () => time.wall,
    elapsed: () => time.elapsed,
    sinceBoot: () => time.sinceBoot,
    onSet: (byMs) => told.push(byMs),
  });
  /** Time passes, and the engine looks at its clock once a second. */
  const pass = (ms: number) => {
    for (let left = ms; left > 0; left -= 1_000) {
      const step = Math.min(left, 1_000);
      for (const each of ["wall", "elapsed", "sinceBoot"] as const) time[each] += step;
      clock.now();
    }
  };
  /** By the clock, since the start. */
  const since = () => clock.now() - START;
  return { time, told, clock, pass, since };
}

describe("MachineClock", () => {
  test("is the machine's clock while nobody sets it, also one that is moved by milliseconds", () => {
    const { time, told, pass, since } = machine();
    pass(MINUTE);
    expect(since()).toBe(MINUTE);
    for (let n = 0; n < 600; n += 1) {
      time.wall += 5;
      pass(1_000);
    }
    expect(since()).toBe(11 * MINUTE + 3_000);
    expect(told).toEqual([]);
  });

  test.each([HOUR, -HOUR, 90_000, -90_000, 3_650 * 24 * HOUR])(
    "set by %i ms and set right again within ten minutes: no duration changes, and both are told",
    (byMs) => {
      const { time, told, pass, since } = machine();
      pass(MINUTE);
      time.wall += byMs;
      pass(9 * MINUTE);
      expect(since()).toBe(10 * MINUTE);
      time.wall -= byMs;
      pass(MINUTE);
      expect(since()).toBe(11 * MINUTE);
      expect(told).toEqual([byMs, undefined]);
    },
  );

  test("set forward for good: its time is taken after ten minutes", () => {
    const { time, told, pass, since } = machine();
    time.wall += HOUR;
    pass(10 * MINUTE);
    expect(since()).toBe(10 * MINUTE);
    pass(2_000);
    expect(since()).toBe(HOUR + 10 * MINUTE + 2_000);
    expect(told).toEqual([HOUR, undefined]);
  });

  test("set back for good: after ten minutes time runs at half its speed until both agree", () => {
    const { time, told, pass, since } = machine();
    time.wall -= HOUR;
    pass(10 * MINUTE);
    expect(since()).toBe(10 * MINUTE);
    pass(HOUR);
    expect(Math.abs(since() - 40 * MINUTE)).toBeLessThanOrEqual(1_000);
    expect(told).toEqual([-HOUR]);
    pass(HOUR + 2_000);
    expect(told).toEqual([-HOUR, undefined]);
    expect(since()).toBe(time.wall - START);
  });

  test("set again while it is doubted: ten minutes from then", () => {
    const { time, told, pass, since } = machine();
    time.wall += HOUR;
    pass(9 * MINUTE);
    time.wall += HOUR;
    pass(9 * MINUTE);
    expect(since()).toBe(18 * MINUTE);
    time.wall -= 2 * HOUR;
    pass(MINUTE);
    expect(since()).toBe(19 * MINUTE);
    expect(told).toEqual([HOUR, 2 * HOUR, undefined]);
  });

  test("set forward while it catches up: that is doubted, too", () => {
    const { time, pass, since } = machine();
    time.wall -= HOUR;
    pass(20 * MINUTE);
    const before = since();
    time.wall += 24 * HOUR;
    pass(MINUTE);
    expect(Math.abs(since() - before - MINUTE)).toBeLessThanOrEqual(1_000);
  });

  test("after the machine has slept, its time is taken at once", () => {
    const { time, told, pass, since } = machine();
    pass(MINUTE);
    time.wall += 8 * HOUR;
    time.sinceBoot += 8 * HOUR;
    expect(since()).toBe(8 * HOUR + MINUTE);
    expect(told).toEqual([]);
  });

  test("many short sleeps before do not make a long one a clock that was set", () => {
    const { time, told, pass, since } = machine();
    for (const ms of [...Array.from({ length: 20 }, () => 900), 8 * HOUR]) {
      time.wall += ms;
      time.sinceBoot += ms;
      pass(1_000);
    }
    expect(since()).toBe(time.wall - START);
    expect(told).toEqual([]);
  });

  test.each([HOUR, -HOUR])(
    "a machine that sleeps while its clock, set by %i ms, is doubted: that time counts at once, and the doubt stays",
    (byMs) => {
      const { time, told, pass, since } = machine();
      time.wall += byMs;
      pass(MINUTE);
      for (const _ of [1, 2]) {
        time.wall += 8 * HOUR;
        time.sinceBoot += 8 * HOUR;
        pass(MINUTE);
      }
      expect(since()).toBe(16 * HOUR + 3 * MINUTE);
      time.wall -= byMs;
      pass(MINUTE);
      expect(since()).toBe(16 * HOUR + 4 * MINUTE);
      expect(told).toEqual([byMs, undefined]);
    },
  );

  test("a machine that slept and whose clock was set meanwhile: only the setting is doubted", () => {
    const { time, told, pass, since } = machine();
    time.wall += 9 * HOUR;
    time.sinceBoot += 8 * HOUR;
    pass(MINUTE);
    expect(since()).toBe(8 * HOUR + MINUTE);
    expect(told).toEqual([HOUR]);
  });

  test("time since the start of the machine that is told in whole seconds makes nothing of nothing", () => {
    const { time, told, pass, since } = machine();
    time.wall += HOUR;
    for (let n = 0; n < 400; n += 1) {
      pass(700);
      time.sinceBoot = 4_000 + Math.floor(time.elapsed / 1_000) * 1_000;
    }
    expect(since()).toBe(280_000);
    expect(told).toEqual([HOUR]);
  });

  test("never goes back, whatever the clock does", () => {
    const { time, clock, pass } = machine();
    let last = 0;
    for (let n = 0; n < 2_000; n += 1) {
      time.wall += ((n * 7_919) % 11) * 400_000 - 2_000_000;
      pass((n * 104_729) % 5_000);
      const now = clock.now();
      expect(now).toBeGreaterThanOrEqual(last);
      last = now;
    }
  });
});
