import { scheduledCall } from "../approval/starting.ts";
import type { Schedule, ScheduledCall } from "../durable/administration.ts";
import { portableCron } from "../lib/portable-cron.ts";
import { APPROVAL_TAGS, scheduledApproval } from "./approval.ts";
import {
  type Cli,
  type Command,
  CommandFailure,
  EXIT,
  type ExitCode,
  parseGroup,
  parseWords,
  parseWorkflowTime,
  refuseOthers,
  UsageError,
} from "./command.ts";
import { calledIn, parseVersion } from "./invoke.ts";

export const schedule: Command = {
  help: `Usage: countersign schedule create NAME --cron EXPRESSION --func FUNCTION [--arg JSON]… [options]
       countersign schedule create NAME --cron EXPRESSION --approval FILE [--target GROUP]
       countersign schedule list [--json]
       countersign schedule delete NAME [--json]

  create   Starts the workflow FUNCTION at every occurrence, with the id NAME-<time in ms>. Creating the same
           schedule again changes nothing. Occurrences missed while no engine ran start when one runs again
  list     Shows every schedule with its last and next time
  delete   Deletes the schedule NAME; workflows that it has started continue

Options:
  --cron EXPRESSION   Minute, hour, day of the month, month and weekday, in UTC. You may add a field for seconds in
                      front, and then one for years at the end. Or @hourly, @daily, @weekly, @monthly, @yearly. Weekdays are
                      stored by name: 1 is MON
  --func FUNCTION     The function, as registered on a worker
  --arg JSON          An argument; repeat the option for more
  --approval FILE     In place of --func and --arg: a body of POST /approvals, as JSON or YAML
  --version N         The function's version (default 1)
  --timeout DURATION  Each workflow ends after this time, finished or not: 60s, 12h, 1d or ISO 8601 (default P1D)
  --target GROUP      The workers' group (default: the setting WORKER_GROUP)
  --json              Print JSON, even on a terminal

An approval's request has a duration as its deadline, which counts from the occurrence, and no id; --timeout is left out. Each
occurrence is an approval of its own. You can also pass the request with --func approval as the only --arg.

Exits 0; 3 when there is no schedule NAME to delete; 6 when the name belongs to another schedule.

Examples:
  countersign schedule create weekly-review --cron '0 9 * * MON' --func review --arg '"finance"'
  countersign schedule create access --cron '0 9 1 * *' --approval access.yaml
`,
  async run(args, cli) {
    const { positionals, values } = parseWords(args, {
      cron: { type: "string" },
      func: { type: "string" },
      arg: { type: "string", multiple: true },
      approval: { type: "string" },
      version: { type: "string" },
      timeout: { type: "string" },
      target: { type: "string" },
    });
    const [action, name, ...others] = positionals;
    if (others.length > 0) throw new UsageError(`One NAME only: what is ${others.join(" ")}?`);
    switch (action) {
      case "create":
        return create(cli, nameOf(name), values);
      case "delete":
        refuseOthers(action, values, []);
        return remove(cli, nameOf(name), values);
      case "list":
        refuseOthers(action, values, []);
        if (name !== undefined) throw new UsageError(`list takes no NAME: what is ${name}?`);
        return list(cli, values);
      default:
        throw new UsageError("Say what to do: create, list or delete");
    }
  },
};

interface Values {
  readonly cron?: string | undefined;
  readonly func?: string | undefined;
  readonly arg?: readonly string[] | undefined;
  readonly approval?: string | undefined;
  readonly version?: string | undefined;
  readonly timeout?: string | undefined;
  readonly target?: string | undefined;
  readonly json?: boolean | undefined;
}

/** One occurrence should be over when the next comes, mostly. */
const TIMEOUT_DEFAULT_MS = 24 * 3_600_000;

