/** `npm run bench`: what the engine and the service do in a second here, beside what one would pick instead. */
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Bench } from "./lib/bench.ts";
import { describeMachine } from "./lib/machine.ts";
import { parseOptions, UsageError } from "./lib/options.ts";
import { recordOf } from "./lib/record.ts";
import { linePlot } from "./lib/svg.ts";
import { against } from "./parts/against.ts";
import { cycle } from "./parts/cycle.ts";
import { engine } from "./parts/engine.ts";
import { extras } from "./parts/extras.ts";
import { fairness } from "./parts/fairness.ts";
import { http } from "./parts/http.ts";
import { inParts } from "./parts/in-parts.ts";
import { list } from "./parts/list.ts";
import { pages } from "./parts/pages.ts";
import { pending } from "./parts/pending.ts";
import { recovery } from "./parts/recovery.ts";
import { start } from "./parts/start.ts";
import { users } from "./parts/users.ts";

const PARTS: Readonly<Record<string, (bench: Bench) => Promise<void>>> = {
  engine,
  http,
  cycle,
  extras,
  fairness,
  pages,
  users,
  start,
  pending,
  recovery,
  list,
  parts: inParts,
  against,
};

/** Where `--record` keeps one small file for each release. */
const RECORDS = join(import.meta.dirname, "../../docs/bench");

const HELP = `npm run bench -- [part …] [options]

Parts, by default all of them but against:
  engine    operations/s of the engine, in its process and over HTTP, beside bare SQLite, node:http and Express
  http      begin to done, and wait, beside the in-memory seed and bare Express
  cycle     the approval cycle without mail and by SMTP, beside the seed and the floor, and the product's own approval
  extras    the approval without its index, without the log of events, with metrics, and without a requester who is told of the outcome
  fairness  how long a decision takes while 16 others start approvals
  pages     pages of an approval of 50 people, of whom 49 have answered
  users     what a cycle costs with 1, 4, 16 and 64 users, beside the floor
  start     from the command to "ready", and what is resident then; with --against, of the other checkout, too
  pending   the same with many others pending; boot, memory, idle CPU, bytes on disk
  recovery  from kill -9 to the first resumed decision, with 10,000 approvals pending
  list      pages of lists of 100,000 approvals; with --full of 1,000,000; with --postgres beside those of PostgreSQL
  parts     the approval by SMTP in one process, and in parts with 1, 2 and 4 workers; take-over when a worker or the engine is killed; with
            --resonate on a Resonate Server, too, with --postgres also on its PostgreSQL
  against   the cycles of this checkout and of another, in turn, with their ratios: needs --against

Options:
  --against DIR     another checkout of this project, after npm ci; by default only the part against is then run
  --full            pending: 1,000, 10,000, 100,000 and 1,000,000 promises instead of 10,000 (a quarter of an hour)
  --pending N,N     pending: so many promises instead
  --approvals N     list: so many approvals instead
  --postgres        list and parts: the same on a PostgreSQL of its own, which must be installed
  --resonate FILE   parts: the program of a Resonate Server 0.9.8
  --workers N,N     parts: so many workers instead
  --release         whatever has a target, in a quarter of an hour: needs --against
  --rounds N        runs of each case (3)
  --cycles N        cycles of one run with 16 users (1500)
  --warm-up N       cycles before (500)
  --pairs N         extras and against: sets of fresh processes, of which the confidence intervals are made (8)
  --turn N          extras and against: cycles of one turn, of which each set has four (200)
  --window MS       length of one run of what is no workflow (500)
  --quiet S         before each run, waits up to S seconds for the rest of the machine to be quiet (0)
  --only CASE       of each part, just the case of this name, as the table has it: "product, simple"
  --log-level L     the product's LOG_LEVEL (info, its default)
  --dir DIR         where data folders are made (the system's temporary folder): must be on a disk
  --profile DIR     writes a CPU profile of each measured process into DIR; figures are slower then
  --json FILE       writes all figures into FILE too
  --plots DIR       writes the plots of the parts users and pending into DIR, as SVG
  --record NAME     writes medians and ranges into docs/bench/NAME.json, for a release; replaces nothing
`;

async function main(): Promise<void> {
  const options = parseOptions(process.argv.slice(2), Object.keys(PARTS));
  if (options === undefined) return void process.stdout.write(HELP);
  const recordFile = options.record === undefined ? undefined : join(RECORDS, `${options.record}.json`);
  if (recordFile !== undefined && existsSync(recordFile)) {
    throw new UsageError(`--record replaces nothing, and ${recordFile} exists`);
  }
  const startedAt = performance.now();
  await using bench = await Bench.open(options);
  const { report } = bench;
  const machine = describeMachine(options.dir);
  for (const line of machine) report.line(line);
  report.line(
    `settings  ${options.rounds} rounds, ${options.warmUp} + ${options.cycles} cycles, LOG_LEVEL ${options.logLevel ?? "info"}, synchronous=FULL`,
  );
  report.line(
    "cores     shared by the measured process, the load generator, and the mail relay where there is one",
  );
  for (const name of options.parts) await PARTS[name]?.(bench);
  report.summary();
  report.line(`\n${Math.round((performance.now() - startedAt) / 1000)} s in all`);
  if (options.plotDir !== undefined) {
    mkdirSync(options.plotDir, { recursive: true });
    for (const [name, plot] of report.plots) {
      writeFileSync(join(options.plotDir, `${name}.svg`), linePlot(plot));
    }
  }
  if (recordFile !== undefined) {
    mkdirSync(RECORDS, { recursive: true });
    writeFileSync(recordFile, `${JSON.stringify(recordOf(machine, options, report), null, 2)}\n`);
  }
  if (options.jsonFile !== undefined) {
    const { tables, ratios, comparisons } = report;
    writeFileSync(
      options.jsonFile,
      `${JSON.stringify({ machine, options, tables, ratios, comparisons }, null, 2)}\n`,
    );
  }
}

await main().catch((error: unknown) => {
  process.stderr.write(
    `${error instanceof UsageError ? error.message : String((error as Error).stack ?? error)}\n`,
  );
  process.exit(error instanceof UsageError ? 2 : 1);
});
