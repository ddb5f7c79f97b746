import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

const root = new URL("../../../../", import.meta.url);
const read = (path: string) => readFileSync(new URL(path, root), "utf8");

test("README shows the purchase that is shipped", () => {
  const [, shown = ""] = /^```ts\n(.+?)^```$/msu.exec(read("README.md")) ?? [];
  expect(shown).toContain("requestApproval(ctx");
  expect(read("worker/examples/purchase.ts")).toContain(shown);
});
