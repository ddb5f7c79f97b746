import type { Task } from "../durable/administration.ts";
import {
  type Cli,
  type Command,
  CommandFailure,
  checkedId,
  EXIT,
  type ExitCode,
  parseWords,
  refuseOthers,
  UsageError,
} from "./command.ts";

const STATES = ["pending", "acquired", "suspended", "halted", "fulfilled"] as const;
/** What people can still read on a screen. */
const LIST_MAX = 1_000;

export const task: Command = {
  help: `Usage: countersign task list [--state STATE] [--json]
       countersign task halt ID [--json]
       countersign task continue ID [--json]

A task is a worker's turn at a workflow. If no worker can continue a workflow for about twenty minutes, the engine halts
its task until you continue it.

  list       Shows the tasks in a state (default: halted), up to 1,000
  halt       Stops workers from running the workflow ID. It still ends at its deadline
  continue   Gives a halted workflow to workers again

Options:
  --state STATE   ${STATES.join(", ")}
  --json          Print JSON, even on a terminal

Exits 0; 3 when there is no workflow ID; 6 when the workflow has ended or is not halted.

Example:
  countersign task continue po-4711
`,
  async run(args, cli) {
    const { positionals, values } = parseWords(args, { state: { type: "string" } });
    const [action, id, ...others] = positionals;
    if (others.length > 0) throw new UsageError(`One ID only: what is ${others.join(" ")}?`);
    switch (action) {
      case "halt":
      case "continue":
        refuseOthers(action, values, []);
        if (id === undefined || id === "") throw new UsageError("ID is missing");
        return change(cli, action, checkedId(id), values);
      case "list":
        if (id !== undefined) throw new UsageError(`list takes no ID: what is ${id}?`);
        return list(cli, stateOf(values.state ?? "halted"), values);
      default:
        throw new UsageError("Say what to do: list, halt or continue");
    }
  },
};

async function change(
  cli: Cli,
  action: "halt" | "continue",
  id: string,
  values: { json?: boolean },
): Promise<ExitCode> {
  const administration = await cli.administration();
  const isDone = await (action === "halt" ? administration.haltTask(id) : administration.continueTask(id));
  const now = await administration.task(id);
  if (now === undefined) throw new CommandFailure(EXIT.notFound, `${id} not found, or not a workflow`);
  if (!isDone) throw new CommandFailure(EXIT.conflict, `${id} is ${now.state}; nothing was changed`);
  cli.record({ what: `task.${action}`, about: id, outcome: now.state });
  cli.print(now, () => line(now), values);
  return EXIT.ok;
}

async function list(cli: Cli, state: Task["state"], values: { json?: boolean }): Promise<ExitCode> {
  const administration = await cli.administration();
  const found = await administration.tasks(state, LIST_MAX);
  if (found === undefined)
    throw new CommandFailure(EXIT.engineUnavailable, "The engine cannot search for tasks");
  const { tasks, truncated } = found;
  const lines = tasks.length === 0 && !truncated ? [`There is no ${state} task`] : tasks.map(line);
  if (truncated) lines.push(`At least ${tasks.length}: there may be more`);
  cli.print(tasks, () => lines.join("\n"), values);
  return EXIT.ok;
}

function stateOf(text: string): Task["state"] {
  const state = STATES.find((candidate) => candidate === text);
  if (state === undefined) throw new UsageError(`--state must be one of ${STATES.join(", ")}, not ${text}`);
  return state;
}

function line({ id, state, version, pid }: Task): string {
  return `${id}  ${state}  turn ${version}${pid === undefined ? "" : `  by ${pid}`}`;
}
