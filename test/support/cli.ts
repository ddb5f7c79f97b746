import { execFile } from "node:child_process";
import { join } from "node:path";
import { run } from "../../src/cli/main.ts";
import { builtFile } from "./built.ts";
import { COMPILE_CACHE } from "./compile-cache.ts";
import { HANGS_MS } from "./eventually.ts";
import { ROOT } from "./service-process.ts";

export interface CliRun {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs the command line as a person does, and answers what it printed.
 * @param within a command that becomes what its last words name, for instance in another namespace
 */
export function countersign(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  within: readonly string[] = [],
  cwd = ROOT,
): Promise<CliRun> {
  const program = builtFile("countersign") ?? join(ROOT, "src/cli/countersign.js");
  const [command = process.execPath, ...words] = [...within, process.execPath, program, ...args];
  return new Promise((resolve) => {
    execFile(
      command,
      words,
      {
        cwd,
        env: { PATH: process.env["PATH"] ?? "", NODE_COMPILE_CACHE: COMPILE_CACHE, ...env },
        timeout: 2 * HANGS_MS,
      },
      (error, stdout, stderr) => {
        const code = error === null ? 0 : typeof error.code === "number" ? error.code : -1;
        resolve({ code, stdout, stderr });
      },
    );
  });
}

/** Runs the command line in this process, which takes no start of another: where what a shell sees is not the point. */
export async function countersignHere(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  { isTerminal = false } = {},
): Promise<CliRun> {
  let stdout = "";
  let stderr = "";
  const code = await run(args, {
    env: { ...env },
    isTerminal,
    out: (text) => {
      stdout += text;
    },
    err: (text) => {
      stderr += text;
    },
  });
  return { code, stdout, stderr };
}
