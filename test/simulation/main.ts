/**
 * `npm run simulate`: the whole service in this process, for days or years of simulated time, from seeds.
 *
 *     npm run simulate -- --seed 7 --years 1       one seed
 *     npm run simulate -- --runs 100 --days 60     many seeds, each shown
 *     npm run simulate -- --planted mail-not-stored
 *
 * A seed that breaks a promise is made smaller: fewer days, fewer kinds of trouble, fewer approvals.
 */
import { parseArgs } from "node:util";
import { FAULT_KINDS, type FaultKind } from "./machine/world.ts";
import { NO_FAULT, PLANTED } from "./planted.ts";
import { shrink } from "./shrink.ts";
import { type Simulation, type SimulationOptions, simulate } from "./simulate.ts";

const { values } = parseArgs({
  options: {
    seed: { type: "string" },
    years: { type: "string" },
    days: { type: "string", default: "365" },
    runs: { type: "string", default: "1" },
    faults: { type: "string" },
    severity: { type: "string", default: "1" },
    only: { type: "string" },
    planted: { type: "string" },
    log: { type: "boolean", default: false },
    "no-shrink": { type: "boolean", default: false },
  },
});

const first = values.seed === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(values.seed);
const days = values.years === undefined ? Number(values.days) : Number(values.years) * 365;
const severity = Number(values.severity);
const only = values.only?.split(",").map(Number);
const planted = values.planted === undefined ? undefined : PLANTED[values.planted];
if (values.planted !== undefined && planted === undefined) {
  throw new Error(`--planted must be one of ${Object.keys(PLANTED).join(", ")}`);
}

const faults = values.faults?.split(",").filter(isFault) ?? (planted ?? NO_FAULT).faults;

for (let seed = first; seed < first + Number(values.runs); seed += 1) {
  const options: SimulationOptions = { seed, days, faults, severity, only, ...(planted && { planted }) };
  say(`seed ${seed} …`);
  const startedAt = performance.now();
  const done = await simulate({ ...options, ...(values.log && { onLine: say }) });
  say(told(options, done, performance.now() - startedAt));
  if (done.breaches.length === 0) continue;
  process.exitCode = 1;
  if (values["no-shrink"]) continue;
  const { options: smaller, done: small, tries } = await shrink(options, done);
  say(`After ${tries} tries, the smallest that breaks the same promise:`);
  say(told(smaller, small, 0));
  const name = values.planted === undefined ? "" : ` --planted ${values.planted}`;
  const rest = smaller.only === undefined ? "" : ` --only ${smaller.only.join(",")}`;
  say(
    `npm run simulate -- --seed ${seed} --days ${smaller.days} --severity ${severity} --faults ${smaller.faults?.join(",") || "none"}${rest}${name} --log --no-shrink`,
  );
}

function told({ seed, days: length }: SimulationOptions, done: Simulation, ms: number): string {
  const troubles = [...done.troubles].map(([kind, count]) => `${kind} ${count}`).join(", ");
  const speed = ms === 0 ? "" : ` in ${(ms / 1_000).toFixed(1)} s`;
  const lines = [
    `seed ${seed}: ${length} days${speed}, ${done.approvals} approvals, ${done.happened} happenings, ${done.chunks} chunks, log ${done.digest.slice(0, 16)}`,
    `  trouble: ${troubles || "none"}`,
    ...done.breaches.map(({ at, rule, what }) => `  BROKEN at ${at}: ${rule}: ${what}`),
  ];
  return lines.join("\n");
}

function isFault(kind: string): kind is FaultKind {
  return (FAULT_KINDS as readonly string[]).includes(kind);
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}
