/** The example of docs/agents.md as it stands there, for a strict program. */
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { codeIn } from "../../support/guide-code.ts";
import { ROOT } from "../../support/service-process.ts";

const BANK = `export const bank = {
  async transfer(amount: number, to: string, options: { readonly idempotencyKey: string }): Promise<string> {
    return \`\${amount} \${to} \${options.idempotencyKey}\`;
  },
};
`;

test("the example of requireApproval has the types that it needs", async () => {
  const folder = await mkdtemp(join(tmpdir(), "agents-docs-"));
  try {
    await writeFile(join(folder, "bank.ts"), BANK);
    await writeFile(join(folder, "example.ts"), codeIn("agents.md", "ts"));
    await mkdir(join(folder, "node_modules"));
    await symlink(join(ROOT, "node_modules/@types"), join(folder, "node_modules/@types"));
    const from = (name: string) => [join(ROOT, `src/${name}/index.ts`)];
    const compilerOptions = {
      module: "NodeNext",
      target: "ES2024",
      strict: true,
      exactOptionalPropertyTypes: true,
      noEmit: true,
      skipLibCheck: true,
      allowImportingTsExtensions: true,
      types: ["node"],
      paths: { "countersign/agents": from("agents"), "countersign/client": from("client") },
    };
    await writeFile(join(folder, "package.json"), '{"type":"module"}');
    await writeFile(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions, include: ["*.ts"] }));
    const tsc = join(ROOT, "node_modules/.bin/tsc");
    const { stdout } = await promisify(execFile)(tsc, ["-p", folder]).catch(
      (error: { readonly stdout: string }) => error,
    );
    expect(stdout).toBe("");
  } finally {
    await rm(folder, { recursive: true });
  }
});
