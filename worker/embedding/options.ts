/** The options of `createWorker`, and how they are checked. */
import { GROUP_NAME, GROUP_NAME_RULE } from "../../src/approval/call.ts";
import { type KnownPeople, NO_KNOWN_PEOPLE } from "../../src/approval/same-person.ts";
import { loadAliases } from "../../src/config/aliases.ts";
import { ConfigError } from "../../src/lib/config-error.ts";
import { isLoopback } from "../../src/lib/loopback.ts";
import { TextFileError } from "../../src/lib/text-file.ts";
import { WORKER_LIMITS } from "../../src/lib/worker-limits.ts";
import { isMeantAsWorkflow, type Workflow, workflowProblems } from "../../src/workflows/workflow.ts";
import type { WorkerLog } from "../runtime/sdk-log.ts";

export interface CreateWorkerOptions {
  /** The engine's address: `http://127.0.0.1:8001` beside `countersign start`, else that of the Resonate Server. */
  readonly url: string;
  /** The engine's token: the content of `engine.token` in `DATA_DIR`, or the `RESONATE_TOKEN` of the server. */
  readonly token?: string | undefined;
  /** The workflows that this worker runs, made by `defineWorkflow`. */
  readonly workflows: readonly Workflow[];
  /** The worker group of your program, never Countersign's. Programs with other workflows need another. Default `app`. */
  readonly group?: string | undefined;
  /** `WORKER_GROUP` of the service, which runs the approvals. Default `worker`. */
  readonly countersignGroup?: string | undefined;
  /**
   * Path of the service's `ALIASES_FILE`: which addresses are one person's, for the approvals that these workflows ask for. It is
   * read once.
   */
  readonly aliasesFile?: string | undefined;
  /** Workflows that run at once, 1 to 1000; the others wait in the engine. Default 50. */
  readonly concurrency?: number | undefined;
  /**
   * Milliseconds after which a workflow of a crashed process goes to another, 1,000 to 3,600,000. Default 15,000 on this
   * machine, else 60,000.
   */
  readonly leaseMs?: number | undefined;
  /** Default: warnings and errors, as lines of JSON on standard error. */
  readonly log?: WorkerLog | undefined;
}

/** Options, checked and with every default filled in. */
export interface WorkerSettings {
  /** Without a slash at its end. */
  readonly url: string;
  readonly token: string | undefined;
  readonly workflows: readonly Workflow[];
  readonly group: string;
  readonly countersignGroup: string;
  readonly known: KnownPeople;
  readonly concurrency: number;
  readonly leaseMs: number;
  readonly log: WorkerLog | undefined;
}

const NAMES: Readonly<Record<keyof CreateWorkerOptions, true>> = {
  url: true,
  token: true,
  workflows: true,
  group: true,
  countersignGroup: true,
  aliasesFile: true,
  concurrency: true,
  leaseMs: true,
  log: true,
};

const WORKFLOWS_MAX = 1_000;
const { concurrency: CONCURRENCY, leaseMs: LEASE_MS } = WORKER_LIMITS;
/** Groups of Countersign's other parts, which run no workflow. */
const TAKEN_GROUPS: readonly string[] = ["gateway", "cli", "countersign-probe"];

/** @throws TypeError naming every option that is wrong, and what would be right */
export function checkOptions(options: CreateWorkerOptions): WorkerSettings {
  const problems: string[] = [];
  // Programs without types may pass anything.
  const given: Readonly<Record<string, unknown>> = isObject(options) ? options : {};
  if (!isObject(options)) problems.push("its options must be an object: createWorker({ url, workflows })");
  for (const name of Object.keys(given)) {
    if (!Object.hasOwn(NAMES, name))
      problems.push(`${name.slice(0, 64)} is not a known option: there are ${Object.keys(NAMES).join(", ")}`);
  }
  const url = urlOf(given["url"], problems);
  const countersignGroup = groupOf("countersignGroup", given["countersignGroup"], "worker", problems);
  const settings: WorkerSettings = {
    url: url?.href.replace(/\/$/u, "") ?? "",
    token: tokenOf(given["token"], problems),
    workflows: workflowsOf(given["workflows"], problems),
    group: groupOf("group", given["group"], "app", problems),
    countersignGroup,
    known: knownOf(given["aliasesFile"], problems),
    concurrency: integerOf(
      "concurrency",
      given["concurrency"],
      { ...CONCURRENCY, fallback: CONCURRENCY.default },
      problems,
    ),
    leaseMs: integerOf("leaseMs", given["leaseMs"], { ...LEASE_MS, fallback: leaseFor(url) }, problems),
    log: logOf(given["log"], problems),
  };
  if (settings.group === countersignGroup || TAKEN_GROUPS.includes(settings.group)) {
    problems.push(
      `group must be one of your program's own, not Countersign's ${settings.group}: workers of one group are given each other's work`,
    );
  }
  if (problems.length > 0) throw new TypeError(`Cannot create a worker: ${problems.join("; ")}`);
  return settings;
}

