import { join, resolve } from "node:path";
import type {
  Expectation,
  People,
  Rehearsal,
  RehearsedAbsence,
} from "../../worker/testing/rehearsal/index.ts";
import { parseDeadline } from "../approval/deadline.ts";
import { loadAliases } from "../config/aliases.ts";
import { readDataFile } from "../lib/data-file.ts";
import type { FieldProblem } from "../lib/errors.ts";
import { cleanText, oneLine } from "../lib/text.ts";
import { type Command, CommandFailure, EXIT, parseWords, UsageError } from "./command.ts";

/** The whole service, loaded only by those who rehearse. */
const load = () => import("../../worker/testing/rehearsal/index.ts");
type Module = Awaited<ReturnType<typeof load>>;

export const rehearse: Command = {
  help: `Usage: countersign rehearse SPEC [--script FILE] [--expect FILE] [--mails DIR] [--now INSTANT]

Plays the approval in SPEC, a body of POST /approvals as JSON or YAML, with the real workflow, mails and pages, in memory.
Days take milliseconds. Nothing leaves this machine, and no service needs to run. Prints what happens when: each mail, each
answer, and the outcome.

Options:
  --script FILE   What people do (YAML or JSON): by mail address, or * for everybody else, one reaction or a list. A reaction
                  is a choice such as approve or reject, or ignore, cancel, recuse, undo, or an object such as
                  {choice: approve, after: P1D, comment: Fine}. Without a script, nobody answers
  --absences FILE Who is away (YAML or JSON): a list of bodies of POST /absences, such as
                  {person: ana@example.com, to: bo@example.com, until: P14D}
  --expect FILE   What should come of it (YAML or JSON): outcome, reason, decisions, mails, took. Exits 1 if it differs,
                  and says in what
  --mails DIR     Write each mail as HTML and text into DIR, with an index.html
  --now INSTANT   When the approval is asked for (default: 2030-01-01T09:00:00Z)
  --json          Print JSON, even on a terminal

Exits 0 when the rehearsal was played, and is as expected; 1 when it is not as expected; 2 when a file cannot be used.

Example:
  countersign rehearse purchase.json --script people.yaml --expect outcome.yaml --mails mails
`,
  async run(args, cli) {
    const { values, positionals } = parseWords(args, {
      script: { type: "string" },
      absences: { type: "string" },
      expect: { type: "string" },
      mails: { type: "string" },
      now: { type: "string" },
    });
    const [file, ...others] = positionals;
    if (file === undefined || file === "") throw new UsageError("SPEC is missing");
    if (others.length > 0) throw new UsageError(`One SPEC only: what is ${others.join(" ")}?`);
    const { script, absences, expect, mails } = values;
    const folder = mails === undefined ? undefined : folderOf(mails);
    const now = values.now === undefined ? undefined : instantOf(values.now);
    const spec = readDataFile(file);
    const people = script === undefined ? undefined : readDataFile(script);
    const away = absences === undefined ? undefined : readDataFile(absences);
    const expected = expect === undefined ? undefined : readDataFile(expect);
    const module = await load();
    const expectation = expect === undefined ? undefined : expectationIn(module, expect, expected);
    const rehearsal = await play(module, { spec: file, script, absences }, () =>
      module.rehearse(spec, {
        limitMs: LIMIT_MS,
        mayApproveByDeadline: cli.config.mayApproveByDeadline,
        aliases: loadAliases(cli.config).aliases,
        // Checked there: what a file holds may be anything.
        ...(people === undefined ? {} : { people: people as People }),
        ...(away === undefined ? {} : { absences: away as readonly RehearsedAbsence[] }),
        ...(now === undefined ? {} : { now }),
      }),
    );
    const files = folder === undefined ? undefined : write(module, folder, titleOf(spec), rehearsal);
    const found = expectation === undefined ? [] : module.differences(rehearsal, expectation);
    const { outcome, startedAt, endedAt, timeline, unused } = rehearsal;
    const listed = rehearsal.mails.map(({ text: _text, html: _html, ...mail }) => mail);
    const told = {
      outcome,
      startedAt,
      endedAt,
      timeline,
      mails: listed,
      unused,
      ...(files === undefined ? {} : { files }),
      ...(expectation === undefined ? {} : { differences: found }),
    };
    cli.print(told, () => textOf(module, rehearsal, { title: titleOf(spec), folder }), values);
    if (found.length === 0) return EXIT.ok;
    throw new CommandFailure(EXIT.failed, `not as ${expect} expects:\n${module.differencesText(found)}`);
  },
};

