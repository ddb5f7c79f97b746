/**
 * What a real process does to the files of a folder, call by call: recorder.c is built and preloaded, and its log is read.
 * So everything is seen that goes to the disk, from Node's own calls and from SQLite's, in the order in which it went.
 */
import { lstatSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { buildPreload } from "../support/preload.ts";

/** One call that changed something, or a sync that has ended. `file` is a number that no other file has. */
export type Event = {
  /** Nanoseconds of CLOCK_MONOTONIC, as `process.hrtime.bigint()` has them: the call's begin and end. */
  readonly began: bigint;
  readonly ended: bigint;
} & (
  | { readonly kind: "create" | "link" | "folder"; readonly name: string; readonly file: number }
  | { readonly kind: "write"; readonly file: number; readonly at: number; readonly bytes: Buffer }
  | { readonly kind: "truncate"; readonly file: number; readonly length: number }
  | { readonly kind: "sync"; readonly file: number }
  | { readonly kind: "remove"; readonly name: string }
  | { readonly kind: "rename"; readonly name: string; readonly to: string; readonly file: number }
);

const SOURCE = new URL("recorder.c", import.meta.url);

/** The environment in which a process is recorded: what it does in `folder`, which must exist, goes to `log`. */
export function recordedEnv(folder: string, log: string, buildFolder: string): Record<string, string> {
  return { LD_PRELOAD: buildPreload(SOURCE, buildFolder), POWER_FOLDER: folder, POWER_LOG: log };
}

/** A file of the folder before a recording began; a folder has no bytes. */
export interface Start {
  readonly inode: bigint;
  readonly file: number;
  readonly name: string;
  readonly bytes: Buffer | undefined;
}

/** What is in the folder now, outer folders first. */
export function startOf(folder: string): Start[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .toSorted()
    .map((name, n) => {
      const path = join(folder, name);
      const stats = lstatSync(path, { bigint: true });
      const bytes = stats.isDirectory() ? undefined : readFileSync(path);
      return { inode: stats.ino, file: n + 1, name, bytes };
    });
}

const HEADER_BYTES = 48;

/** Reads the log, which was empty when the recording began. Any number of processes may have followed each other. */
export function readRecording(log: string, start: readonly Start[] = []): Event[] {
  const bytes = readFileSync(log);
  const events: Event[] = [];
  const files = new Map(start.map(({ inode, file }) => [inode, file]));
  let count = start.length;
  for (let at = 0; at < bytes.length; ) {
    const time = { began: bytes.readBigUInt64LE(at), ended: bytes.readBigUInt64LE(at + 8) };
    const inode = bytes.readBigUInt64LE(at + 16);
    const place = Number(bytes.readBigUInt64LE(at + 24));
    const kind = String.fromCharCode(bytes.readUInt32LE(at + 32));
    const nameEnd = at + HEADER_BYTES + bytes.readUInt32LE(at + 36);
    const name = bytes.toString("utf8", at + HEADER_BYTES, nameEnd);
    const end = nameEnd + bytes.readUInt32LE(at + 40);
    const data = bytes.subarray(nameEnd, end);
    at = end;
    // A removed file's inode is used again.
    if (kind === "C" || kind === "M") files.set(inode, (count += 1));
    const file = files.get(inode) ?? ROOT;
    switch (kind) {
      case "C":
        events.push({ ...time, kind: "create", name, file });
        break;
      case "M":
        events.push({ ...time, kind: "folder", name, file });
        break;
      case "L":
        events.push({ ...time, kind: "link", name, file });
        break;
      case "W":
        events.push({ ...time, kind: "write", file, at: place, bytes: data });
        break;
      case "T":
        events.push({ ...time, kind: "truncate", file, length: place });
        break;
      case "S":
        events.push({ ...time, kind: "sync", file });
        break;
      case "U":
        events.push({ ...time, kind: "remove", name });
        break;
      case "R":
        events.push({ ...time, kind: "rename", name, to: data.toString(), file });
        break;
      default:
        throw new Error(`The recording has an entry of the unknown kind ${kind}`);
    }
  }
  return events;
}

/** The recorded folder itself. */
export const ROOT = 0;
