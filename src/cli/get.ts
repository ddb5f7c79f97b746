import { type Command, CommandFailure, EXIT, parseCommand } from "./command.ts";
import { describe, describeText } from "./describe.ts";

export const get: Command = {
  help: `Usage: countersign get ID [--json]

Shows the promise with that id: its kind, its state, and how it ended.

Options:
  --json      Print JSON, even on a terminal

Exits 0 in any state, 3 when there is no promise with that id.

Example:
  countersign get po-4711:1
`,
  async run(args, cli) {
    const { id, values } = parseCommand(args, {});
    const promise = await (await cli.durable()).read(id);
    if (promise === undefined) throw new CommandFailure(EXIT.notFound, `${id} not found`);
    cli.print(describe(promise), () => describeText(promise), values);
    return EXIT.ok;
  },
};
