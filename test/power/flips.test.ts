/**
 * Wrong bits: a disk or a memory that fails has changed one bit of what an engine stored. An engine is opened on the result,
 * and `doctor` examines it. What they read must be what was stored, or one of them must say that it is not.
 */
import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, type TestContext, test } from "vitest";
import { openEngine } from "../../src/engine/engine.ts";
import { examine } from "../../src/engine/operate/doctor.ts";
import { snapshotOf } from "../../src/engine/store/snapshot.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { whyNoPreload } from "../support/preload.ts";
import { type Random, randomFrom, seeds } from "../support/seeds.ts";
import { recordLife } from "./engine-life.ts";
import { emptyFolder, workFolder } from "./work-folder.ts";

/** `POWER_FLIPS=1000 npx vitest run --project unit test/power/flips` for more. */
const FLIPS = Number(process.env["POWER_FLIPS"] ?? 60);
const NOW = Date.now();

type Fate =
  /** The engine does not start. */
  | "refused"
  /** The engine or `doctor` says that something is wrong. */
  | "named"
  /** The bit was corrected, or lies where nothing is read. */
  | "as stored"
  | "silent";

/** What an engine on this folder has stored, and whether anybody says that it is wrong. */
async function opened(
  dataDir: string,
): Promise<{ readonly said: readonly string[]; readonly stored: string }> {
  const said: string[] = [];
  const note = (_: object, message: string) => void said.push(message);
  const clock = new FakeClock(NOW + 60_000);
  await openEngine({ dataDir, clock, log: { warn: note, error: note } }).close();
  const file = join(dataDir, "engine.db");
  said.push(...examine(file, NOW).findings.map(({ what }) => what));
  const db = new DatabaseSync(file, { readOnly: true });
  try {
    return { said, stored: JSON.stringify(snapshotOf(db)) };
  } finally {
    db.close();
  }
}

async function fateOf(dataDir: string, right: string): Promise<Fate> {
  try {
    const { said, stored } = await opened(dataDir);
    if (said.length > 0) return "named";
    return stored === right ? "as stored" : "silent";
  } catch {
    return "refused";
  }
}

function flip(file: string, random: Random): number {
  const bytes = readFileSync(file);
  const bit = random.below(bytes.length * 8);
  bytes[bit >>> 3] = (bytes[bit >>> 3] as number) ^ (1 << (bit & 7));
  writeFileSync(file, bytes);
  return bit;
}

const [seed = 0] = seeds(1);

test(`one wrong bit in a file of the engine, ${FLIPS} times over (SEEDS=${seed})`, async (ctx: TestContext) => {
  const why = whyNoPreload();
  ctx.skip(why !== undefined, why);
  const random = randomFrom(seed);
  const work = workFolder();
  const fates: Record<string, Partial<Record<Fate, number>>> = {};
  const lives = [];
  for (const end of ["SIGKILL", "SIGTERM"] as const) {
    const folder = emptyFolder(join(work, end));
    await recordLife({ folder, work, name: end, enough: 300, end });
    const whole = join(folder, "data");
    const copy = join(work, "copy");
    cpSync(whole, copy, { recursive: true });
    const { said, stored } = await opened(copy);
    expect(said).toEqual([]);
    emptyFolder(copy);
    const names = end === "SIGKILL" ? ["engine.db", "engine.db-wal", "engine.db.journal"] : ["engine.db"];
    lives.push(...names.map((name) => ({ whole, stored, name })));
  }
  for (let done = 0; done < FLIPS; done += 1) {
    const { whole, stored, name } = lives[done % lives.length] as (typeof lives)[number];
    const copy = emptyFolder(join(work, "copy"));
    cpSync(whole, copy, { recursive: true });
    const bit = flip(join(copy, name), random);
    const fate = await fateOf(copy, stored);
    const counts = (fates[name] ??= {});
    counts[fate] = (counts[fate] ?? 0) + 1;
    // Pages of SQLite have no checksum, so the text of a row can change without a word: docs/reliability.md says so.
    if (name !== "engine.db") expect(fate, `seed ${seed}, bit ${bit} of ${name}`).not.toBe("silent");
  }
  console.log(`${FLIPS} wrong bits (SEEDS=${seed}): ${JSON.stringify(fates)}`);
}, 600_000);
