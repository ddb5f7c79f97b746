import { type ParseArgsConfig, parseArgs } from "node:util";
import { GROUP_NAME, GROUP_NAME_RULE, WORKFLOW_TIME, WORKFLOW_TIME_TEXT } from "../approval/call.ts";
import { durationProblem, parseDuration as isoDuration } from "../approval/duration.ts";
import type { Config } from "../config/config.ts";
import type { Administration } from "../durable/administration.ts";
import type { Durable } from "../durable/durable.ts";
import type { FileState, Walk } from "../engine/operate/walk.ts";
import type { EventLog } from "../evidence/event-log.ts";
import type { Ledger } from "../ledger/ledger.ts";
import type { IndexOperator } from "../ledger/postgres/operate.ts";
import type { AuditEntry } from "../lib/audit.ts";
import { ID_CHARS_MAX } from "../protocol/ids.ts";

/** Exit codes. They are part of the contract: `docs/command-line.md` lists them. */
export const EXIT = {
  ok: 0,
  /** It ended, but not well: rejected, canceled or timed out. */
  failed: 1,
  usage: 2,
  notFound: 3,
  engineUnavailable: 4,
  /** Still pending when the time to wait was over. */
  pending: 5,
  /** The id belongs to another call. */
  conflict: 6,
  /** A fault of ours. */
  internal: 70,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

export interface Command {
  /** All that `--help` prints. */
  readonly help: string;
  run(args: readonly string[], cli: Cli): Promise<ExitCode>;
}

/** Where a run of the command line finds its variables, and what it writes to. */
export interface Io {
  /** Gets the settings of a file `.env`. */
  readonly env: NodeJS.ProcessEnv;
  /** Whether people read what is written to `out`. */
  readonly isTerminal: boolean;
  out(text: string): void;
  err(text: string): void;
}

/** What commands have of the world. What takes many modules is read when it is asked for. */
export interface Cli {
  /** Connects at the first call, so call it after the arguments are checked: wrong usage is reported first. */
  durable(): Promise<Durable>;
  administration(): Promise<Administration>;
  /** Where lists of approvals are read from. */
  ledger(): Promise<Ledger>;
  /** The index in PostgreSQL; undefined if the settings name none. */
  index(): Promise<IndexOperator | undefined>;
  /** The log of events, asked of the engine that runs. */
  eventLog(): Promise<EventLog>;
  /** The embedded engine's folder; a `CommandFailure` with `RESONATE_URL`. */
  engine(): Promise<EngineOperations>;
  readonly config: Config;
  /** A variable that a settings file refers to by a name of the operator's choice. */
  readonly environment: (name: string) => string | undefined;
  /** What must be different about a callback URL, if something must. */
  readonly callbackUrlProblem: (url: string) => string | undefined;
  /** Prints `value` as JSON, or the text made of it for people. */
  print(value: unknown, text: () => string, options: { readonly json?: boolean | undefined }): void;
  /** Writes text as it is. */
  write(text: string): void;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
  /** Writes down what the operator has changed. */
  record(entry: Omit<AuditEntry, "who" | "requestId">): void;
}

/** What can be done to the embedded engine, whether or not it runs. */
interface EngineOperations {
  /** Deletes workflows that ended longer ago; returns the number of deleted promises. */
  collect(olderThanMs: number): Promise<{ readonly promises: number }>;
  /** Deletes a workflow with everything below it, if nothing of it is open. */
  erase(id: string): Promise<{ readonly promises: number; readonly state: "done" | "open" | "unknown" }>;
  /** What `erase` would answer, without its deletions. */
  erasable(id: string): Promise<{ readonly state: "done" | "open" | "unknown" }>;
  /** Writes the file again, without what was deleted. `false`: it did not, because an engine runs. */
  compact(): Promise<boolean>;
  /** Makes the index of approvals again. */
  rebuild(): Promise<void>;
  backUp(target: string): { readonly file: string; readonly bytes: number };
  examine(): Examination;
  /** Gives `visit` one state of the engine's file. */
  look<T>(visit: (state: FileState) => T): T;
  /** Gives `visit` the engine's promises, as they are on disk. */
  walk<T>(visit: (promises: Walk) => T): T;
}

export interface Examination {
  readonly file: string;
  readonly isRunning: boolean;
  readonly schema: number;
  readonly isCurrent: boolean;
  readonly bytes: { readonly file: number; readonly free: number; readonly log: number };
  readonly inJournal: number;
  /** By state. */
  readonly promises: Readonly<Record<string, number>>;
  readonly tasks: Readonly<Record<string, number>>;
  readonly schedules: number;
  readonly checks: number;
  readonly findings: readonly {
    readonly level: "broken" | "attention";
    readonly what: string;
    readonly ids: readonly string[];
  }[];
}

/** The command line cannot be understood; the message says what would be right. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** Stored promises did not have what the command was asked for. The message goes to people, the code to the shell. */
export class CommandFailure extends Error {
  override readonly name = "CommandFailure";
  readonly exitCode: ExitCode;

  constructor(exitCode: ExitCode, message: string) {
    super(message);
    this.exitCode = exitCode;
  }
}

type Options = NonNullable<ParseArgsConfig["options"]>;

/** Options and the one `ID` that every command takes. */
export function parseCommand<const T extends Options>(args: readonly string[], options: T) {
  const parsed = parseWords(args, options);
  const [id, ...others] = parsed.positionals;
  if (id === undefined || id === "") throw new UsageError("ID is missing");
  if (others.length > 0) throw new UsageError(`One ID only: what is ${others.join(" ")}?`);
  return { id: checkedId(id), values: parsed.values };
}

/**
 * An id to look for. Some engines refuse ids that are longer than our protocol allows, and some look for them. With this
 * check the result is the same on every engine.
 */
export function checkedId(id: string): string {
  if (id.length > ID_CHARS_MAX) throw new UsageError(`ID must have at most ${ID_CHARS_MAX} characters`);
  return id;
}

/**
 * A worker group, by the rule of the setting `WORKER_GROUP`. Some engines accept an address such as `poll://any@worker`, and
 * then offer the workflow to no worker.
 */
export function parseGroup(text: string): string {
  if (GROUP_NAME.test(text)) return text;
  throw new UsageError(`--target must be a worker group, of ${GROUP_NAME_RULE}, not ${text}`);
}

/** How long a workflow may take: `parseDuration`, from a second on. */
export function parseWorkflowTime(text: string): number {
  const ms = parseDuration("--timeout", text);
  if (ms < WORKFLOW_TIME.minMs)
    throw new UsageError(`--timeout must be at least ${WORKFLOW_TIME.minMs / UNITS.s}s`);
  return ms;
}

/** Options and words, for a command that is several. */
export function parseWords<const T extends Options>(args: readonly string[], options: T) {
  return understood(() =>
    parseArgs({
      args: [...args],
      options: { ...options, json: { type: "boolean" } },
      allowPositionals: true,
    }),
  );
}

/**
 * Refuses options that mean nothing for this verb of a command: nobody should believe that they did something.
 *
 * @param values of `parseWords`, which knows the options of all its verbs
 * @throws UsageError
 */
export function refuseOthers(
  verb: string,
  values: Readonly<Record<string, unknown>>,
  taken: readonly string[],
): void {
  for (const [name, value] of Object.entries(values)) {
    if (value === undefined || name === "json" || taken.includes(name)) continue;
    throw new UsageError(`${verb} takes no --${name}`);
  }
}

function understood<T>(parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    if (error instanceof TypeError && "code" in error) throw new UsageError(error.message, { cause: error });
    throw error;
  }
}

const UNITS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** `60s`, `5m`, `12h`, `1d` or ISO 8601 (`PT60S`, `P1D`), at most as long as a workflow may take, in milliseconds. */
export function parseDuration(option: string, text: string): number {
  const ms = shortMs(text) ?? (durationProblem(text) === undefined ? isoDuration(text) : undefined);
  if (ms !== undefined && ms >= 0 && ms <= WORKFLOW_TIME.maxMs) return ms;
  throw new UsageError(
    `${option} must be a duration up to ${WORKFLOW_TIME_TEXT.maxDays} days, such as 60s, 5m, 12h, 1d or P1DT12H, not ${text}`,
  );
}

function shortMs(text: string): number | undefined {
  const [, amount, unit] = /^(\d{1,9})(ms|s|m|h|d)$/.exec(text) ?? [];
  return unit === undefined ? undefined : Number(amount) * UNITS[unit as keyof typeof UNITS];
}
