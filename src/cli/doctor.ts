import { type Command, CommandFailure, EXIT, type Examination, parseWords, UsageError } from "./command.ts";

export const doctor: Command = {
  name: "doctor",
  summary: "Examine the embedded engine's file",
  help: `Usage: countersign doctor [--json]

Examines the embedded engine's file, whether or not the service runs: whether it is sound, whether everything holds that
must always hold, what is stuck, which workflows are tried again and again, which are halted. Changes nothing.

Options:
  --json      Print JSON, even on a terminal

Exits 0 when there is nothing to say; 1 when something is broken or needs a person.
`,
  async run(args, cli) {
    const { positionals, values } = parseWords(args, {});
    if (positionals.length > 0) throw new UsageError(`What is ${positionals.join(" ")}?`);
    const { engine } = cli;
    let found: Examination;
    try {
      found = engine.examine();
    } catch (error) {
      throw new CommandFailure(
        EXIT.engineUnavailable,
        error instanceof Error ? error.message : String(error),
      );
    }
    cli.print(found, () => report(found), values);
    return found.findings.length === 0 ? EXIT.ok : EXIT.failed;
  },
};

function report({
  file,
  isRunning,
  bytes,
  inJournal,
  promises,
  tasks,
  schedules,
  checks,
  findings,
}: Examination): string {
  const lines = [
    `${file}  ${bytes.file} bytes, ${bytes.free} of them free, log ${bytes.log}, ${inJournal} transactions in the journal alone; the engine ${isRunning ? "runs" : "does not run"}`,
    `promises  ${byState(promises)}`,
    `tasks     ${byState(tasks)}`,
    `schedules ${schedules}`,
    ...findings.map(
      ({ level, what, ids }) =>
        `${level.toUpperCase()}  ${what}${ids.length === 0 ? "" : `: ${ids.join(", ")}`}`,
    ),
  ];
  if (findings.length === 0) lines.push(`${checks} checks, no problems`);
  return lines.join("\n");
}

function byState(counts: Readonly<Record<string, number>>): string {
  const entries = Object.entries(counts);
  return entries.length === 0 ? "none" : entries.map(([state, number]) => `${number} ${state}`).join(", ");
}
