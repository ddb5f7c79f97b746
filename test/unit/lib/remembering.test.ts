import { expect, test } from "vitest";
import { remembering } from "../../../src/lib/remembering.ts";

test("makes each result once, and keeps those of its last arguments", () => {
  const made: string[] = [];
  const length = remembering(2, (text: string) => {
    made.push(text);
    return text.length;
  });
  expect([length("a"), length("a"), length("bb"), length("a")]).toEqual([1, 1, 2, 1]);
  expect(made).toEqual(["a", "bb"]);
  for (const text of ["c", "d", "e", "f"]) length(text);
  length("e");
  expect(made).toEqual(["a", "bb", "c", "d", "e", "f"]);
  // Twice as many came since.
  length("a");
  expect(made.at(-1)).toBe("a");
});

test("counts an argument for what it weighs", () => {
  const made: string[] = [];
  const length = remembering(
    4,
    (text: string) => {
      made.push(text);
      return text.length;
    },
    (text) => text.length,
  );
  for (const text of ["a", "bb", "a", "bb"]) length(text);
  expect(made).toEqual(["a", "bb"]);
  for (const text of ["cccc", "dddd", "a"]) length(text);
  expect(made).toEqual(["a", "bb", "cccc", "dddd", "a"]);
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
