/** The embedded engine with its read model, as tests look at both. */
import { DatabaseSync } from "node:sqlite";
import { readEach } from "../../src/approval/limits/last-slot.ts";
import { summarize } from "../../src/approval/view.ts";
import { createDurable } from "../../src/durable/resonate.ts";
import type { Engine } from "../../src/engine/engine.ts";
import { entryOf } from "../../src/ledger/derive.ts";
import { embeddedLedger } from "../../src/ledger/embedded.ts";
import type { Entry } from "../../src/ledger/entry.ts";
import type { Ledger, ListQuery } from "../../src/ledger/ledger.ts";
import { ledgerProjection } from "../../src/ledger/projection.ts";
import { openRows } from "../../src/ledger/rows.ts";

/** With the modules of this process, which tests may look into. */
export const LEDGER = ledgerProjection(() => openRows);

export function ledgerIn(engine: Engine): Ledger {
  return embeddedLedger(engine.network({ group: "lists" }));
}

/** All items of a list, page by page. */
export async function allOf(ledger: Ledger, query: Omit<ListQuery, "limit">, limit = 100): Promise<Entry[]> {
  const items: Entry[] = [];
  let cursor: string | undefined;
  do {
    const page = await ledger.list({ ...query, limit, ...(cursor === undefined ? {} : { cursor }) });
    items.push(...page.items);
    cursor = page.nextCursor;
  } while (cursor !== undefined);
  return items;
}

/** Every approval as its promises tell it, without the read model: as an entry, and as `GET /approvals/:id` shows it. */
export async function approvalsIn(engine: Engine) {
  const durable = createDurable(engine.network({ group: "tests" }));
  const roots = (await durable.search({ "countersign:kind": "approval" }, 10_000))?.promises ?? [];
  return await Promise.all(
    roots.map(async (root) => {
      const children = await durable.children(root.id);
      return {
        entry: (await readEach(entryOf(root, children), (id) => durable.read(id))) as Entry,
        view: summarize(root, children),
        creator: root.tags["countersign:creator"],
      };
    }),
  );
}

/** The rows of a closed engine's file. */
export function rowsOf(dataDir: string): { readonly entries: unknown[]; readonly terms: unknown[] } {
  const db = new DatabaseSync(`${dataDir}/engine.db`, { readOnly: true });
  try {
    return {
      entries: db.prepare("SELECT * FROM ledger_entries ORDER BY n").all(),
      terms: db.prepare("SELECT * FROM ledger_terms ORDER BY term, at, n").all(),
    };
  } finally {
    db.close();
  }
}
