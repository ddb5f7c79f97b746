import { createReadStream, readdirSync } from "node:fs";
import { join } from "node:path";
import { checksum } from "./damage.ts";

export interface AuditCheck {
  readonly lines: number;
  /** All that are not as they were written; `places` has the first of them, as `2026-11-21.jsonl:17`. */
  readonly damaged: number;
  readonly places: readonly string[];
}

const PLACES_MAX = 10;
const FILE = /^\d{4}-\d\d-\d\d\.jsonl$/u;

/** Reads the record of who did what in a folder, line by line; a folder that is not there has none. */
export async function checkAudit(folder: string): Promise<AuditCheck> {
  const places: string[] = [];
  let lines = 0;
  let damaged = 0;
  for (const name of filesOf(folder)) {
    let number = 0;
    for await (const line of linesOf(join(folder, name))) {
      number += 1;
      if (isSound(line)) continue;
      damaged += 1;
      if (places.length < PLACES_MAX) places.push(`${name}:${number}`);
    }
    lines += number;
  }
  return { lines, damaged, places };
}

/** By line feeds alone: Node's reader of lines also ends them at characters that JSON leaves as they are. */
async function* linesOf(path: string): AsyncGenerator<string> {
  let rest = "";
  for await (const chunk of createReadStream(path, "utf8")) {
    const lines = `${rest}${chunk}`.split("\n");
    rest = lines.pop() ?? "";
    yield* lines;
  }
  if (rest !== "") yield rest;
}

function filesOf(folder: string): readonly string[] {
  try {
    return readdirSync(folder)
      .filter((name) => FILE.test(name))
      .sort();
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return [];
    throw error;
  }
}

/** `,"sum":"` with eight digits and `"}` behind it. */
const TAIL = /,"sum":"([0-9a-f]{8})"\}$/u;
/** A member of so short a name at the end is `sum`, with one letter that has changed. */
const SUM_LIKE = /^...$/u;

/** Lines of earlier versions have no checksum: they must be JSON. */
function isSound(line: string): boolean {
  const sum = TAIL.exec(line);
  if (sum !== null) return checksum(line.slice(0, sum.index)).toString("hex") === sum[1];
  try {
    return !SUM_LIKE.test(Object.keys(JSON.parse(line) as object).at(-1) ?? "sum");
  } catch {
    return false;
  }
}
