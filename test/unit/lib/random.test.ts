import { expect, test } from "vitest";
import { randomName } from "../../../src/lib/random.ts";

test("randomName() gives 128 bits that nobody has, also when new ones must be made", () => {
  const names = Array.from({ length: 2_000 }, randomName);
  for (const name of names) expect(name).toMatch(/^[A-Za-z0-9_-]{22}$/u);
  // Every part of each is new: no two were cut from the same bytes.
  for (const part of [(name: string) => name.slice(0, 11), (name: string) => name.slice(-11)]) {
    expect(new Set(names.map(part)).size).toBe(names.length);
  }
});
