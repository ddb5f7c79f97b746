/**
 * `npm test`: all tests, in two lanes at once, since end-to-end tests wait for half of their time. Those that hold processes
 * to times go first where both lanes want the processor; what they say is shown when both have ended.
 *
 * Files of theirs that failed run once more when nothing else runs: the time that they count on may have been taken from them.
 * Whatever fails then has failed, and the log keeps both.
 *
 * With words (`npm test -- chaos`), vitest alone, one project after the other.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { getPriority, setPriority, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const VITEST = fileURLToPath(new URL("../node_modules/vitest/vitest.mjs", import.meta.url));
/** Niceness: this lane has a quarter of a processor that the other wants, too, and all of it at other times. */
const BEHIND = 5;

/** Characters: what a lane that failed said last, said again at the very end. A log that is cut keeps its end. */
const SAID_AGAIN = 12_000;
/** Files of the timed lane that run once more. If more have failed, it was not for want of time. */
const AGAIN_MAX = 3;

const words = process.argv.slice(2);
if (words.length > 0) process.exitCode = await exitCodeOf(vitest(words, "inherit"));
else {
  const folder = await mkdtemp(join(tmpdir(), "countersign-tests-"));
  const report = join(folder, "timed.json");
  const timed = vitest(
    ["--project", "timed", "--reporter", "default", "--reporter", "json", "--outputFile", report],
    "pipe",
  );
  const others = vitest(["--project", "fresh", "--project", "unit", "--project", "e2e"], "pipe");
  if (others.pid !== undefined) setPriority(others.pid, Math.min(getPriority() + BEHIND, 19));
  const lanes = [others, timed].map((lane) => ({ said: heardFrom(lane), code: exitCodeOf(lane) }));
  others.stdout?.pipe(process.stdout, { end: false });
  others.stderr?.pipe(process.stdout, { end: false });
  const codes = await Promise.all(lanes.map(({ code }) => code));
  process.stdout.write(Buffer.concat(lanes[1]?.said ?? []));
  for (const [i, { said }] of lanes.entries()) {
    if (codes[i] !== 0) process.stdout.write(`\n${Buffer.concat(said).toString().slice(-SAID_AGAIN)}\n`);
  }
  const isOnlyInFiles = !Buffer.concat(lanes[1]?.said ?? []).includes("Unhandled Error");
  if (codes[1] !== 0 && isOnlyInFiles) codes[1] = await onceMore(await failedIn(report));
  process.exitCode = Math.max(...codes);
  await rm(folder, { recursive: true });
}

/** @returns the exit code of these files alone */
async function onceMore(files: readonly string[]): Promise<number> {
  if (files.length === 0 || files.length > AGAIN_MAX) return 1;
  process.stdout.write(`\nFailed beside the other lane, and now run by themselves:\n${files.join("\n")}\n`);
  const code = await exitCodeOf(vitest(["--project", "timed", ...files], "inherit"));
  if (code === 0)
    process.stdout.write("\nThey passed by themselves. Find out why they failed before: see above.\n");
  return code;
}

/** Files with a failure. None if the run broke off, or something failed outside of any file: then there is nothing to run again. */
async function failedIn(report: string): Promise<string[]> {
  try {
    const { testResults } = JSON.parse(await readFile(report, "utf8")) as {
      readonly testResults: readonly { readonly name: string; readonly status: string }[];
    };
    return testResults.flatMap(({ name, status }) => (status === "failed" ? [name] : []));
  } catch {
    return [];
  }
}

function vitest(args: readonly string[], output: "inherit" | "pipe"): ChildProcess {
  const env = { ...process.env, ...(process.stdout.isTTY && { FORCE_COLOR: "1" }) };
  const child = spawn(process.execPath, [VITEST, "run", ...args], { stdio: ["ignore", output, output], env });
  // A terminal tells all of them; who ends this process alone ends them, too.
  process.once("SIGTERM", () => child.kill());
  return child;
}

/** All that it has said so far, in order. */
function heardFrom({ stdout, stderr }: ChildProcess): Buffer[] {
  const said: Buffer[] = [];
  for (const stream of [stdout, stderr]) stream?.on("data", (data: Buffer) => said.push(data));
  return said;
}

/** When it has ended. A signal counts as a failure. */
async function exitCodeOf(child: ChildProcess): Promise<number> {
  const [code] = (await once(child, "close")) as [number | null];
  return code ?? 1;
}
