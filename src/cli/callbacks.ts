import { randomUUID } from "node:crypto";
import type { CallbackDetails, CallbackView } from "../approval/stored-callback.ts";
import { currentTime } from "../durable/engine-time.ts";
import { ServiceError } from "../lib/errors.ts";
import { listCallbacks, readCallback, replayCallback } from "../service/callbacks/look-after.ts";
import {
  type Cli,
  type Command,
  CommandFailure,
  EXIT,
  type ExitCode,
  parseWords,
  refuseOthers,
  UsageError,
} from "./command.ts";

const STATUSES = [
  "pending",
  "delivered",
  "gone",
  "failed",
] as const satisfies readonly CallbackView["status"][];

export const callbacks: Command = {
  help: `Usage: countersign callbacks list [--status STATUS] [--about ID] [--json]
       countersign callbacks get ID [--json]
       countersign callbacks replay ID [--json]

list shows callbacks, newest first, at most 1,000. get shows one with its event and every attempt. replay sends one again,
with the same webhook-id, whatever its state.

Options:
  --status STATUS  Only callbacks in this state: pending, delivered, gone or failed
  --about ID       Only callbacks about this approval or workflow
  --json           Print JSON, even on a terminal

Exits 0, or 3 when there is no callback with that id, 6 when it is about a workflow that has not ended.

Example:
  countersign callbacks list --status failed
`,
  async run(args, cli) {
    const { positionals, values } = parseWords(args, {
      status: { type: "string" },
      about: { type: "string" },
    });
    const [verb, id, ...others] = positionals;
    if (others.length > 0) throw new UsageError(`One ID only: what is ${others.join(" ")}?`);
    if (verb === "list") return await list(cli, id, values);
    if (verb !== "get" && verb !== "replay") throw new UsageError("Say list, get or replay");
    if (id === undefined || id === "") throw new UsageError("ID is missing");
    refuseOthers(verb, values, []);
    return await answered(async () => {
      if (verb === "get") {
        const details = await readCallback(await cli.durable(), id);
        cli.print(details, () => detailsText(details), values);
      } else {
        const durable = await cli.durable();
        const view = await replayCallback(durable, id, {
          nowMs: await currentTime({ durable, clock: cli.clock }),
          newId: randomUUID(),
        });
        cli.record({ what: "replay", about: id, replay: view.id, outcome: view.status });
        cli.print(view, () => line(view), values);
      }
    });
  },
};

interface Values {
  readonly status?: string | undefined;
  readonly about?: string | undefined;
  readonly json?: boolean | undefined;
}

async function list(cli: Cli, id: string | undefined, values: Values): Promise<ExitCode> {
  if (id !== undefined) throw new UsageError(`list takes no ID: what is ${id}? Use --about ID`);
  const status = STATUSES.find((each) => each === values.status);
  if (values.status !== undefined && status === undefined) {
    throw new UsageError(`--status must be ${STATUSES.join(", ")}, not ${values.status}`);
  }
  const found = await listCallbacks(await cli.durable(), { status, about: values.about });
  if (found === undefined) {
    throw new CommandFailure(EXIT.usage, "This server cannot search: use callbacks get ID");
  }
  const more = found.truncated ? ["… there are more"] : [];
  const none = found.callbacks.length === 0 ? ["No callbacks"] : [];
  cli.print(found, () => [...found.callbacks.map(line), ...none, ...more].join("\n"), values);
  return EXIT.ok;
}

async function answered(run: () => Promise<void>): Promise<ExitCode> {
  try {
    await run();
    return EXIT.ok;
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error;
    if (error.code === "NOT_FOUND") throw new CommandFailure(EXIT.notFound, error.message);
    if (error.code === "CONFLICT") throw new CommandFailure(EXIT.conflict, error.message);
    throw error;
  }
}

function line({ id, type, about, to, status, attempts, result }: CallbackView): string {
  const tries =
    attempts === undefined ? "" : `  ${attempts} ${attempts === 1 ? "attempt" : "attempts"}, ${result}`;
  return `${id}  ${type} ${about}  to ${to}  ${status}${tries}`;
}

function detailsText(details: CallbackDetails): string {
  const log = details.log.map(({ n, at, ms, result }) => `  attempt ${n}  ${at}  ${result}  ${ms} ms`);
  const next = details.nextAttemptAt === undefined ? [] : [`  next     ${details.nextAttemptAt}`];
  const event = details.event === undefined ? [] : [`  event    ${JSON.stringify(details.event)}`];
  return [line(details), ...event, ...log, ...next].join("\n");
}
