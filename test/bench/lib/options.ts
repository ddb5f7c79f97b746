import { tmpdir } from "node:os";
import { parseArgs } from "node:util";

export interface Options {
  /** Names of the parts to run, in this order. */
  readonly parts: readonly string[];
  /** How often each case is run; a ratio has as many values. */
  readonly rounds: number;
  /** Cycles of one run of a workflow with 16 users, after `warmUp` others. */
  readonly cycles: number;
  readonly warmUp: number;
  /** Of servers that take turns: how many sets of fresh processes, which is what a confidence interval is made of. */
  readonly pairs: number;
  /** Cycles of one such turn. */
  readonly turn: number;
  /** Length of one run of what is no workflow. */
  readonly windowMs: number;
  /** How many promises are pending besides, ascending. */
  readonly pending: readonly number[];
  /** How many approvals lists are read from. */
  readonly approvals: number;
  /** Whether lists are read from PostgreSQL, and the parts run on it, too. */
  readonly isPostgres: boolean;
  /** Of a Resonate Server, for the service in parts. */
  readonly resonate: string | undefined;
  /** How many workers the service in parts has, one case each. */
  readonly workers: readonly number[];
  /** The in-memory side is filled no further. */
  readonly seedPendingMax: number;
  /** How long a run waits for the rest of the machine to be quiet. */
  readonly quietMs: number;
  readonly logLevel: string | undefined;
  /** Of a part, just the case of this name. */
  readonly only: string | undefined;
  /** Where the data folders are made. */
  readonly dir: string;
  readonly profileDir: string | undefined;
  readonly jsonFile: string | undefined;
  /** Another checkout of this project to compare with. */
  readonly against: string | undefined;
  /** Where the plots go. */
  readonly plotDir: string | undefined;
  /** What this run is remembered as: a release. */
  readonly record: string | undefined;
}

export class UsageError extends Error {
  override readonly name = "UsageError";
}

const FULL_PENDING = "1000,10000,100000,1000000";
/** Whatever has a target, in a quarter of an hour. */
const RELEASE_PARTS = ["start", "http", "cycle", "users", "fairness", "extras", "against", "pending"];
const RELEASE_PENDING = "10000,1000000";

/** Undefined when help was asked for. */
export function parseOptions(args: readonly string[], partNames: readonly string[]): Options | undefined {
  const { values, positionals } = parse(args);
  if (values.help) return undefined;
  for (const name of positionals) {
    if (!partNames.includes(name)) {
      throw new UsageError(`There is no part ${name}: the parts are ${partNames.join(", ")}`);
    }
  }
  const { against, record, release = false } = values;
  if (release && (positionals.length > 0 || values.full)) {
    throw new UsageError("--release chooses the parts and sizes itself: leave out parts and --full");
  }
  if ((release || positionals.includes("against")) && against === undefined) {
    throw new UsageError(
      `${release ? "--release" : "The part against"} needs --against DIR, another checkout`,
    );
  }
  if (record !== undefined && !/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(record)) {
    throw new UsageError(
      "--record must be a name such as 0.2.0: letters, digits, dots, dashes or underscores",
    );
  }
  const rounds = count("rounds", values.rounds ?? "3");
  return {
    parts: partsOf(positionals, { release, against }, partNames),
    rounds,
    cycles: count("cycles", values.cycles ?? "1500"),
    warmUp: count("warm-up", values["warm-up"] ?? "500"),
    pairs: count("pairs", values.pairs ?? "8"),
    turn: count("turn", values.turn ?? "200"),
    windowMs: count("window", values.window ?? "500"),
    pending: (values.pending ?? (values.full ? FULL_PENDING : release ? RELEASE_PENDING : "10000"))
      .split(",")
      .map((size) => count("pending", size))
      .toSorted((a, b) => a - b),
    approvals: count("approvals", values.approvals ?? (values.full ? "1000000" : "100000")),
    isPostgres: values.postgres ?? false,
    resonate: values.resonate,
    workers: (values.workers ?? "1,2,4").split(",").map((each) => count("workers", each)),
    seedPendingMax: values.full ? 34_000 : 10_000,
    quietMs: values.quiet === undefined ? 0 : count("quiet", values.quiet) * 1000,
    logLevel: values["log-level"],
    only: values.only,
    dir: values.dir ?? tmpdir(),
    profileDir: values.profile,
    jsonFile: values.json,
    against,
    plotDir: values.plots,
    record,
  };
}

/** Two checkouts are compared by themselves; else everything is measured that needs no other. */
function partsOf(
  named: readonly string[],
  { release, against }: { readonly release: boolean; readonly against: string | undefined },
  all: readonly string[],
): readonly string[] {
  if (named.length > 0) return named;
  if (release) return RELEASE_PARTS;
  return against === undefined ? all.filter((name) => name !== "against") : ["against"];
}

function parse(args: readonly string[]) {
  const text = { type: "string" } as const;
  const flag = { type: "boolean" } as const;
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        help: flag,
        full: flag,
        release: flag,
        rounds: text,
        cycles: text,
        "warm-up": text,
        pairs: text,
        turn: text,
        window: text,
        quiet: text,
        only: text,
        pending: text,
        approvals: text,
        postgres: flag,
        resonate: text,
        workers: text,
        "log-level": text,
        dir: text,
        profile: text,
        json: text,
        against: text,
        plots: text,
        record: text,
      },
    });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

function count(name: string, text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1)
    throw new UsageError(`--${name} must be a whole number from 1 on`);
  return value;
}
