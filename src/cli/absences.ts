/** `countersign absences`: who is asked in place of people who are away. */
import { randomUUID } from "node:crypto";
import type { Absence } from "../approval/absence-entry.ts";
import { viewAbsence } from "../approval/absence-request.ts";
import { COMMAND_LINE } from "../approval/doer.ts";
import { ServiceError } from "../lib/errors.ts";
import { isMailAddress } from "../lib/mail-address.ts";
import { addAbsence, listAbsences, removeAbsence } from "../service/absences/absences.ts";
import { openAbsenceBook } from "../service/absences/book.ts";
import {
  type Cli,
  type Command,
  CommandFailure,
  EXIT,
  type ExitCode,
  parseWords,
  refuseOthers,
  UsageError,
} from "./command.ts";

export const absences: Command = {
  help: `Usage: countersign absences add --person ADDRESS --to ADDRESS --until TIME [options]
       countersign absences list [--person ADDRESS] [--json]
       countersign absences remove ID [--json]

While somebody is away, another person is asked in their place. Questions that are open already stay with the person: hand
them on with POST /approvals/:id/ballots/:n/reassign. A running service knows a change within ten seconds.

  add      Adds a rule, and prints its ID
  list     Shows the rules that hold or will
  remove   Ends the rule ID

Options:
  --person ADDRESS   Who is away
  --to ADDRESS       Who is asked in their place
  --from TIME        When it begins: a date, an instant such as 2026-12-24T12:00:00Z, or a duration from now such as P1D
                     (default: now)
  --until TIME       When it ends, within a year. A date counts to its end
  --time-zone ZONE   Of dates, such as Europe/Vienna
  --note TEXT        Shown to those who are asked instead
  --json             Print JSON, even on a terminal

Exits 0; 2 when something is wrong with a rule; 3 when there is no rule ID.

Example:
  countersign absences add --person ana@example.com --to bo@example.com --from 2026-12-24 --until 2027-01-06 \\
    --time-zone Europe/Vienna
`,
  async run(args, cli) {
    const { positionals, values } = parseWords(args, {
      person: { type: "string" },
      to: { type: "string" },
      from: { type: "string" },
      until: { type: "string" },
      "time-zone": { type: "string" },
      note: { type: "string" },
    });
    const [action, id, ...others] = positionals;
    if (others.length > 0) throw new UsageError(`One ID only: what is ${others.join(" ")}?`);
    if (action !== "remove" && id !== undefined) throw new UsageError(`What is ${id}?`);
    switch (action) {
      case "add":
        return await add(cli, values);
      case "list":
        refuseOthers(action, values, ["person"]);
        return await list(cli, values);
      case "remove":
        refuseOthers(action, values, []);
        if (id === undefined || id === "") throw new UsageError("ID is missing");
        return await remove(cli, id, values);
      default:
        throw new UsageError("Say what to do: add, list or remove");
    }
  },
};

interface Values {
  readonly person?: string | undefined;
  readonly to?: string | undefined;
  readonly from?: string | undefined;
  readonly until?: string | undefined;
  readonly "time-zone"?: string | undefined;
  readonly note?: string | undefined;
  readonly json?: boolean | undefined;
}

async function add(cli: Cli, values: Values): Promise<ExitCode> {
  const { person, to, from, until, "time-zone": timeZone, note } = values;
  for (const [name, value] of Object.entries({ person, to, until })) {
    if (value === undefined) throw new UsageError(`--${name} is missing`);
  }
  const body = { person, to, until, ...given({ from, timeZone, note }) };
  const absence = await understood(addAbsence(await optionsOf(cli), body, actor()));
  cli.record({ what: "absence.add", about: absence.id, outcome: "stored" });
  cli.print(viewAbsence(absence), () => line(absence), values);
  return EXIT.ok;
}

async function list(cli: Cli, { person, json }: Values): Promise<ExitCode> {
  if (person !== undefined && !isMailAddress(person)) {
    throw new UsageError("--person must be one mail address, such as ana@example.com");
  }
  const found = await listAbsences(await optionsOf(cli), person);
  cli.print(
    found.map(viewAbsence),
    () => (found.length === 0 ? "Nobody is away" : found.map(line).join("\n")),
    { json },
  );
  return EXIT.ok;
}

async function remove(cli: Cli, id: string, { json }: Values): Promise<ExitCode> {
  await understood(removeAbsence(await optionsOf(cli), id, actor()));
  cli.record({ what: "absence.remove", about: id, outcome: "stored" });
  cli.print({ id, removed: true }, () => `${id} is removed`, { json });
  return EXIT.ok;
}

async function optionsOf(cli: Cli) {
  const durable = await cli.durable();
  return { durable, absences: openAbsenceBook((id) => durable.read(id)), clock: cli.clock };
}

/** For the record: the command line is a program, of the operator's. */
function actor() {
  return { door: "api", caller: COMMAND_LINE, nonce: randomUUID() } as const;
}

function given(values: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(values).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}

/** Names of options for those of fields. */
const OPTIONS: Readonly<Record<string, string>> = { timeZone: "time-zone" };

async function understood<T>(doing: Promise<T>): Promise<T> {
  try {
    return await doing;
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error;
    if (error.code === "INVALID_FIELDS") {
      const said = error.problems.map(({ field, message }) => `--${OPTIONS[field] ?? field} ${message}`);
      throw new UsageError(said.join("\n"));
    }
    if (error.code === "NOT_FOUND") throw new CommandFailure(EXIT.notFound, error.message);
    if (error.code === "CONFLICT") throw new CommandFailure(EXIT.conflict, error.message);
    throw error;
  }
}

function line(absence: Absence): string {
  const { id, person, to, from, until, note } = viewAbsence(absence);
  const why = note === undefined ? "" : `  (${note})`;
  return `${id}  ${person.email} -> ${to.email}  ${from} to ${until}${why}`;
}