async function create(cli: Cli, name: string, values: Values): Promise<ExitCode> {
  if (values.cron === undefined || values.cron.trim() === "") throw new UsageError("--cron is missing");
  const { func, args } = calledIn(values);
  const cron = cronOf(cli, name, values.cron);
  const schedule = {
    name,
    cron,
    ...callOf(cli, { func, args }, values),
    target: values.target === undefined ? groupOf(cli, func) : parseGroup(values.target),
  };
  const administration = await cli.administration();
  const made = await administration.createSchedule(schedule);
  if (!made.isSame) {
    throw new CommandFailure(
      EXIT.conflict,
      `${name} belongs to another schedule, with ${made.cron}; nothing was changed`,
    );
  }
  cli.record({ what: "schedule.create", about: name, func, cron, outcome: "done" });
  cli.print(shown(made), () => line(made), values);
  return EXIT.ok;
}

/** Where approvals go that are requested in any other way, too. */
function groupOf({ config }: Cli, func: string): string {
  return func === "approval" ? config.worker.builtInGroup : config.worker.group;
}

/** What each occurrence starts. */
function callOf(
  cli: Cli,
  { func, args }: Pick<ScheduledCall, "func" | "args">,
  { approval, version: given = "1", timeout }: Values,
): Pick<ScheduledCall, "func" | "args" | "version" | "timeoutMs" | "tags"> {
  const version = parseVersion(given);
  if (func !== "approval") {
    return {
      func,
      args,
      version,
      timeoutMs: timeout === undefined ? TIMEOUT_DEFAULT_MS : parseWorkflowTime(timeout),
    };
  }
  const request = scheduledApproval(cli, { args, version, timeout, source: approval });
  return { ...scheduledCall(request), tags: APPROVAL_TAGS };
}

/** The expression in words that every engine reads the same. */
function cronOf(cli: Cli, name: string, given: string): string {
  const read = portableCron(given, { seed: name, nowMs: cli.clock() });
  if (!read.ok) throw new UsageError(`--cron ${read.problem}`);
  if (read.onlyHere !== undefined && cli.config.engine.kind === "server") {
    throw new UsageError(`--cron ${given} does not work with the server of RESONATE_URL: ${read.onlyHere}`);
  }
  return read.cron;
}

async function remove(cli: Cli, name: string, values: Values): Promise<ExitCode> {
  const administration = await cli.administration();
  if (!(await administration.deleteSchedule(name))) {
    throw new CommandFailure(EXIT.notFound, `There is no schedule ${name}`);
  }
  cli.record({ what: "schedule.delete", about: name, outcome: "done" });
  cli.print({ name, deleted: true }, () => `${name} is deleted`, values);
  return EXIT.ok;
}

async function list(cli: Cli, values: Values): Promise<ExitCode> {
  const administration = await cli.administration();
  const schedules = await administration.schedules();
  cli.print(
    schedules.map(shown),
    () => (schedules.length === 0 ? "There are no schedules" : schedules.map(line).join("\n")),
    values,
  );
  return EXIT.ok;
}

function nameOf(name: string | undefined): string {
  // Part of each workflow's id, which has at most 64 characters.
  if (name !== undefined && /^[A-Za-z0-9][A-Za-z0-9._-]{0,47}$/.test(name)) return name;
  throw new UsageError(
    "NAME must be 1 to 48 letters, digits, '.', '_' or '-', beginning with a letter or digit",
  );
}

function shown({ name, cron, nextRunAt, lastRunAt }: Schedule): object {
  return {
    name,
    cron,
    lastRunAt: lastRunAt === undefined ? null : iso(lastRunAt),
    nextRunAt: nextRunAt >= NEVER ? null : iso(nextRunAt),
  };
}

function line({ name, cron, nextRunAt, lastRunAt }: Schedule): string {
  const last = lastRunAt === undefined ? "" : `, last ${iso(lastRunAt)}`;
  return `${name}  ${cron}  ${nextRunAt >= NEVER ? "over" : `next ${iso(nextRunAt)}`}${last}`;
}

/** The last time there is: it will not occur again. */
const NEVER = 8_640_000_000_000_000;

function iso(time: number): string {
  return new Date(time).toISOString();
}
