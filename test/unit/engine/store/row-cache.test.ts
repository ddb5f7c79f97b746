import { expect, test } from "vitest";
import { RowCache } from "../../../../src/engine/store/row-cache.ts";

interface Row {
  readonly id: string;
  readonly bytes: number;
}

const KB = 1024;
const cache = () => new RowCache<Row>(({ bytes }) => bytes);

test("RowCache keeps what is used and forgets what is not", () => {
  const rows = cache();
  rows.set({ id: "used", bytes: 100 * KB });
  rows.set({ id: "unused", bytes: 100 * KB });
  for (let n = 0; n < 200; n += 1) {
    rows.set({ id: `r${n}`, bytes: 100 * KB });
    expect(rows.get("used")).toBeDefined();
  }
  expect(rows.get("unused")).toBeUndefined();
  expect(rows.get("r0")).toBeUndefined();
  expect(rows.get("r199")).toBeDefined();
});

test("RowCache answers the newest, also when that is too large to keep", () => {
  const rows = cache();
  rows.set({ id: "a", bytes: 1 });
  rows.set({ id: "a", bytes: 2 });
  expect(rows.get("a")?.bytes).toBe(2);
  rows.set({ id: "a", bytes: 129 * KB });
  expect(rows.get("a")).toBeUndefined();
});

test("RowCache.clear() forgets everything", () => {
  const rows = cache();
  rows.set({ id: "a", bytes: 1 });
  rows.clear();
  expect(rows.get("a")).toBeUndefined();
});
