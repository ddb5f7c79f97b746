import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { execPath } from "node:process";
import { createInterface } from "node:readline";
import { DatabaseSync } from "node:sqlite";
import { fileURLToPath } from "node:url";
import { openEngine } from "../../src/engine/engine.ts";
import { evidenceTrail } from "../../src/evidence/trail.ts";
import { COMPILE_CACHE } from "../support/compile-cache.ts";
import { brokenIn } from "../support/engine-file.ts";
import { lostIn } from "../support/engine-proofs.ts";
import { auditOf } from "../support/event-log.ts";
import { type Event, readRecording, recordedEnv, type Start, startOf } from "./recording.ts";

const VICTIM = fileURLToPath(new URL("../support/engine-under-load.ts", import.meta.url));

/** What an engine said, and when the reply was there: from then on it must survive. */
interface Said {
  readonly line: string;
  readonly at: bigint;
}

/** One process' work on a folder. */
export interface Life {
  readonly start: readonly Start[];
  readonly events: readonly Event[];
  readonly said: readonly Said[];
}

export interface LifeOptions {
  /** Holds the engine's folder `data`. May be empty. */
  readonly folder: string;
  /** For the log and the library. */
  readonly work: string;
  /** Different from that of every earlier life. */
  readonly name: string;
  /** Acknowledged requests after which it ends. */
  readonly enough: number;
  /** SIGTERM closes the engine. */
  readonly end: "SIGTERM" | "SIGKILL";
}

/** Lets an engine work under load, in a process of its own, and records what goes to its files. */
export async function recordLife({ folder, work, name, enough, end }: LifeOptions): Promise<Life> {
  const start = startOf(folder);
  const log = join(work, `${name}.log`);
  // SQLite copies its log back, and begins it again, far more often than every 16 MB.
  const child = spawn(execPath, [VICTIM, join(folder, "data"), name, "often"], {
    stdio: ["pipe", "pipe", "inherit"],
    env: { ...process.env, NODE_COMPILE_CACHE: COMPILE_CACHE, ...recordedEnv(folder, log, work) },
  });
  const ended = once(child, "close");
  const said: Said[] = [];
  child.stdin.write("go");
  for await (const line of createInterface(child.stdout)) {
    const [id = "", step = "", at = ""] = line.split(" ");
    said.push({ line: `${id} ${step}`, at: BigInt(at) });
    if (said.length === enough) child.kill(end);
  }
  await ended;
  if (said.length < enough) throw new Error(`The engine of life ${name} ended by itself`);
  return { start, events: readRecording(log, start), said };
}

/** What is wrong with the engine that a power cut has left, in words. It is opened, and closed properly. */
export async function problemsOf(dataDir: string, said: readonly string[]): Promise<string[]> {
  try {
    await openEngine({ dataDir, trail: evidenceTrail() }).close();
  } catch (error) {
    return [`The engine does not start: ${String(error)}`];
  }
  const db = new DatabaseSync(join(dataDir, "engine.db"), { readOnly: true });
  try {
    return [
      ...examined("The engine's file", () => brokenIn(dataDir)),
      ...lostIn(db, said).map((line) => `Lost: ${line}`),
      ...examined("The log", () => wrongInLog(dataDir)),
    ];
  } finally {
    db.close();
  }
}

/** A file may be so torn that it cannot be examined: SQLite gives up, or the table of the log is gone. */
function examined(what: string, look: () => string[]): string[] {
  try {
    return look();
  } catch (error) {
    return [`${what} cannot be examined: ${String(error)}`];
  }
}

/** Each change has its event once, and the log has no gap. */
function wrongInLog(dataDir: string): string[] {
  const { findings, gaps, unlogged } = auditOf(dataDir);
  return [
    ...findings.map(({ kind, what }) => `The log: ${kind}: ${what}`),
    ...(gaps + unlogged === 0 ? [] : [`The log has ${gaps} gaps, and lacks ${unlogged} events`]),
  ];
}
