import { execFile } from "node:child_process";
import { COMPILE_CACHE, ROOT } from "./service-process.ts";

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
): Promise<CliRun> {
  const [command = process.execPath, ...words] = [...within, process.execPath, "src/cli/main.ts", ...args];
  return new Promise((resolve) => {
    execFile(
      command,
      words,
      {
        cwd: ROOT,
        env: { PATH: process.env["PATH"] ?? "", NODE_COMPILE_CACHE: COMPILE_CACHE, ...env },
        timeout: 60_000,
      },
      (error, stdout, stderr) => {
        const code = error === null ? 0 : typeof error.code === "number" ? error.code : -1;
        resolve({ code, stdout, stderr });
      },
    );
  });
}
