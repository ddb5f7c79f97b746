/** The rows of the read model in SQLite: made of an approval's promises, and searched by terms. */
import type { DatabaseSync, StatementSync } from "node:sqlite";
import { creatorOf } from "../approval/creator.ts";
import { childId, KIND_TAG } from "../approval/ids.ts";
import { readNow } from "../approval/limits/last-slot.ts";
import { stored } from "../durable/protocol-client.ts";
import type { PromiseRow } from "../engine/decide/state.ts";
import type { ProjectedRows } from "../engine/store/projection.ts";
import type { PromiseSource } from "../engine/store/queries.ts";
import { originOf } from "../protocol/ids.ts";
import { entryOf } from "./derive.ts";
import { dueAtMs, type Entry } from "./entry.ts";
import { readQuery } from "./query.ts";
import type { Limits } from "./search-plan.ts";
import { search } from "./sqlite-search.ts";
import { changedTerms, keyIn, ORDERS, type Terms, termsOf } from "./terms.ts";

/** As of the durable port. */
const CHILDREN_MAX = 10_000;

/** @param limits of a page; tests have smaller ones */
export function openRows(db: DatabaseSync, source: PromiseSource, limits?: Limits): ProjectedRows {
  const sql = prepare(db);
  const find = search(db, limits);

  const remove = (n: number): void => {
    const [entry, creator] = (sql.read.get(n) as unknown as Row | undefined) ?? [];
    if (entry === undefined) return;
    const old = JSON.parse(entry) as Entry;
    unlist(old, termsOf(old, creator ?? undefined), n);
    sql.remove.run(n);
  };
  const list = (entry: Entry, terms: Terms, n: number): void => {
    for (const order of ORDERS) {
      if (terms[order].length > 0) sql.add.run(keyIn(order, entry), n, JSON.stringify(terms[order]));
    }
  };
  const unlist = (entry: Entry, terms: Terms, n: number): void => {
    for (const order of ORDERS) {
      for (const term of terms[order]) sql.drop.run(term, keyIn(order, entry), n);
    }
  };

  return {
    refresh(subject) {
      const root = source.promise(subject);
      // Steps of workflows that are no approvals come here, too: nearly all of these are in memory.
      if (root?.tags[KIND_TAG] !== "approval") return;
      const n = source.numberOf(subject);
      if (n === undefined) return;
      const entry = readNow(entryOf(recordOf(root), childrenOf(source, subject)), (id) => {
        const row = source.promise(id);
        return row && recordOf(row);
      });
      if (entry === undefined) return remove(n);
      const text = JSON.stringify(entry);
      const [known, knownCreator] = (sql.read.get(n) as unknown as Row | undefined) ?? [];
      if (text === known) return;
      const creator = creatorOf(root.tags, source.promise(originOf(subject))?.tags);
      const terms = termsOf(entry, creator);
      if (known === undefined) {
        list(entry, terms, n);
      } else {
        const old = JSON.parse(known) as Entry;
        const oldTerms = termsOf(old, knownCreator ?? undefined);
        unlist(old, changedTerms(old, oldTerms, entry, terms), n);
        list(entry, changedTerms(entry, terms, old, oldTerms), n);
      }
      sql.write.run(n, root.createdAt, dueAtMs(entry), creator ?? null, text);
    },
    remove(id) {
      const n = source.numberOf(id);
      if (n !== undefined) remove(n);
    },
    read(query) {
      const read = readQuery(query);
      return read.ok ? find(read.query) : { refused: read.problem };
    },
  };
}

type Row = readonly [entry: string, creator: string | null];

function prepare(db: DatabaseSync) {
  const read: StatementSync = db.prepare("SELECT entry, creator FROM ledger_entries WHERE n = ?");
  read.setReturnArrays(true);
  return {
    read,
    write: db.prepare(
      "INSERT OR REPLACE INTO ledger_entries (n, created_at, due_at, creator, entry) VALUES (?, ?, ?, ?, ?)",
    ),
    remove: db.prepare("DELETE FROM ledger_entries WHERE n = ?"),
    // One statement for all terms of an order: most of the time goes into calls.
    add: db.prepare("INSERT OR IGNORE INTO ledger_terms (at, n, term) SELECT ?, ?, value FROM json_each(?)"),
    drop: db.prepare("DELETE FROM ledger_terms WHERE term = ? AND at = ? AND n = ?"),
  };
}

function childrenOf(source: PromiseSource, id: string) {
  const children = [];
  for (let at = 0; at < CHILDREN_MAX; at += 1) {
    const child = source.promise(childId(id, at));
    if (child === undefined) break;
    children.push(recordOf(child));
  }
  return children;
}

function recordOf({ settledAt, ...row }: PromiseRow) {
  return stored(settledAt === null ? row : { ...row, settledAt });
}
