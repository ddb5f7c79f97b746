import { type Command, EXIT, parseDuration, parseWords, UsageError } from "./command.ts";

export const gc: Command = {
  help: `Usage: countersign gc --older-than DURATION [--json]

Deletes workflows and approvals if every part of them ended longer ago than DURATION. The setting RETENTION does the same
continuously. You can no longer look up what is deleted, and its id can be used again.

Options:
  --older-than DURATION   60s, 12h, 30d or ISO 8601 (P30D)
  --json                  Print JSON, even on a terminal

Exits 0, also when there is nothing to delete.

Example:
  countersign gc --older-than P30D
`,
  async run(args, cli) {
    const { positionals, values } = parseWords(args, { "older-than": { type: "string" } });
    if (positionals.length > 0) throw new UsageError(`What is ${positionals.join(" ")}?`);
    const given = values["older-than"];
    if (given === undefined) throw new UsageError("--older-than is missing");
    const olderThanMs = parseDuration("--older-than", given);
    const { promises } = await (await cli.engine()).collect(olderThanMs);
    cli.record({ what: "gc", olderThan: given, promises, outcome: "done" });
    cli.print({ deletedPromises: promises }, () => `${promises} promises are deleted`, values);
    return EXIT.ok;
  },
};
