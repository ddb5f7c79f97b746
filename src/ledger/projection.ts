/** The read model of approvals in the embedded engine's file. */
import { createRequire } from "node:module";
import { extname } from "node:path";
import type { Projection } from "../engine/store/projection.ts";
import type { openRows } from "./rows.ts";
import { subjectOf } from "./subject.ts";

/**
 * An entry a row, and a row for each of its terms. `n` is the number of the approval's promise.
 */
const TABLES = {
  ledger_entries: `CREATE TABLE ledger_entries (
    n INTEGER PRIMARY KEY,
    created_at INTEGER NOT NULL,
    due_at INTEGER NOT NULL,
    creator TEXT,
    entry TEXT NOT NULL
  ) STRICT`,
  ledger_terms: `CREATE TABLE ledger_terms (
    term TEXT NOT NULL,
    at INTEGER NOT NULL,
    n INTEGER NOT NULL,
    PRIMARY KEY (term, at, n)
  ) STRICT, WITHOUT ROWID`,
};

/** @param load reads the module that makes rows; it brings the rules of approvals along, so it is read when it is needed */
export function ledgerProjection(load: () => typeof openRows = loadRows): Projection {
  return {
    version: 5,
    tables: TABLES,
    subjectOf,
    open: (db, source) => load()(db, source),
  };
}

function loadRows(): typeof openRows {
  const module = createRequire(import.meta.url)(`./rows${extname(import.meta.url)}`) as {
    readonly openRows: typeof openRows;
  };
  return module.openRows;
}
