import { auditLog, type LogAudit } from "../evidence/audit/audit.ts";
import { type Command, CommandFailure, EXIT, parseWords, UsageError } from "./command.ts";

export const audit: Command = {
  help: `Usage: countersign audit verify [--json]

Checks the log of events in the embedded engine's file, whether or not the service runs: that no event is changed, missing,
added, in another order or backdated, and that what is stored of each approval is what its events were made of. Names what it
finds. Says which approvals were deleted, and whether the log was off for a time. Changes nothing.

Options:
  --json   Print JSON, even on a terminal

Exits 0 when there is nothing to find; 1 otherwise.
`,
  async run(args, cli) {
    const { positionals, values } = parseWords(args, {});
    if (positionals.join(" ") !== "verify") throw new UsageError("Say verify");
    const engine = await cli.engine();
    const found = readable(() => engine.look(auditLog));
    if (found === undefined) {
      throw new CommandFailure(
        EXIT.notFound,
        "There is no log of events: EVENT_LOG is off, or the service never ran",
      );
    }
    cli.print(found, () => report(found), values);
    return found.count === 0 ? EXIT.ok : EXIT.failed;
  },
};

function readable<T>(look: () => T): T {
  try {
    return look();
  } catch (error) {
    throw new CommandFailure(EXIT.engineUnavailable, error instanceof Error ? error.message : String(error));
  }
}

function report({ size, root, approvals, erased, gaps, unlogged, count, findings }: LogAudit): string {
  const rest = count - findings.length;
  return [
    `${size} events, head ${root}`,
    `${approvals} approvals were compared with their events; of ${erased} the data is deleted, and the events are still there`,
    ...(gaps === 0
      ? []
      : [
          `The log was off, or did not exist yet, ${gaps} times: ${unlogged} events of approvals are not in it`,
        ]),
    ...(count === 0 ? ["Nothing is wrong"] : [`${count} findings:`]),
    ...findings.map(({ kind, what }) => `  ${kind}: ${what}`),
    ...(rest === 0 ? [] : [`  and ${rest} more`]),
  ].join("\n");
}
