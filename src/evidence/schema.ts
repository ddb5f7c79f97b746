import { TILES_SCHEMA } from "./tiles.ts";

/**
 * An event a row, in the order of the log: `seq` is one more than the index of its leaf. Rows are only added, as long as the
 * file lives: what is personal is in the promises, and goes with them.
 *
 * A chain has the events of one approval; chain 0 has what concerns the whole log. `root` is the number of its promise, null when
 * that was deleted, and `key` what salts are made of, null when anything of the approval was. `last` and `before` are rows of
 * `log_events`, so that a chain is read from its end without an index.
 */
export const SCHEMA = `
  CREATE TABLE log_events (
    seq INTEGER PRIMARY KEY,
    chain INTEGER NOT NULL,
    n INTEGER NOT NULL,
    type TEXT NOT NULL,
    at INTEGER NOT NULL,
    -- What the approval's id is continued with in the id of the promise.
    part TEXT NOT NULL,
    before INTEGER,
    prev BLOB NOT NULL,
    commitment BLOB NOT NULL
  ) STRICT;
  CREATE TABLE log_chains (
    chain INTEGER PRIMARY KEY,
    root INTEGER,
    -- When that promise was created.
    began INTEGER NOT NULL,
    key BLOB,
    n INTEGER NOT NULL,
    last INTEGER,
    head BLOB NOT NULL
  ) STRICT;
  CREATE UNIQUE INDEX log_chains_by_root ON log_chains (root) WHERE root IS NOT NULL;
  ${TILES_SCHEMA};
`;
