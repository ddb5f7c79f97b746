/**
 * Power cuts. A real engine works under load while every call that changes its files is recorded. From the recording, the
 * state of a disk is made at any moment, with what was not synced lost, kept or torn. A real engine is opened on it.
 */
import { join } from "node:path";
import { expect, type TestContext, test } from "vitest";
import { whyNoPreload } from "../support/preload.ts";
import { type Random, randomFrom, seeds } from "../support/seeds.ts";
import { Disk } from "./disk.ts";
import { type Life, problemsOf, recordLife } from "./engine-life.ts";
import type { Event } from "./recording.ts";
import { emptyFolder, workFolder } from "./work-folder.ts";

/** `POWER_CUTS=10000 npx vitest run --project unit test/power` for more. */
const CUTS = Number(process.env["POWER_CUTS"] ?? 200);
const CUTS_OF_A_LIFE = 100;
/** Lives of one folder, each on what a cut of the one before has left. */
const LIVES = 4;

function needsRecorder(ctx: TestContext): void {
  const why = whyNoPreload();
  ctx.skip(why !== undefined, why);
}

/** Moments in a life: after so many events. In order, and the whole life as the last. */
function momentsIn({ events }: Life, count: number, random: Random): number[] {
  const some = Array.from({ length: count - 1 }, () => random.below(events.length + 1));
  return [...some, events.length].sort((a, b) => a - b);
}

/** What was acknowledged before the call that would have come next. */
function saidBefore({ said, events }: Life, moment: number): string[] {
  const next = events[moment]?.began;
  return said.filter(({ at }) => next === undefined || at < next).map(({ line }) => line);
}

interface CutOptions {
  readonly moments: readonly number[];
  readonly random: Random;
  readonly work: string;
  /** What was acknowledged in earlier lives. */
  readonly earlier?: readonly string[];
  /** The sync that this engine is without. */
  readonly without?: string | undefined;
}

interface Cut {
  readonly moment: number;
  readonly problems: readonly string[];
}

/** Cuts the power at these moments, and looks at what each has left. */
async function* cuts(life: Life, options: CutOptions): AsyncGenerator<Cut> {
  const { moments, random, work, earlier = [], without } = options;
  const disk = new Disk(life.start);
  let done = 0;
  for (const moment of moments) {
    for (const event of life.events.slice(done, moment)) {
      if (without === undefined || syncOf(event, disk) !== without) disk.apply(event);
    }
    done = moment;
    const folder = emptyFolder(join(work, "cut"));
    disk.cut(random, folder);
    const said = [...earlier, ...saidBefore(life, moment)];
    yield { moment, problems: await problemsOf(join(folder, "data"), said) };
  }
}

/** What a sync is for, by the file that it keeps; undefined if it is none, or keeps nothing. */
function syncOf(event: Event, disk: Disk): string | undefined {
  if (event.kind !== "sync" || disk.pendingOf(event.file) === 0) return undefined;
  const name = disk.nameOf(event.file);
  const isHeader =
    name.endsWith("-wal") && disk.hasPendingStart(event.file) && disk.pendingOf(event.file) === 1;
  return isHeader ? `${name}, its header` : name;
}

const [seed = 0] = seeds(1);

test(`what was acknowledged survives ${CUTS} power cuts (SEEDS=${seed})`, async (ctx) => {
  needsRecorder(ctx);
  const random = randomFrom(seed);
  const work = workFolder();
  let done = 0;
  let said = 0;
  for (let chain = 0; done < CUTS; chain += 1) {
    const folder = emptyFolder(join(work, "lives"));
    const earlier: string[] = [];
    for (let n = 0; n < LIVES && done < CUTS; n += 1) {
      const name = `${chain}x${n}`;
      const enough = 1 + random.below(600);
      const end = random.pick(["SIGTERM", "SIGKILL"] as const);
      const life = await recordLife({ folder, work, name, enough, end });
      const moments = momentsIn(life, Math.min(CUTS_OF_A_LIFE, CUTS - done), random);
      for await (const { moment, problems } of cuts(life, { moments, random, work, earlier })) {
        const when = `seed ${seed}, life ${name}, after ${moment} of ${life.events.length} calls`;
        expect(problems, when).toEqual([]);
      }
      done += moments.length;
      said += life.said.length;
      // The next life begins on a disk that another cut has left.
      const moment = random.below(life.events.length + 1);
      const disk = new Disk(life.start);
      for (const event of life.events.slice(0, moment)) disk.apply(event);
      disk.cut(random, emptyFolder(folder));
      earlier.push(...saidBefore(life, moment));
    }
  }
  console.log(`${done} power cuts (SEEDS=${seed}), ${said} acknowledged changes, none lost, none in part`);
}, 3_600_000);

/** Each sync that an engine makes on an empty folder, and whether something is lost without it. */
const SYNCS: Readonly<Record<string, "needed" | "of SQLite, and not needed here">> = {
  // The name of the data folder.
  ".": "needed",
  // The names of the files in it.
  data: "needed",
  "data/engine.db": "needed",
  "data/engine.db-wal": "needed",
  "data/engine.db.journal": "needed",
  // A log whose header is torn counts as empty, and nothing of it was acknowledged before all of it was synced.
  "data/engine.db-wal, its header": "of SQLite, and not needed here",
  // Only while the file is made, before anything is acknowledged.
  "data/engine.db-journal": "of SQLite, and not needed here",
};

/** Cuts in which an engine that is without a sync must be found. It takes a few dozen. */
const FIND_WITHIN = 600;

test(`the same power cuts find an engine without any one of its syncs (SEEDS=${seed})`, async (ctx) => {
  needsRecorder(ctx);
  const random = randomFrom(seed);
  const work = workFolder();
  const folder = emptyFolder(join(work, "lives"));
  const life = await recordLife({ folder, work, name: "0", enough: 1_000, end: "SIGKILL" });
  const disk = new Disk(life.start);
  const made = new Set<string>();
  for (const event of life.events) {
    const sync = syncOf(event, disk);
    if (sync !== undefined) made.add(sync);
    disk.apply(event);
  }
  expect([...made].toSorted()).toEqual(Object.keys(SYNCS).toSorted());

  const foundAfter: Record<string, number> = {};
  for (const without of made) {
    if (SYNCS[without] !== "needed") continue;
    let tried = 0;
    while (foundAfter[without] === undefined && tried < FIND_WITHIN) {
      const moments = momentsIn(life, 20, random);
      for await (const { problems } of cuts(life, { moments, random, work, without })) {
        tried += 1;
        if (problems.length === 0) continue;
        foundAfter[without] = tried;
        break;
      }
    }
    expect(foundAfter[without], `cuts until the missing sync of ${without} was found`).toBeDefined();
  }
  console.log(`an engine without a sync was found after so many power cuts: ${JSON.stringify(foundAfter)}`);
}, 600_000);
