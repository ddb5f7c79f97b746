import type { Entry } from "../ledger/entry.ts";
import { originOf } from "../protocol/ids.ts";
import { type Cli, type Command, checkedId, EXIT, type ExitCode, parseWords, UsageError } from "./command.ts";

export const erase: Command = {
  help: `Usage: countersign erase ID|ADDRESS… [--yes] [--json]
       countersign erase --compact

Deletes approvals that have ended, at once and as a whole: what was asked, of whom, and what was answered. With a mail address, all
approvals in which this person was asked, or which they asked for. An approval inside a workflow goes with the workflow. The
log of events keeps its entries, in which nothing is personal, says that the approval was erased, and can still be verified.

Without --yes it only lists what it would delete, what is still open, and what it does not find. What is still open is not deleted: end it first, for example with
countersign approvals cancel.

While the service runs, earlier copies of what was deleted stay in the file engine.db, in places that are free. With the service
stopped, the command writes the file again without them, also if you say nothing but --compact. That needs as much free space again.

Options:
  --yes      Delete
  --compact  Delete nothing, and write engine.db again. The service must be stopped
  --json     Print JSON, even on a terminal

Exits 0 when everything is deleted, or would be; 5 when something is still open, 3 for an unknown ID.

It does not reach: backups, mails that were sent, the logs of processes, the audit record (which has ids, and no addresses), and what you
entered about a person in files of the settings.
`,
  async run(args, cli) {
    const { positionals, values } = parseWords(args, {
      yes: { type: "boolean" },
      compact: { type: "boolean" },
    });
    if (values.compact === true) {
      if (positionals.length > 0 || values.yes === true)
        throw new UsageError("--compact goes with nothing else");
      return await compact(cli, values);
    }
    if (positionals.length === 0) throw new UsageError("Say which approvals, or whose");
    const found: Found[] = [];
    for (const word of positionals)
      found.push(...(word.includes("@") ? await ofPerson(cli, word) : [{ id: checkedId(word) }]));
    const trees = [...new Set(found.map(({ id }) => originOf(id)))];
    const engine = await cli.engine();
    const isReal = values.yes === true;
    const results: Result[] = [];
    for (const id of trees) {
      if (!isReal) {
        results.push({ id, state: (await engine.erasable(id)).state });
        continue;
      }
      const { state, promises } = await engine.erase(id);
      results.push({ id, state });
      if (state === "done") cli.record({ what: "erase", about: id, promises, outcome: "done" });
    }
    const groups = groupsOf(results);
    if (!isReal) {
      const { erased: wouldErase, ...rest } = groups;
      cli.print({ erased: [], wouldErase, ...rest }, () => preview(groups, found), values);
      return exitCodeOf(groups);
    }
    if (groups.erased.length === 0) {
      cli.print({ ...groups, compacted: false }, () => report(groups), values);
      return exitCodeOf(groups);
    }
    let compacted = false;
    try {
      compacted = await engine.compact();
    } finally {
      // Also if the disk is too full: what was deleted is deleted.
      const left = compacted ? [] : [COPIES_LEFT];
      cli.print({ ...groups, compacted }, () => [report(groups), ...left].join("\n"), values);
    }
    return exitCodeOf(groups);
  },
};

const COPIES_LEFT =
  "Earlier copies may be left in free places of engine.db: stop the service, and run countersign erase --compact";

async function compact(cli: Cli, values: { readonly json?: boolean | undefined }): Promise<ExitCode> {
  const engine = await cli.engine();
  if (!(await engine.compact()))
    throw new UsageError("Cannot write engine.db again while an engine runs: stop the service first");
  cli.print({ compacted: true }, () => "Written again, without what was deleted", values);
  return EXIT.ok;
}

interface Found {
  readonly id: string;
  readonly title?: string;
}

interface Result {
  readonly id: string;
  readonly state: "done" | "open" | "unknown";
}

interface Answer {
  readonly erased: readonly string[];
  readonly stillOpen: readonly string[];
  readonly unknown: readonly string[];
}

const PAGE = 100;

async function ofPerson(cli: Cli, address: string): Promise<readonly Entry[]> {
  const ledger = await cli.ledger();
  const found: Entry[] = [];
  for (const condition of [{ approver: address }, { requester: address }]) {
    let cursor: string | undefined;
    do {
      const from = cursor === undefined ? {} : { cursor };
      const page = await ledger.list({ ...condition, sort: "created", limit: PAGE, ...from });
      found.push(...page.items);
      cursor = page.nextCursor;
    } while (cursor !== undefined);
  }
  return found;
}

function groupsOf(results: readonly Result[]): Answer {
  const of = (state: Result["state"]) => results.filter((each) => each.state === state).map(({ id }) => id);
  return { erased: of("done"), stillOpen: of("open"), unknown: of("unknown") };
}

function preview({ erased, stillOpen, unknown }: Answer, found: readonly Found[]): string {
  const titles = new Map(found.map(({ id, title }) => [originOf(id), title]));
  return [
    ...erased.map((id) => `  ${id}  ${titles.get(id) ?? ""}`.trimEnd()),
    erased.length === 0
      ? "There is nothing to delete"
      : `Nothing was deleted: say --yes to delete ${erased.length === 1 ? "this one" : `these ${erased.length}`}`,
    ...others({ stillOpen, unknown }, "would not be deleted"),
  ].join("\n");
}

function report({ erased, ...rest }: Answer): string {
  const count = erased.length === 1 ? "1 is deleted" : `${erased.length} are deleted`;
  return [count, ...others(rest, "was not deleted")].join("\n");
}

function others({ stillOpen, unknown }: Omit<Answer, "erased">, what: string): string[] {
  return [
    ...stillOpen.map((id) => `${id} is still open, and ${what}`),
    ...unknown.map((id) => `There is no ${id}`),
  ];
}

function exitCodeOf({ stillOpen, unknown }: Answer): ExitCode {
  if (stillOpen.length > 0) return EXIT.pending;
  return unknown.length > 0 ? EXIT.notFound : EXIT.ok;
}
