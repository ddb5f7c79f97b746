/** README and guide show the workflow, the test and the calls that `countersign init` writes: there is one example. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { FIRST_CALL, projectFiles, projectManifest } from "../../../src/cli/project.ts";

const root = new URL("../../../", import.meta.url);
const files = projectFiles("ts");
const workflow = files["workflows/purchase.ts"] ?? "";

function blocks(path: string, language: string): readonly string[] {
  const text = readFileSync(new URL(path, root), "utf8");
  return [...text.matchAll(new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\`$`, "gmsu"))].map(
    ([, code = ""]) => code,
  );
}

test("README's first lines are the heart of it", () => {
  const [shown = ""] = blocks("README.md", "ts");
  expect(shown).toMatch(/^export default defineWorkflow\(.*requestApproval\(ctx.*\}\);\n$/su);
  expect(workflow).toContain(shown);
});

test("the guide shows it as a whole, its test's first case, and the call that starts it", () => {
  const [code, tested = ""] = blocks("docs/guides/workflows.md", "ts");
  expect(code).toBe(`// workflows/purchase.ts\n${workflow}`);
  expect(tested).toContain("testWorkflow(purchase");
  expect(files["test/purchase.test.ts"]?.startsWith(tested)).toBe(true);
  expect(blocks("docs/guides/workflows.md", "sh")).toContain(`${FIRST_CALL}\n`);
  expect(files["README.md"]).toContain(FIRST_CALL);
});

test("the guide types the scripts that it has", () => {
  const scripts = Object.keys(projectManifest("approvals", "^1.0.0").scripts ?? {});
  for (const page of [blocks("docs/guides/workflows.md", "sh"), [files["README.md"] ?? ""]]) {
    const typed = page.flatMap((text) => [...text.matchAll(/npm (?:run )?(dev|start|test|check)\b/gu)]);
    expect(typed.length).toBeGreaterThan(0);
    for (const [, script] of typed) expect(scripts).toContain(script);
  }
});
