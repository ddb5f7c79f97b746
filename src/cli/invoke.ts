import {
  VERSION_RULE,
  parseVersion as versionIn,
  WORKFLOW_TIME,
  WORKFLOW_TIME_TEXT,
} from "../approval/call.ts";
import { ID_PATTERN, ID_RULE } from "../approval/ids.ts";
import { ownWayOf } from "../approval/own-ways.ts";
import type { StoredPromise } from "../durable/durable.ts";
import { currentTime } from "../durable/engine-time.ts";
import { isSameJson } from "../lib/canonical-json.ts";
import { readDataFile } from "../lib/data-file.ts";
import { parseInteroperableJson } from "../lib/exact-json.ts";
import { startApproval } from "./approval.ts";
import {
  type Cli,
  type Command,
  CommandFailure,
  EXIT,
  parseCommand,
  parseGroup,
  parseWorkflowTime,
  UsageError,
} from "./command.ts";
import { describe, describeText, exitCodeOf } from "./describe.ts";
import { callOf } from "./kind.ts";
import { settled } from "./wait.ts";

export const invoke: Command = {
  help: `Usage: countersign invoke ID --func NAME [--arg JSON]… [options]
       countersign invoke ID --approval FILE [--target GROUP] [--wait]

Starts the workflow NAME with that id. If you repeat the same id and call, you get the workflow that was started; nothing
runs twice.

Options:
  --func NAME         The function, as registered on a worker
  --arg JSON          An argument; repeat the option for more
  --approval FILE     In place of --func and --arg: a body of POST /approvals, as JSON or YAML
  --version N         The function's version (default 1)
  --timeout DURATION  The workflow ends after this time, finished or not: 60s, 12h, 1d or ISO 8601, from 1s to ${WORKFLOW_TIME_TEXT.maxDays} days
                      (default ${WORKFLOW_TIME_TEXT.default})
  --target GROUP      The workers' group (default: the setting WORKER_GROUP)
  --wait              Wait for the end, and exit like \`countersign wait\`
  --json              Print JSON, even on a terminal

For an approval, give --approval, or --func approval and the body of POST /approvals as the only --arg; and no --timeout: the
deadline ends it.

Exits 0 when the workflow is started, 6 when the id belongs to another call.

Examples:
  countersign invoke greeting-1 --func greet --arg '"World"' --wait
  countersign invoke po-4711 --func approval --arg '{"title":"Buy pens","approvers":["ana@example.com"]}'
  countersign invoke po-4712 --approval purchase.yaml --wait
`,
  async run(args, cli) {
    const { id, values } = parseCommand(args, {
      func: { type: "string" },
      arg: { type: "string", multiple: true },
      approval: { type: "string" },
      version: { type: "string" },
      timeout: { type: "string" },
      target: { type: "string" },
      wait: { type: "boolean" },
    });
    if (!ID_PATTERN.test(id)) {
      throw new UsageError(`ID ${ID_RULE}`);
    }
    const call = { ...calledIn(values), version: parseVersion(values.version ?? "1") };
    const target = values.target === undefined ? undefined : parseGroup(values.target);
    const { timeout, approval: source } = values;
    const started = await start(cli, id, { ...call, target, timeout, source });
    cli.record({ what: "begin", about: id, func: call.func, outcome: started.state });
    const promise = values.wait === true ? ((await settled(cli, id, undefined)) ?? started) : started;
    cli.print(describe(promise), () => describeText(promise), values);
    return values.wait === true ? exitCodeOf(promise) : EXIT.ok;
  },
};

interface Invocation {
  readonly func: string;
  readonly args: readonly unknown[];
  readonly version: number;
  readonly target: string | undefined;
  readonly timeout: string | undefined;
  /** Where an approval's request is from, if not from `--arg`. */
  readonly source: string | undefined;
}

async function start(
  cli: Cli,
  id: string,
  { target, timeout, source, ...call }: Invocation,
): Promise<StoredPromise> {
  if (call.func === "approval") return await startApproval(cli, id, target, { ...call, timeout, source });
  const timeoutMs = timeout === undefined ? WORKFLOW_TIME.defaultMs : parseWorkflowTime(timeout);
  const durable = await cli.durable();
  const timeoutAt = (await currentTime({ durable, clock: cli.clock })) + timeoutMs;
  const started = await durable.start({ id, ...call, timeoutAt, ...(target && { target }) });
  if (isSameJson({ version: 1, ...callOf(started.param) }, call)) return started;
  throw new CommandFailure(EXIT.conflict, `${id} belongs to another call; nothing was started`);
}

/** What is to be called, by the options of `invoke` and of `schedule create`. @throws UsageError, TextFileError */
export function calledIn({ func, arg, approval }: CallOptions): { func: string; args: unknown[] } {
  if (approval === undefined) return { func: parseFunc(func), args: (arg ?? []).map(parseArgument) };
  if (func !== undefined || arg !== undefined) {
    throw new UsageError("Give either --approval FILE, or --func and --arg");
  }
  return { func: "approval", args: [readDataFile(approval)] };
}

interface CallOptions {
  readonly func?: string | undefined;
  readonly arg?: readonly string[] | undefined;
  readonly approval?: string | undefined;
}

/** @throws UsageError also for a function of Countersign that must not be called by name */
function parseFunc(name: string | undefined): string {
  if (name === undefined || name === "") throw new UsageError("--func is missing");
  const ownWay = name === "approval" ? undefined : ownWayOf(name);
  if (ownWay !== undefined) throw new UsageError(`--func must not be ${name}: ${ownWay}`);
  return name;
}

function parseArgument(text: string): unknown {
  try {
    return parseInteroperableJson(text);
  } catch {
    throw new UsageError(`--arg must be JSON, such as 42, '"World"' or '{"n":1}', not ${text}`);
  }
}

export function parseVersion(text: string): number {
  const version = versionIn(text);
  if (version !== undefined) return version;
  throw new UsageError(`--version must be ${VERSION_RULE}, not ${text}`);
}