function urlOf(given: unknown, problems: string[]): URL | undefined {
  const url = typeof given === "string" ? URL.parse(given) : null;
  const isSound = url !== null && /^https?:$/u.test(url.protocol) && url.hostname !== "";
  if (isSound && url.username === "" && url.password === "" && url.search === "" && url.hash === "")
    return url;
  // The message does not repeat the value, which may contain a password.
  problems.push(
    "url must be the engine's http or https address, such as http://127.0.0.1:8001, without user, query and #: a token goes into token",
  );
  return undefined;
}

function tokenOf(given: unknown, problems: string[]): string | undefined {
  if (given === undefined) return undefined;
  // The file of a token ends in a line break.
  const token = typeof given === "string" ? given.trim() : "";
  if (/^[\x21-\x7e]+$/u.test(token)) return token;
  problems.push(
    "token must be letters, digits and signs of ASCII without blanks and line breaks, such as the content of engine.token; leave it out for an engine without tokens",
  );
  return undefined;
}

function workflowsOf(given: unknown, problems: string[]): readonly Workflow[] {
  if (!Array.isArray(given) || given.length === 0 || given.length > WORKFLOWS_MAX) {
    problems.push(
      `workflows must be a list of 1 to ${WORKFLOWS_MAX} workflows, each what defineWorkflow({ name, run }) answers`,
    );
    return [];
  }
  const places = new Map<string, number>();
  for (const [n, workflow] of (given as readonly unknown[]).entries()) {
    const where = `workflows[${n}]`;
    if (!isMeantAsWorkflow(workflow)) {
      problems.push(`${where} must be what defineWorkflow({ name, run }) answers`);
      continue;
    }
    const wrong = workflowProblems(workflow as object);
    for (const problem of wrong) problems.push(`${where}: ${problem}`);
    if (wrong.length > 0) continue;
    const { name, version } = workflow as Workflow;
    const key = `${name} version ${version}`;
    const other = places.get(key);
    if (other === undefined) places.set(key, n);
    else problems.push(`${where}: ${key} is workflows[${other}] already: give one another name or version`);
  }
  return given as readonly Workflow[];
}

function groupOf(name: string, given: unknown, fallback: string, problems: string[]): string {
  if (given === undefined) return fallback;
  if (typeof given === "string" && GROUP_NAME.test(given)) return given;
  problems.push(`${name} must be ${GROUP_NAME_RULE}, not ${shown(given)}`);
  return fallback;
}

function knownOf(given: unknown, problems: string[]): KnownPeople {
  if (given === undefined) return NO_KNOWN_PEOPLE;
  if (typeof given !== "string" || given === "") {
    problems.push(`aliasesFile must be the path of a file, not ${shown(given)}`);
    return NO_KNOWN_PEOPLE;
  }
  try {
    return loadAliases({ aliasesFile: given }, "aliasesFile");
  } catch (error) {
    if (error instanceof ConfigError) problems.push(...error.problems);
    else if (error instanceof TextFileError) problems.push(`aliasesFile: ${error.message}`);
    else throw error;
    return NO_KNOWN_PEOPLE;
  }
}

function integerOf(
  name: string,
  given: unknown,
  { min, max, fallback }: { readonly min: number; readonly max: number; readonly fallback: number },
  problems: string[],
): number {
  if (given === undefined) return fallback;
  if (Number.isSafeInteger(given) && Number(given) >= min && Number(given) <= max) return Number(given);
  problems.push(`${name} must be a whole number from ${min} to ${max}, not ${shown(given)}`);
  return fallback;
}

function leaseFor(url: URL | undefined): number {
  return url === undefined || isLoopback(url.hostname) ? LEASE_MS.default.here : LEASE_MS.default.elsewhere;
}

function logOf(given: unknown, problems: string[]): WorkerLog | undefined {
  if (given === undefined) return undefined;
  const isLog = isObject(given) && LEVELS.every((level) => typeof given[level] === "function");
  if (isLog) return given as unknown as WorkerLog;
  problems.push(
    "log must be a logger with the functions info, warn and error, each called with fields and a message: a pino logger has",
  );
  return undefined;
}

const LEVELS = ["info", "warn", "error"] as const;

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function shown(given: unknown): string {
  const text = typeof given === "string" ? JSON.stringify(given) : String(given);
  return text.length > 40 ? `${text.slice(0, 40)}…` : text;
}