/** Of real time; a rehearsal takes far less than a second, of fifty people and many rounds a few. */
const LIMIT_MS = 60_000;

function folderOf(text: string): string {
  if (text.trim() === "") throw new UsageError("--mails must name a folder");
  return resolve(text);
}

function instantOf(text: string): string {
  const parsed = parseDeadline(text);
  if (parsed?.kind === "instant") return new Date(parsed.epochMs).toISOString();
  throw new UsageError(`--now must be an instant such as 2030-01-01T09:00:00Z, not ${text}`);
}

function expectationIn(module: Module, file: string, given: unknown): Expectation {
  const parsed = module.parseExpectation(given);
  if (parsed.ok) return parsed.expectation;
  throw new CommandFailure(EXIT.usage, `${file} must be an expectation:\n${listed(parsed.problems)}`);
}

/** Names the file that a refusal is about. */
async function play(
  { RehearsalRefused }: Module,
  files: Readonly<Record<"spec" | "script" | "absences", string | undefined>>,
  run: () => Promise<Rehearsal>,
): Promise<Rehearsal> {
  try {
    return await run();
  } catch (error) {
    if (!(error instanceof RehearsalRefused)) throw error;
    const { of, problems } = error;
    const [file, what] = {
      spec: [files.spec, "an approval request"],
      people: [files.script, "a script of people"],
      absences: [files.absences, "a list of absences"],
    }[of];
    const hint = problems.some(({ field }) => field === "deadline") ? `\n${NOW_HINT}` : "";
    throw new CommandFailure(EXIT.usage, `${file} must be ${what}:\n${listed(problems)}${hint}`);
  }
}

const NOW_HINT = "(Unless you give --now, now is 2030-01-01T09:00:00Z.)";

function listed(problems: readonly FieldProblem[]): string {
  return problems.map(({ field, message }) => `  ${field} ${message}`).join("\n");
}

/** @throws CommandFailure when it cannot be written */
function write(
  { writeMails, FolderInUse }: Module,
  folder: string,
  title: string,
  rehearsal: Rehearsal,
): string[] {
  try {
    return writeMails(folder, title, rehearsal);
  } catch (error) {
    if (error instanceof FolderInUse) throw new CommandFailure(EXIT.usage, `--mails ${error.message}`);
    const reason = error instanceof Error && "code" in error ? String(error.code) : String(error);
    throw new CommandFailure(EXIT.usage, `--mails ${folder} cannot be written: ${reason}`);
  }
}

function titleOf(spec: unknown): string {
  const title = typeof spec === "object" && spec !== null && "title" in spec ? spec.title : "";
  return typeof title === "string" ? oneLine(title) : "";
}

function textOf(
  { timelineLines, countMails, durationText }: Module,
  rehearsal: Rehearsal,
  { title, folder }: { readonly title: string; readonly folder: string | undefined },
): string {
  const lines = timelineLines(rehearsal.timeline);
  const width = Math.max(...lines.map(({ after }) => after.length));
  const { outcome, unused, startedAt, endedAt } = rehearsal;
  const tookMs = Date.parse(endedAt) - Date.parse(startedAt);
  const counts = [...countMails(rehearsal.mails)].map(
    ([to, kinds]) => `${to} ${[...kinds].map(([kind, count]) => `${count} ${kind}`).join(", ")}`,
  );
  return [
    `${title} (times in UTC)`,
    "",
    ...lines.map(({ after, at, text }) => cleanText(`${after.padEnd(width)}  ${at}  ${text}`)),
    "",
    `Outcome  ${outcome.outcome} after ${durationText(tookMs)}: ${outcome.reason}`,
    `Mails    ${counts.join("; ")}`,
    ...(unused.length === 0 ? [] : [`Unused   ${unused.join(", ")}: in the script, but never mailed`]),
    ...(folder === undefined ? [] : [`Written  ${join(folder, "index.html")}`]),
  ].join("\n");
}
