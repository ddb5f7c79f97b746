/**
 * Steps from an empty file to today's schema, forward only: step n brings a file of version n-1 to version n.
 * A released step is never altered; `PRAGMA user_version` says how far a file has come.
 */
export const MIGRATIONS: readonly string[] = [
  `
  -- A row of its own number, so that a wide row is found by a narrow index and new ones are appended.
  CREATE TABLE promises (
    n INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    state TEXT NOT NULL,
    timeout_at INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    settled_at INTEGER,
    external INTEGER NOT NULL,
    -- The one task it is sent along with: that of its branch, or of its parent if it has a branch of its own.
    family TEXT,
    tags TEXT NOT NULL,
    -- Headers as JSON; null for a value without the member.
    param_headers TEXT,
    param_data TEXT,
    value_headers TEXT,
    value_data TEXT
  ) STRICT;
  CREATE INDEX promises_by_state ON promises (state, id);
  CREATE INDEX promises_by_family ON promises (family) WHERE family IS NOT NULL;
  CREATE INDEX promises_by_deadline ON promises (timeout_at) WHERE state = 'pending' AND external = 1;

  -- Small and often rewritten, which is why it is not part of the promise's row.
  CREATE TABLE tasks (
    id TEXT PRIMARY KEY REFERENCES promises (id) ON DELETE CASCADE,
    state TEXT NOT NULL,
    version INTEGER NOT NULL,
    resumes INTEGER NOT NULL,
    pid TEXT,
    ttl INTEGER,
    local INTEGER NOT NULL,
    due_at INTEGER,
    not_before INTEGER,
    releases INTEGER NOT NULL,
    target TEXT NOT NULL,
    target_group TEXT NOT NULL,
    timer INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX tasks_by_due ON tasks (due_at) WHERE due_at IS NOT NULL;
  CREATE INDEX tasks_by_group ON tasks (target_group, id) WHERE state = 'pending' AND due_at IS NOT NULL;

  CREATE TABLE callbacks (
    awaited TEXT NOT NULL REFERENCES promises (id) ON DELETE CASCADE,
    awaiter TEXT NOT NULL REFERENCES promises (id) ON DELETE CASCADE,
    PRIMARY KEY (awaited, awaiter)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX callbacks_by_awaiter ON callbacks (awaiter);

  CREATE TABLE listeners (
    promise_id TEXT NOT NULL REFERENCES promises (id) ON DELETE CASCADE,
    address TEXT NOT NULL,
    PRIMARY KEY (promise_id, address)
  ) STRICT, WITHOUT ROWID;

  -- Messages about settled promises that are still owed to an address.
  CREATE TABLE unblocks (
    address TEXT NOT NULL,
    promise_id TEXT NOT NULL REFERENCES promises (id) ON DELETE CASCADE,
    owed_since INTEGER NOT NULL,
    PRIMARY KEY (address, promise_id)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX unblocks_by_promise ON unblocks (promise_id);
  `,
  `
  CREATE TABLE schedules (
    id TEXT PRIMARY KEY,
    cron TEXT NOT NULL,
    promise_id TEXT NOT NULL,
    promise_timeout INTEGER NOT NULL,
    param_headers TEXT,
    param_data TEXT,
    tags TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    next_run_at INTEGER NOT NULL,
    last_run_at INTEGER
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX schedules_by_next ON schedules (next_run_at);

  -- Halted tasks wait for a person, who wants to find them among all others.
  CREATE INDEX tasks_halted ON tasks (id) WHERE state = 'halted';
  `,
  `
  -- The first of its tree: what old trees are found by, without an entry for every step of theirs.
  ALTER TABLE promises ADD COLUMN head INTEGER NOT NULL DEFAULT 0;
  UPDATE promises SET head = 1 WHERE instr(id, ':') = 0
    OR NOT EXISTS (SELECT 1 FROM promises AS root WHERE root.id = substr(promises.id, 1, instr(promises.id, ':') - 1));
  CREATE INDEX promises_by_end ON promises (settled_at, n) WHERE head = 1 AND settled_at IS NOT NULL;
  `,
  `
  -- Lost leases count, too.
  ALTER TABLE tasks RENAME COLUMN releases TO setbacks;
  `,
  `
  -- Ids are random, so that each entry in the order of ids costs a page of its own in a commit. In the order of numbers,
  -- the workflows that are under way stand side by side.
  CREATE TABLE tasks_by_number (
    n INTEGER PRIMARY KEY REFERENCES promises (n) ON DELETE CASCADE,
    id TEXT NOT NULL,
    state TEXT NOT NULL,
    version INTEGER NOT NULL,
    resumes INTEGER NOT NULL,
    pid TEXT,
    ttl INTEGER,
    local INTEGER NOT NULL,
    due_at INTEGER,
    not_before INTEGER,
    setbacks INTEGER NOT NULL,
    target TEXT NOT NULL,
    target_group TEXT NOT NULL,
    timer INTEGER NOT NULL
  ) STRICT;
  INSERT INTO tasks_by_number
    SELECT n, tasks.id, tasks.state, version, resumes, pid, ttl, local, due_at, not_before, setbacks, target, target_group, timer
    FROM tasks JOIN promises ON promises.id = tasks.id;
  DROP TABLE tasks;
  ALTER TABLE tasks_by_number RENAME TO tasks;
  CREATE INDEX tasks_by_due ON tasks (due_at) WHERE due_at IS NOT NULL;
  CREATE INDEX tasks_by_group ON tasks (target_group, n) WHERE state = 'pending' AND due_at IS NOT NULL;
  CREATE INDEX tasks_halted ON tasks (id) WHERE state = 'halted';

  CREATE TABLE callbacks_by_number (
    awaited INTEGER NOT NULL REFERENCES promises (n) ON DELETE CASCADE,
    awaiter INTEGER NOT NULL REFERENCES promises (n) ON DELETE CASCADE,
    PRIMARY KEY (awaited, awaiter)
  ) STRICT, WITHOUT ROWID;
  INSERT INTO callbacks_by_number
    SELECT a.n, w.n FROM callbacks JOIN promises AS a ON a.id = awaited JOIN promises AS w ON w.id = awaiter;
  DROP TABLE callbacks;
  ALTER TABLE callbacks_by_number RENAME TO callbacks;
  CREATE INDEX callbacks_by_awaiter ON callbacks (awaiter);
  -- The same by ids, for whoever reads the file.
  CREATE VIEW waits AS SELECT a.id AS awaited, w.id AS awaiter
    FROM callbacks JOIN promises AS a ON a.n = callbacks.awaited JOIN promises AS w ON w.n = callbacks.awaiter;

  -- Few ask for all promises in a state, and they can go through pages; every settlement paid for two entries.
  DROP INDEX promises_by_state;
  `,
  `
  -- The number of the last transaction of the journal that is in here, in one row.
  CREATE TABLE journal (number INTEGER NOT NULL) STRICT;
  INSERT INTO journal VALUES (0);
  `,
  `
  -- What people look for among everything, the newest first: see LISTED in search.ts. Few promises have an entry.
  CREATE INDEX promises_listed ON promises (n) WHERE instr(tags, '"countersign:kind":"callback"') > 0;
  `,
];

/** "CSgn" in ASCII: tells that an SQLite file is ours. */
export const APPLICATION_ID = 0x4353676e;
