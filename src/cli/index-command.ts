import { type Command, CommandFailure, EXIT, parseWords, UsageError } from "./command.ts";

export const index: Command = {
  help: `Usage: countersign index rebuild [--json]

Rebuilds the index of approvals from the stored promises. Lists and exports of approvals are read from it; nothing else is. Works
whether or not the service runs. While it runs, everything but lists goes on, and lists are back when the command ends.

Options:
  --json      Print JSON, even on a terminal

Exits 0 when the index is there again.
`,
  async run(args, cli) {
    const { positionals, values } = parseWords(args, {});
    const [verb, ...others] = positionals;
    if (verb !== "rebuild" || others.length > 0) throw new UsageError("Say rebuild");
    const engine = await cli.engine();
    if (cli.config.engine.kind === "embedded" && !cli.config.engine.isIndexed) {
      throw new CommandFailure(EXIT.usage, "There is no index to rebuild: APPROVAL_INDEX is off");
    }
    await engine.rebuild();
    cli.record({ what: "rebuild", outcome: "done" });
    cli.print({ rebuilt: true }, () => "The index is made again", values);
    return EXIT.ok;
  },
};
