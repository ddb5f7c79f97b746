/**
 * Wrong bits: a disk or a memory that fails has changed one bit of a file of the data folder. Whoever reads the file must get
 * what was stored, or be told that it is not: by a start that is refused, by `doctor`, or by the audit of the log of events.
 */
import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, type TestContext, test } from "vitest";
import { openEngine } from "../../src/engine/engine.ts";
import { examine } from "../../src/engine/operate/doctor.ts";
import { type Snapshot, snapshotOf } from "../../src/engine/store/snapshot.ts";
import { evidenceTrail } from "../../src/evidence/trail.ts";
import { auditOf } from "../support/event-log.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { whyNoPreload } from "../support/preload.ts";
import { type Random, randomFrom, seeds } from "../support/seeds.ts";
import { recordLife } from "./engine-life.ts";
import { makeKeptFiles, readKeptFile } from "./kept-files.ts";
import { emptyFolder, workFolder } from "./work-folder.ts";

/** `POWER_FLIPS=1000 npx vitest run --project unit test/power/flips` for more. */
const FLIPS = Number(process.env["POWER_FLIPS"] ?? 60);
const NOW = Date.now();

type Fate =
  /** It cannot be read. */
  | "refused"
  /** Somebody says that something is wrong. */
  | "named"
  /** The bit was corrected, or lies where nothing is read. */
  | "as stored"
  | "silent";

/** A file, and what one wrong bit in a copy of its folder has done. */
interface Subject {
  readonly name: string;
  readonly whole: string;
  fateOf(copy: string): Promise<Fate>;
}

interface Opened {
  /** What engine, `doctor` and audit say. */
  readonly said: readonly string[];
  readonly stored: Snapshot;
}

async function opened(dataDir: string): Promise<Opened> {
  const said: string[] = [];
  const note = (_: object, message: string) => void said.push(message);
  const clock = new FakeClock(NOW + 60_000);
  const trail = evidenceTrail(() => clock.now());
  await openEngine({ dataDir, clock, trail, log: { warn: note, error: note } }).close();
  const file = join(dataDir, "engine.db");
  said.push(...examine(file, NOW).findings.map(({ what }) => what));
  said.push(...auditOf(dataDir).findings.map(({ what }) => what));
  const db = new DatabaseSync(file, { readOnly: true });
  try {
    return { said, stored: snapshotOf(db) };
  } finally {
    db.close();
  }
}

async function engineFate(dataDir: string, right: Snapshot): Promise<Fate> {
  let found: Opened;
  try {
    found = await opened(dataDir);
  } catch {
    return "refused";
  }
  if (found.said.length > 0) return "named";
  // All promises here are of approvals, so the log of events has a commitment to each.
  expect(found.stored.promises).toEqual(right.promises);
  return JSON.stringify(found.stored) === JSON.stringify(right) ? "as stored" : "silent";
}

async function keptFate(dataDir: string, name: string, right: string): Promise<Fate> {
  try {
    return (await readKeptFile(dataDir, name)) === right ? "as stored" : "silent";
  } catch (error) {
    expect(String(error)).toContain(basename(name));
    return "named";
  }
}

/** Of an engine that was killed under load, and of one that was closed. */
async function engineSubjects(work: string): Promise<Subject[]> {
  const subjects: Subject[] = [];
  for (const end of ["SIGKILL", "SIGTERM"] as const) {
    const folder = emptyFolder(join(work, end));
    await recordLife({ folder, work, name: end, enough: 300, end });
    const whole = join(folder, "data");
    const copy = join(work, "copy");
    cpSync(whole, copy, { recursive: true });
    const { said, stored } = await opened(copy);
    expect(said).toEqual([]);
    emptyFolder(copy);
    const others = end === "SIGKILL" ? ["engine.db-wal", "engine.db-shm", "engine.db.journal"] : [];
    for (const name of ["engine.db", ...others])
      subjects.push({ name, whole, fateOf: (dataDir) => engineFate(dataDir, stored) });
  }
  return subjects;
}

async function keptSubjects(work: string): Promise<Subject[]> {
  const whole = emptyFolder(join(work, "kept"));
  const names = await makeKeptFiles(whole);
  expect(names).toHaveLength(8);
  return await Promise.all(
    names.map(async (name) => {
      const right = await readKeptFile(whole, name);
      return { name, whole, fateOf: (copy: string) => keptFate(copy, name, right) };
    }),
  );
}

function flip(file: string, random: Random): number {
  const bytes = readFileSync(file);
  const bit = random.below(bytes.length * 8);
  bytes[bit >>> 3] = (bytes[bit >>> 3] as number) ^ (1 << (bit & 7));
  writeFileSync(file, bytes);
  return bit;
}

const [seed = 0] = seeds(1);

test(`one wrong bit in a file of the data folder, ${FLIPS} times over (SEEDS=${seed})`, async (ctx: TestContext) => {
  const why = whyNoPreload();
  ctx.skip(why !== undefined, why);
  const random = randomFrom(seed);
  const work = workFolder();
  const fates: Record<string, Partial<Record<Fate, number>>> = {};
  const subjects = [...(await engineSubjects(work)), ...(await keptSubjects(work))];
  for (let done = 0; done < FLIPS; done += 1) {
    const { whole, name, fateOf } = subjects[done % subjects.length] as Subject;
    const copy = emptyFolder(join(work, "copy"));
    cpSync(whole, copy, { recursive: true });
    const bit = flip(join(copy, name), random);
    const fate = await fateOf(copy);
    const counts = (fates[name.split("/")[0] ?? name] ??= {});
    counts[fate] = (counts[fate] ?? 0) + 1;
    // Rows of tasks and of steps are in no log, and SQLite's pages have no checksum: docs/reliability.md says so.
    if (name !== "engine.db") expect(fate, `seed ${seed}, bit ${bit} of ${name}`).not.toBe("silent");
  }
  console.log(`${FLIPS} wrong bits (SEEDS=${seed}): ${JSON.stringify(fates)}`);
}, 3_600_000);
