import { type Command, EXIT, parseWords, UsageError } from "./command.ts";

export const backup: Command = {
  help: `Usage: countersign backup FILE [--json]

Copies the embedded engine's file to FILE, which must not exist, whether or not the service runs. The copy has everything
that was acknowledged before. It is checked, and only its owner can read it. Keys are in other files of DATA_DIR: back up
those, too.

Options:
  --json      Print JSON, even on a terminal

Exits 0; 2 when FILE exists or cannot be written.

Example:
  countersign backup /var/backups/engine-$(date +%F).db
`,
  async run(args, cli) {
    const { positionals, values } = parseWords(args, {});
    const [file, ...others] = positionals;
    if (file === undefined || file === "") throw new UsageError("FILE is missing");
    if (others.length > 0) throw new UsageError(`One FILE only: what is ${others.join(" ")}?`);
    const engine = await cli.engine();
    const made = usable(() => engine.backUp(file));
    cli.record({ what: "backup", file: made.file, outcome: "done" });
    cli.print(made, () => `${made.file}  ${made.bytes} bytes`, values);
    return EXIT.ok;
  },
};

/** Files that are there or are not, folders that may not be written to: the words say which. */
function usable<T>(act: () => T): T {
  try {
    return act();
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error), { cause: error });
  }
}
