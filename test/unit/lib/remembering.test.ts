import { expect, test } from "vitest";
import { remembering } from "../../../src/lib/remembering.ts";

test("makes each result once, and forgets the oldest beyond its limit", () => {
  const made: string[] = [];
  const length = remembering(2, (text: string) => {
    made.push(text);
    return text.length;
  });
  expect([length("a"), length("a"), length("bb"), length("a")]).toEqual([1, 1, 2, 1]);
  expect(made).toEqual(["a", "bb"]);
  length("ccc");
  expect(length("a")).toBe(1);
  expect(made).toEqual(["a", "bb", "ccc", "a"]);
});

test("remembers undefined, and nothing of what fails", () => {
  let count = 0;
  const odd = remembering(10, (n: number): undefined => {
    count += 1;
    if (n % 2 === 0) throw new Error("even");
    return undefined;
  });
  odd(1);
  odd(1);
  expect(() => odd(2)).toThrow("even");
  expect(() => odd(2)).toThrow("even");
  expect(count).toBe(3);
});
