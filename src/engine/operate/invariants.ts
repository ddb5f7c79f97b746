/**
 * What must hold of the engine's file between two transactions, each as a query for the `id` of those that break it.
 * `countersign doctor` asks all of them, and so do the tests at the end of each random run.
 */
export const INVARIANTS: Readonly<Record<string, string>> = {
  "a promise is settled exactly when it has a time of settlement":
    "SELECT id FROM promises WHERE (state = 'pending') <> (settled_at IS NULL)",
  "a promise settles no later than its deadline": "SELECT id FROM promises WHERE settled_at > timeout_at",
  "a promise pending has no value":
    "SELECT id FROM promises WHERE state = 'pending' AND (value_data IS NOT NULL OR value_headers IS NOT NULL)",
  "a promise that timed out did so at its deadline and has no value":
    "SELECT id FROM promises WHERE state = 'rejected_timedout' AND (settled_at <> timeout_at OR value_data IS NOT NULL)",
  "a timer does not time out":
    "SELECT id FROM promises WHERE state = 'rejected_timedout' AND tags ->> '$.resonate:timer' = 'true'",
  "what has a target, is a timer or is marked so is external":
    "SELECT id FROM promises WHERE external <> (tags ->> '$.resonate:target' IS NOT NULL OR coalesce(tags ->> '$.resonate:timer', '') = 'true' OR coalesce(tags ->> '$.resonate:external', '') = 'true' OR coalesce(tags ->> '$.resonate:scope', '') = 'global')",
  "a promise has a task exactly when it has a target":
    "SELECT p.id FROM promises p LEFT JOIN tasks t ON t.n = p.n WHERE (t.id IS NULL) <> (tags ->> '$.resonate:target' IS NULL)",
  "a task is where its promise's target says":
    "SELECT t.id FROM tasks t JOIN promises p ON p.n = t.n WHERE t.target <> p.tags ->> '$.resonate:target'",
  "a task is fulfilled exactly when its promise is settled":
    "SELECT t.id FROM tasks t JOIN promises p ON p.n = t.n WHERE (t.state = 'fulfilled') <> (p.state <> 'pending')",
  "a task that is acquired has a holder, a lease and its end; no other has a holder":
    "SELECT id FROM tasks WHERE (state = 'acquired') <> (pid IS NOT NULL AND ttl IS NOT NULL AND due_at IS NOT NULL) OR (state <> 'acquired' AND (pid IS NOT NULL OR ttl IS NOT NULL OR local = 1))",
  "a pending task is to be handed out, but for that of a timer":
    "SELECT id FROM tasks WHERE state = 'pending' AND (due_at IS NULL) <> (timer = 1)",
  "only a pending task is not to be handed out before a time":
    "SELECT id FROM tasks WHERE state <> 'pending' AND not_before IS NOT NULL",
  "a task that is suspended, halted or fulfilled has no timer":
    "SELECT id FROM tasks WHERE state IN ('suspended', 'halted', 'fulfilled') AND due_at IS NOT NULL",
  "a task that was acquired has been at a version above 0":
    "SELECT id FROM tasks WHERE state IN ('acquired', 'suspended') AND version = 0",
  "a suspended task waits for something":
    "SELECT id FROM tasks WHERE state = 'suspended' AND id NOT IN (SELECT awaiter FROM waits)",
  "a suspended task has no wake-ups it did not follow":
    "SELECT id FROM tasks WHERE state = 'suspended' AND resumes <> 0",
  "what is awaited is pending and external":
    "SELECT c.awaited AS id FROM waits c JOIN promises p ON p.id = c.awaited WHERE p.state <> 'pending' OR p.external = 0",
  "who waits has a task that is not over":
    "SELECT c.awaiter AS id FROM waits c LEFT JOIN tasks t ON t.id = c.awaiter WHERE t.id IS NULL OR t.state = 'fulfilled'",
  "who waits has the same origin":
    "SELECT awaiter AS id FROM waits WHERE substr(awaited || ':', 1, instr(awaited || ':', ':')) <> substr(awaiter || ':', 1, instr(awaiter || ':', ':'))",
  "what is listened to is pending and external":
    "SELECT l.promise_id AS id FROM listeners l JOIN promises p ON p.id = l.promise_id WHERE p.state <> 'pending' OR p.external = 0",
  "a promise is in a state that there is":
    "SELECT id FROM promises WHERE state NOT IN ('pending', 'resolved', 'rejected', 'rejected_canceled', 'rejected_timedout')",
  "a promise settles no earlier than it was created": "SELECT id FROM promises WHERE settled_at < created_at",
  "a promise was created no later than its deadline": "SELECT id FROM promises WHERE created_at > timeout_at",
  "a promise lies within the origin that it names":
    "SELECT id FROM promises WHERE tags ->> '$.resonate:origin' <> substr(id, 1, instr(id || ':', ':') - 1)",
  "a promise is filed under its branch or its parent":
    "SELECT id FROM promises WHERE family IS NOT NULL AND family NOT IN (coalesce(tags ->> '$.resonate:branch', ''), coalesce(tags ->> '$.resonate:parent', ''))",
  "a promise without a ':' is the head of its tree":
    "SELECT id FROM promises WHERE head = 0 AND instr(id, ':') = 0",
  "a tree has a head":
    "SELECT id FROM promises p WHERE head = 0 AND NOT EXISTS (SELECT 1 FROM promises r WHERE r.id = substr(p.id, 1, instr(p.id, ':') - 1))",
  "a task is called like its promise":
    "SELECT t.id FROM tasks t JOIN promises p ON p.n = t.n WHERE t.id <> p.id",
  "a task is in a state that there is":
    "SELECT id FROM tasks WHERE state NOT IN ('pending', 'acquired', 'suspended', 'halted', 'fulfilled')",
  "a task counts nothing below zero": "SELECT id FROM tasks WHERE version < 0 OR resumes < 0 OR setbacks < 0",
  "a task is of the group that its address names":
    "SELECT id FROM tasks WHERE target NOT LIKE 'poll://%@' || target_group AND target NOT LIKE 'poll://%@' || target_group || '/%'",
  "nothing waits for itself": "SELECT awaiter AS id FROM waits WHERE awaiter = awaited",
  "a schedule's next time lies behind its last": "SELECT id FROM schedules WHERE next_run_at <= last_run_at",
  "what is owed has settled":
    "SELECT u.promise_id AS id FROM unblocks u JOIN promises p ON p.id = u.promise_id WHERE p.state = 'pending'",
};
