import { stored } from "../durable/protocol-client.ts";
import { checkIndex, type IndexCheck } from "../ledger/check.ts";
import { type AuditCheck, checkAudit } from "../lib/audit-check.ts";
import { findOdd, type OddPromise, type OddPromises } from "../service/promises/odd.ts";
import {
  type Cli,
  type Command,
  CommandFailure,
  EXIT,
  type Examination,
  parseWords,
  UsageError,
} from "./command.ts";
import { examineIndex } from "./doctor-index.ts";
import { checkWitnessed, type WitnessFinding, witnessFindingLine } from "./doctor-witnesses.ts";

/** Odd promises that are listed; all are counted. */
const ODD_MAX = 20;

export const doctor: Command = {
  help: `Usage: countersign doctor [--json]

Examines the embedded engine's file, whether or not the service runs: whether it is sound, whether everything holds that
must always hold, what is stuck, which workflows are tried again and again, which are halted. Names the promises of
approvals, callbacks and webhooks that another program has settled with something of its own, at most ${ODD_MAX} of them.
Compares the index of approvals with what is stored, and each line of the record of who did what (AUDIT_DIR) with its
checksum. With INDEX_URL, examines the index alone: whether its tables are those of
this version, whether changes wait to be written, and whether the newest approvals and the next deadlines are right.
Names witnesses of LOG_WITNESSES that have cosigned no head of the log today or yesterday.
Changes nothing. Whether the text of an approval is what it was is not examined here: countersign audit verify compares it
with the log of events.

Options:
  --json      Print JSON, even on a terminal

Exits 0 when there is nothing to say; 1 when something is broken or needs a person.
`,
  async run(args, cli) {
    const { positionals, values } = parseWords(args, {});
    if (positionals.length > 0) throw new UsageError(`What is ${positionals.join(" ")}?`);
    const operator = await cli.index();
    if (operator !== undefined) return await examineIndex(operator, cli, values);
    const engine = await cli.engine();
    const found = readable(() => engine.examine());
    // If the file is broken, or belongs to another version, it is unknown what should be in it.
    const isSound = found.isCurrent && !found.findings.some(({ level }) => level === "broken");
    const nowMs = cli.clock();
    const odd = isSound
      ? readable(() => engine.walk((walk) => findOdd({ ...walk, decode: stored }, { nowMs, limit: ODD_MAX })))
      : undefined;
    const index = isSound ? readable(() => engine.look(isIndexed(cli) ? checkIndex : notKept)) : undefined;
    const witnesses = isSound ? readable(() => engine.look((file) => checkWitnessed(cli, file))) : [];
    const { auditDir } = cli.config;
    const audit = auditDir === undefined ? undefined : await checkAudit(auditDir);
    const said = () => [report(found, { odd, index, witnesses }), ...auditLines(audit)].join("\n");
    cli.print({ ...found, odd, index, witnesses, audit }, said, values);
    const isWell =
      found.findings.length === 0 && (odd === undefined || odd.open === 0) && (audit?.damaged ?? 0) === 0;
    const isWitnessed = witnesses.every(({ isLate }) => !isLate);
    return isWell && isWitnessed && (index?.wrong ?? []).length === 0 ? EXIT.ok : EXIT.failed;
  },
};

function readable<T>(look: () => T): T {
  try {
    return look();
  } catch (error) {
    throw new CommandFailure(EXIT.engineUnavailable, error instanceof Error ? error.message : String(error));
  }
}

function isIndexed({ config }: Cli): boolean {
  return config.engine.kind === "embedded" && config.engine.isIndexed;
}

/** With `APPROVAL_INDEX=off` nobody reads what may be left of an index. */
function notKept(): IndexCheck {
  return { state: "none", compared: 0, wrong: [] };
}

function auditLines(audit: AuditCheck | undefined): readonly string[] {
  if (audit === undefined) return [];
  const { lines, damaged, places } = audit;
  if (damaged === 0) return [`audit     ${lines} lines compared`];
  const more = damaged > places.length ? ", …" : "";
  return [
    `ATTENTION  ${damaged} of ${lines} lines of the record of who did what are damaged: ${places.join(", ")}${more}. The disk or the memory of this machine may be failing, or a power cut tore the last line. Put the file aside once you know`,
  ];
}

/** Facts about the index, and what an operator should know or do about it. */
function indexLines(index: IndexCheck | undefined): {
  readonly facts: string[];
  readonly findings: string[];
} {
  if (index === undefined) return { facts: [], findings: [] };
  const { state, compared, wrong } = index;
  if (state === "none") return { facts: ["index     none"], findings: [] };
  if (state === "building") return { facts: ["index     is being made"], findings: [] };
  if (state === "stale") {
    const said =
      "NOTE  the index of approvals is out of date: a start makes it again, and so does countersign index rebuild";
    return { facts: [], findings: [said] };
  }
  const facts = [`index     ${compared} approvals compared`];
  if (wrong.length === 0) return { facts, findings: [] };
  const said = `ATTENTION  the index tells these approvals wrongly: ${wrong.join(", ")}. Run countersign index rebuild`;
  return { facts, findings: [said] };
}

interface More {
  readonly odd: OddPromises | undefined;
  readonly index: IndexCheck | undefined;
  readonly witnesses: readonly WitnessFinding[];
}

function report(found: Examination, { odd, index, witnesses }: More): string {
  const { file, isRunning, bytes, inJournal, promises, tasks, schedules, checks, findings } = found;
  const ofIndex = indexLines(index);
  const said = [
    ...findings.map(
      ({ level, what, ids }) =>
        `${level.toUpperCase()}  ${what}${ids.length === 0 ? "" : `: ${ids.join(", ")}`}`,
    ),
    ...ofIndex.findings,
    ...witnesses.filter(({ isLate }) => isLate).map(witnessFindingLine),
    ...(odd === undefined || odd.number === 0 ? [] : oddLines(odd)),
  ];
  return [
    `${file}  ${bytes.file} bytes, ${bytes.free} of them free, log ${bytes.log}, ${inJournal} transactions in the journal alone; the engine ${isRunning ? "runs" : "does not run"}`,
    `promises  ${byState(promises)}`,
    `tasks     ${byState(tasks)}`,
    `schedules ${schedules}`,
    ...ofIndex.facts,
    ...(said.length === 0 ? [`${checks} checks, no problems`] : said),
  ].join("\n");
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
