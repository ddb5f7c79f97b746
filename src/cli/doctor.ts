import { stored } from "../durable/protocol-client.ts";
import { checkIndex, type IndexCheck } from "../ledger/check.ts";
import { findOdd, type OddPromise, type OddPromises } from "../service/promises/odd.ts";
import { type Command, CommandFailure, EXIT, type Examination, parseWords, UsageError } from "./command.ts";

/** Odd promises that are listed; all are counted. */
const ODD_MAX = 20;

export const doctor: Command = {
  help: `Usage: countersign doctor [--json]

Examines the embedded engine's file, whether or not the service runs: whether it is sound, whether everything holds that
must always hold, what is stuck, which workflows are tried again and again, which are halted. Names the promises of
approvals, callbacks and webhooks that another program has settled with something of its own, at most ${ODD_MAX} of them.
Compares the index of approvals with what is stored. Changes nothing.

Options:
  --json      Print JSON, even on a terminal

Exits 0 when there is nothing to say; 1 when something is broken or needs a person.
`,
  async run(args, cli) {
    const { positionals, values } = parseWords(args, {});
    if (positionals.length > 0) throw new UsageError(`What is ${positionals.join(" ")}?`);
    const engine = await cli.engine();
    const found = readable(() => engine.examine());
    // If the file is broken, or belongs to another version, it is unknown what should be in it.
    const isSound = found.isCurrent && !found.findings.some(({ level }) => level === "broken");
    const nowMs = cli.clock();
    const odd = isSound
      ? readable(() => engine.walk((walk) => findOdd({ ...walk, decode: stored }, { nowMs, limit: ODD_MAX })))
      : undefined;
    const index = isSound ? readable(() => engine.look(checkIndex)) : undefined;
    cli.print({ ...found, odd, index }, () => report(found, odd, index), values);
    const isWell = found.findings.length === 0 && (odd === undefined || odd.open === 0);
    return isWell && (index?.wrong ?? []).length === 0 ? EXIT.ok : EXIT.failed;
  },
};

function readable<T>(look: () => T): T {
  try {
    return look();
  } catch (error) {
    throw new CommandFailure(EXIT.engineUnavailable, error instanceof Error ? error.message : String(error));
  }
}

/** Nothing to say of an index that is whole and right, that is not kept, or that the engine is making. */
function indexLines(index: IndexCheck | undefined): string[] {
  if (index === undefined || index.state === "none") return [];
  if (index.state === "building") return ["index     is being made"];
  if (index.state === "stale") {
    return ["NOTE  the index of approvals belongs to other promises: the next start makes it again"];
  }
  if (index.wrong.length === 0) return [`index     ${index.compared} approvals compared`];
  return [
    `ATTENTION  the index tells these approvals wrongly: ${index.wrong.join(", ")}. Run countersign index rebuild`,
  ];
}

function report(found: Examination, odd: OddPromises | undefined, index: IndexCheck | undefined): string {
  const { file, isRunning, bytes, inJournal, promises, tasks, schedules, checks, findings } = found;
  const lines = [
    `${file}  ${bytes.file} bytes, ${bytes.free} of them free, log ${bytes.log}, ${inJournal} transactions in the journal alone; the engine ${isRunning ? "runs" : "does not run"}`,
    `promises  ${byState(promises)}`,
    `tasks     ${byState(tasks)}`,
    `schedules ${schedules}`,
    ...indexLines(index),
    ...findings.map(
      ({ level, what, ids }) =>
        `${level.toUpperCase()}  ${what}${ids.length === 0 ? "" : `: ${ids.join(", ")}`}`,
    ),
    ...(odd === undefined || odd.number === 0 ? [] : oddLines(odd)),
  ];
  if (findings.length === 0 && (odd === undefined || odd.number === 0)) {
    lines.push(`${checks} checks, no problems`);
  }
  return lines.join("\n");
}

function oddLines({ number, open, promises }: OddPromises): string[] {
  const level = open > 0 ? "ATTENTION" : "NOTE";
  const which = number === 1 ? "1 promise was" : `${number} promises were`;
  const more = number - promises.length;
  return [
    `${level}  ${which} settled by another program, which has the engine's token, with what the product does not write there`,
    ...promises.flatMap(oddLine),
    ...(more > 0 ? [`  … and ${more} more`] : []),
  ];
}

function oddLine({ id, kind, isOver, wrong, means, remedy }: OddPromise): string[] {
  return [`  ${id}  ${kind}${isOver ? ", its time is over" : ""}: ${wrong}`, `    ${means}. ${remedy}`];
}

function byState(counts: Readonly<Record<string, number>>): string {
  const entries = Object.entries(counts);
  return entries.length === 0 ? "none" : entries.map(([state, number]) => `${number} ${state}`).join(", ");
}
