import { expect, test } from "vitest";
import { Alarm } from "../../../../src/engine/commit/alarm.ts";
import { FakeClock } from "../../../support/fake-clock.ts";

function alarmAt(now: number) {
  const clock = new FakeClock(now);
  const rings: number[] = [];
  const alarm = new Alarm(clock, () => rings.push(clock.now()));
  return { clock, alarm, rings };
}

test("Alarm rings at the earliest time it was set to", async () => {
  const { clock, alarm, rings } = alarmAt(0);
  alarm.noLaterThan(5_000);
  alarm.noLaterThan(9_000);
  alarm.noLaterThan(2_000);
  alarm.noLaterThan(7_000);
  expect([alarm.isDue(1_999), alarm.isDue(2_000)]).toEqual([false, true]);
  await clock.advance(2_000);
  expect(rings).toEqual([2_000]);
});

test("Alarm rings once a minute, however far its time is", async () => {
  const { clock, alarm, rings } = alarmAt(0);
  alarm.setTo(Number.MAX_SAFE_INTEGER);
  await clock.advance(60_000);
  expect(rings).toEqual([60_000]);
  alarm.setTo(undefined);
  await clock.advance(60_000);
  expect(rings).toEqual([60_000, 120_000]);
  expect(alarm.isDue(120_000)).toBe(false);
});

test("Alarm rings at once for a time that has passed", async () => {
  const { clock, alarm, rings } = alarmAt(10_000);
  alarm.setTo(3_000);
  await clock.advance(0);
  expect(rings).toEqual([10_000]);
});

test("Alarm has one timer, and none when stopped", () => {
  const { clock, alarm } = alarmAt(0);
  for (const time of [5_000, 4_000, 3_000, 8_000]) alarm.noLaterThan(time);
  expect(clock.timers).toBe(1);
  alarm.stop();
  expect(clock.timers).toBe(0);
});
