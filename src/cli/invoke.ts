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

Starts the workflow NAME with that id. If you repeat the same id and call, you get the workflow that was started; nothing
runs twice.

Options:
  --func NAME         The function, as registered on a worker
  --arg JSON          An argument; repeat the option for more
  --version N         The function's version (default 1)
  --timeout DURATION  The workflow ends after this time, finished or not: 60s, 12h, 1d or ISO 8601, from 1s to ${WORKFLOW_TIME_TEXT.maxDays} days
                      (default ${WORKFLOW_TIME_TEXT.default})
  --target GROUP      The workers' group (default: the setting WORKER_GROUP)
  --wait              Wait for the end, and exit like \`countersign wait\`
  --json              Print JSON, even on a terminal

For an approval, pass the body of POST /approvals as the only --arg, and no --timeout: the deadline ends it.

Exits 0 when the workflow is started, 6 when the id belongs to another call.

Examples:
  countersign invoke greeting-1 --func greet --arg '"World"' --wait
  countersign invoke po-4711 --func approval --arg '{"title":"Buy pens","approvers":["ana@example.com"]}'
`,
  async run(args, cli) {
    const { id, values } = parseCommand(args, {
      func: { type: "string" },
      arg: { type: "string", multiple: true },
      version: { type: "string" },
      timeout: { type: "string" },
      target: { type: "string" },
      wait: { type: "boolean" },
    });
    if (!ID_PATTERN.test(id)) {
      throw new UsageError(`ID ${ID_RULE}`);
    }
    const call = {
      func: parseFunc(values.func),
      args: (values.arg ?? []).map(parseArgument),
      version: parseVersion(values.version ?? "1"),
    };
    const target = values.target === undefined ? undefined : parseGroup(values.target);
    const started = await start(cli, id, { ...call, target, timeout: values.timeout });
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
}

async function start(cli: Cli, id: string, { target, timeout, ...call }: Invocation): Promise<StoredPromise> {
  if (call.func === "approval") return await startApproval(cli, id, target, { ...call, timeout });
  const timeoutMs = timeout === undefined ? WORKFLOW_TIME.defaultMs : parseWorkflowTime(timeout);
  const durable = await cli.durable();
  const timeoutAt = (await currentTime({ durable, clock: cli.clock })) + timeoutMs;
  const started = await durable.start({ id, ...call, timeoutAt, ...(target && { target }) });
  if (isSameJson({ version: 1, ...callOf(started.param) }, call)) return started;
  throw new CommandFailure(EXIT.conflict, `${id} belongs to another call; nothing was started`);
}

/** @throws UsageError also for a function of Countersign that must not be called by name */
export function parseFunc(name: string | undefined): string {
  if (name === undefined || name === "") throw new UsageError("--func is missing");
  const ownWay = name === "approval" ? undefined : ownWayOf(name);
  if (ownWay !== undefined) throw new UsageError(`--func must not be ${name}: ${ownWay}`);
  return name;
}

export function parseArgument(text: string): unknown {
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
