import {
  type Cli,
  type Command,
  CommandFailure,
  EXIT,
  type ExitCode,
  parseWords,
  UsageError,
} from "./command.ts";

export const index: Command = {
  help: `Usage: countersign index rebuild|migrate [--json]

Looks after the index of approvals. Lists and exports of approvals are read from it; nothing else is.

  rebuild     Makes it again from the stored promises. Works whether or not the service runs. While it runs, everything but lists
              goes on, and lists are back when the command ends
  migrate     Brings the tables in the database of INDEX_URL up to date. Gateways and workers do so when they start; run it
              first where their user of the database may not create tables

Options:
  --json      Print JSON, even on a terminal

Exits 0 when the index is there again, or the tables are up to date.
`,
  async run(args, cli) {
    const { positionals, values } = parseWords(args, {});
    const [verb, ...others] = positionals;
    if (others.length > 0 || (verb !== "rebuild" && verb !== "migrate"))
      throw new UsageError("Say rebuild or migrate");
    return await (verb === "rebuild" ? rebuild : migrate)(cli, values);
  },
};

type Values = Parameters<Cli["print"]>[2];

async function rebuild(cli: Cli, values: Values): Promise<ExitCode> {
  const operator = await cli.index();
  const { leftOut } = operator === undefined ? await ofEngine(cli) : await operator.rebuild();
  cli.record({ what: "rebuild", outcome: "done" });
  const left = leftOut.length === 0 ? "" : `, without these, which cannot be read: ${leftOut.join(", ")}`;
  cli.print({ rebuilt: true, leftOut }, () => `The index is made again${left}`, values);
  return leftOut.length === 0 ? EXIT.ok : EXIT.failed;
}

async function ofEngine(cli: Cli): Promise<{ readonly leftOut: readonly string[] }> {
  const engine = await cli.engine();
  if (cli.config.engine.kind === "embedded" && !cli.config.engine.isIndexed) {
    throw new CommandFailure(EXIT.usage, "There is no index to rebuild: APPROVAL_INDEX is off");
  }
  await engine.rebuild();
  return { leftOut: [] };
}

async function migrate(cli: Cli, values: Values): Promise<ExitCode> {
  const operator = await cli.index();
  if (operator === undefined)
    throw new UsageError("INDEX_URL is not set: the embedded engine keeps its tables up to date itself");
  const { from, to } = await operator.migrate();
  cli.print(
    { from, to },
    () => (from === to ? `The tables are up to date (version ${to})` : `The tables are at version ${to} now`),
    values,
  );
  return EXIT.ok;
}
