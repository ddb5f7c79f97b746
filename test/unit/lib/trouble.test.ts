import { expect, test } from "vitest";
import { Trouble } from "../../../src/lib/trouble.ts";

test("a trouble is told when it begins, when it becomes another, and when it is over; not in between", () => {
  const told: string[] = [];
  let nowMs = 0;
  const trouble = new Trouble(
    { begins: (why) => told.push(why), ends: (seconds) => told.push(`over after ${seconds} s`) },
    () => nowMs,
  );
  trouble.note(undefined);
  expect([told, trouble.kind]).toEqual([[], undefined]);
  trouble.note({ kind: "away", why: "refused" });
  nowMs = 61_000;
  trouble.note({ kind: "away", why: "timed out" });
  expect([told, trouble.kind]).toEqual([["refused"], "away"]);
  trouble.note({ kind: "token", why: "wrong" });
  nowMs = 90_400;
  trouble.note(undefined);
  trouble.note(undefined);
  expect([told, trouble.kind]).toEqual([["refused", "wrong", "over after 90 s"], undefined]);
  trouble.note({ kind: "away", why: "refused" });
  nowMs = 91_000;
  trouble.note(undefined);
  expect(told.slice(3)).toEqual(["refused", "over after 1 s"]);
});
