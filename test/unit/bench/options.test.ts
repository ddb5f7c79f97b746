import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { checkoutAt, THIS_CHECKOUT } from "../../bench/lib/checkout.ts";
import { parseOptions } from "../../bench/lib/options.ts";

const PARTS = ["engine", "cycle", "against"];
const dirs: string[] = [];
afterEach(() => {
  for (const dir of dirs.splice(0)) rmSync(dir, { recursive: true });
});

test("another checkout is compared alone, unless parts are named", () => {
  expect(parseOptions([], PARTS)?.parts).toEqual(["engine", "cycle"]);
  expect(parseOptions(["--against", "../old"], PARTS)).toMatchObject({
    parts: ["against"],
    against: "../old",
  });
  expect(parseOptions(["cycle", "against", "--against", "x"], PARTS)?.parts).toEqual(["cycle", "against"]);
});

test("a release is measured by its own choice of parts and sizes", () => {
  expect(parseOptions(["--release", "--against", "x"], PARTS)).toMatchObject({
    parts: expect.arrayContaining(["cycle", "against", "pending"]),
    pending: [10_000, 1_000_000],
  });
});

test("the service in parts is measured with so many workers as are named, on the server that is named", () => {
  expect(parseOptions(["parts"], ["parts"])).toMatchObject({ workers: [1, 2, 4], resonate: undefined });
  const args = ["parts", "--workers", "1,8", "--resonate", "./resonate", "--postgres"];
  expect(parseOptions(args, ["parts"])).toMatchObject({
    workers: [1, 8],
    resonate: "./resonate",
    isPostgres: true,
  });
});

test.each([
  [["--workers", "0"], "--workers must be a whole number"],
  [["--release"], "--release needs --against DIR"],
  [["--release", "cycle", "--against", "x"], "leave out parts"],
  [["--release", "--full", "--against", "x"], "leave out parts"],
  [["against"], "needs --against DIR"],
  [["--record", "../x"], "--record must be a name"],
  [["--record", ""], "--record must be a name"],
  [["--rounds", "0"], "--rounds must be a whole number"],
  [["nothing"], "There is no part nothing"],
  [["--agains", "x"], "--agains"],
])("%j is refused", (args, message) => {
  expect(() => parseOptions(args, PARTS)).toThrow(message);
});

test("a checkout is one if the bench can run its product there", () => {
  const dir = mkdtempSync(join(tmpdir(), "countersign-bench-"));
  dirs.push(dir);
  expect(() => checkoutAt(dir)).toThrow("is no checkout of this project");
  mkdirSync(join(dir, "test/bench/servers/seams"), { recursive: true });
  writeFileSync(join(dir, "test/bench/servers/product.ts"), "");
  expect(() => checkoutAt(dir)).toThrow("run npm ci there");
  mkdirSync(join(dir, "node_modules/@resonatehq/sdk"), { recursive: true });
  expect(checkoutAt(dir).imports).toEqual([]);
  writeFileSync(join(dir, "test/bench/servers/seams/hooks.ts"), "");
  expect(checkoutAt(dir).imports).toHaveLength(1);
  expect(THIS_CHECKOUT.product).toMatch(/test\/bench\/servers\/product\.ts$/);
});
