/** One simulation: the whole service for a while of simulated time, from one seed. */
import { createHash } from "node:crypto";
import { randomName } from "../../src/lib/random.ts";
import { randomFrom } from "../support/seeds.ts";
import { simulatedFetch } from "./machine/calls.ts";
import { replaceGlobals } from "./machine/globals.ts";
import { type FaultKind, World } from "./machine/world.ts";
import { Oracle } from "./oracle.ts";
import { EnginePart } from "./parts/engine.ts";
import { gatewayPart } from "./parts/gateway.ts";
import { startReceivers } from "./parts/receivers.ts";
import { startRelay } from "./parts/relay.ts";
import { PUBLIC_URL } from "./parts/settings.ts";
import { workerPart } from "./parts/worker.ts";
import { People } from "./people/person.ts";
import { plansFor } from "./people/plans.ts";
import { Programs } from "./people/program.ts";
import { NO_FAULT, type PlantedFault } from "./planted.ts";

export interface SimulationOptions {
  readonly seed: number;
  /** How long trouble lasts. After it, all that is open comes to its end. */
  readonly days: number;
  /** Approvals that are asked for in a day, on average. */
  readonly perDay?: number;
  /** How many times as often processes die, and how much more of the time is stormy. Default 1. */
  readonly severity?: number | undefined;
  /** Kinds of trouble. Default: those that the planted fault needs, otherwise all. */
  readonly faults?: readonly FaultKind[];
  /** Only these approvals, by their numbers. Default: all. */
  readonly only?: readonly number[] | undefined;
  /** What is wrong with the service on purpose. */
  readonly planted?: PlantedFault;
  /** Gets each line of the log. */
  readonly onLine?: (line: string) => void;
  /** Ends when so many things have happened, wherever it is then. Default: never. */
  readonly happeningsMax?: number;
  /** Ends at the first breach. Default: yes. */
  readonly endsAtBreach?: boolean;
}

interface Breach {
  readonly rule: string;
  readonly what: string;
  /** ISO 8601. */
  readonly at: string;
}

export interface Simulation {
  readonly breaches: readonly Breach[];
  /** SHA-256 of the whole log. */
  readonly digest: string;
  readonly approvals: number;
  /** Things that happened, and chunks that were sent. */
  readonly happened: number;
  readonly chunks: number;
  /** Of trouble, by kind. */
  readonly troubles: ReadonlyMap<string, number>;
  /** How often each rule was checked. */
  readonly checked: ReadonlyMap<string, number>;
}

const START_MS = Date.parse("2030-01-01T00:00:00Z");
const DAY_MS = 24 * 3_600_000;
/** After the trouble: as long as the longest approval with its callbacks may take. */
const AFTER_MS = 60 * DAY_MS;
/** Approvals that are asked for in a day, unless a caller says otherwise. */
export const PER_DAY = 0.7;
const GATEWAYS = 2;
const WORKERS = 2;

/** One after the other: while one runs, the clocks of this process are its own. */
export async function simulate(options: SimulationOptions): Promise<Simulation> {
  const {
    seed,
    days,
    severity = 1,
    planted = NO_FAULT,
    onLine,
    only,
    faults = planted.faults,
    endsAtBreach = true,
  } = options;
  const hash = createHash("sha256");
  const breaches: Breach[] = [];
  const world = new World({
    seed,
    startMs: START_MS,
    faults: new Set(faults),
    severity,
    onFailure: (part, error) =>
      oracle.breach("a part starts again after it died", `${part}: ${String(error)}`),
    onLine: (line) => {
      hash.update(`${line}\n`);
      onLine?.(line);
    },
  });
  const { time, wire } = world;
  const oracle: Oracle = new Oracle({
    now: () => time.now(),
    wasDisturbed: (fromMs, toMs) => world.wasDisturbed(fromMs, toMs),
    onBreach: (rule, what) => {
      breaches.push({ rule, what, at: new Date(time.now()).toISOString() });
      world.log(`BREACH ${rule}: ${what}`);
    },
  });
  const engine = new EnginePart({ world, ...planted.engine });
  // Names that an earlier simulation in this process has left over are used up first.
  const chance = { isFresh: false };
  const torn = randomFrom(seed ^ 0x7ea2);
  const restore = replaceGlobals({
    time,
    wire,
    random: randomFrom(seed ^ 0xc0ffee),
    onPool: () => (chance.isFresh = true),
    fetch: simulatedFetch((send) => {
      const delayMs = time.process === time.outside ? undefined : world.repetition();
      if (delayMs !== undefined) time.after(delayMs, send);
    }),
    onWrite: (bytes, position, write) => {
      if (time.process.name.startsWith("engine")) engine.wrote(bytes, position);
      if (planted.writesLateMs === undefined) write();
      else time.after(planted.writesLateMs, write);
    },
    onSync: () => {
      const { process } = time;
      if (!process.isUp) return;
      world.commit(process);
      if (!process.isUp) engine.tear(torn.chance(0.5) ? 1 : torn.below(1_000) / 1_000);
    },
  });
  try {
    await time.current.run(time.outside, async () => {
      while (!chance.isFresh) randomName();
      const people = new People({ seed, world, oracle, severity });
      const programs = new Programs({ seed, world, oracle, isSettled: (id) => engine.isSettled(id) });
      startRelay({ world, random: randomFrom(seed ^ 0x3e1a), onMail: (mail) => people.read(mail) });
      startReceivers({
        world,
        random: randomFrom(seed ^ 0x4ece),
        onCallback: (received) => oracle.received(received),
      });
      const gateways = Array.from({ length: GATEWAYS }, (_, i) => gatewayPart(i + 1));
      const balance = randomFrom(seed ^ 0xba1a);
      wire.name(`${new URL(PUBLIC_URL).hostname}:80`, () => {
        const up = gateways.filter(({ name }) => world.isUp(name));
        return (up.length === 0 ? gateways[0] : balance.pick(up))?.address;
      });
      await world.add(engine);
      for (const gateway of gateways) await world.add(gateway);
      for (let n = 1; n <= WORKERS; n += 1) await world.add(workerPart(n, world, planted.worker));

      for (const plan of plansFor({ seed, startMs: START_MS, days, perDay: options.perDay ?? PER_DAY })) {
        if (only === undefined || only.includes(plan.n)) programs.plan(plan);
      }
      const tell = () => {
        const day = Math.round((time.now() - START_MS) / DAY_MS);
        world.log(
          `day ${day}: ${time.happened} things happened, ${wire.chunks} chunks, ${wire.digest.toString(16)}`,
        );
        time.after(DAY_MS, tell);
      };
      time.after(DAY_MS, tell);
      time.after(days * DAY_MS, () => world.calmForGood());
      const untilMs = START_MS + days * DAY_MS + AFTER_MS;
      const isCutOff = () => time.happened > (options.happeningsMax ?? Number.POSITIVE_INFINITY);
      const isOver = () =>
        (endsAtBreach && breaches.length > 0) ||
        (programs.open === 0 && people.pending === 0) ||
        isCutOff() ||
        time.now() > untilMs;
      await time.run(isOver);
      if (breaches.length === 0 && programs.open > 0 && !isCutOff()) {
        oracle.breach("each approval ends when trouble has ended", oracle.open().join(", "));
      }
    });
  } finally {
    restore();
    engine.dispose();
  }
  return {
    breaches,
    digest: hash.digest("hex"),
    approvals: oracle.begun,
    happened: time.happened,
    chunks: wire.chunks,
    troubles: world.counts,
    checked: oracle.checked,
  };
}
