/** The audit of a file that an engine goes on writing: it holds nothing up, and finds nothing that is not there. */
import { join } from "node:path";
import { expect, it } from "vitest";
import { openEngine } from "../../../src/engine/engine.ts";
import { SILENT } from "../../../src/engine/log.ts";
import { look } from "../../../src/engine/operate/walk.ts";
import { openDatabase } from "../../../src/engine/store/database.ts";
import { keepJournal } from "../../../src/engine/store/journal.ts";
import { Store } from "../../../src/engine/store/store.ts";
import { auditLog } from "../../../src/evidence/audit/audit.ts";
import { evidenceTrail } from "../../../src/evidence/trail.ts";
import { temporaryFolder } from "../../support/engine.ts";
import { create, rootTags, settle } from "../../support/engine-requests.ts";
import { promiseRow } from "../../support/engine-rows.ts";

const LATER = Date.now() + 86_400_000;
const APPROVALS = 600;
const tags = { "countersign:kind": "approval" };

it("lets an engine create, settle, seal and delete between its pages", async () => {
  const dataDir = temporaryFolder();
  const engine = openEngine({ dataDir, trail: evidenceTrail() });
  const ids = Array.from({ length: APPROVALS }, (_, at) => `po-${at}`);
  await Promise.all(ids.map((id) => engine.send(create(id, LATER, rootTags(id, tags)))));
  await Promise.all(ids.slice(1).map((id) => engine.send(settle(id))));
  await engine.close();

  const file = join(dataDir, "engine.db");
  const db = openDatabase(file);
  const store = new Store(db, keepJournal(), { trail: evidenceTrail(), log: SILENT });
  let pages = 0;
  const write = () => {
    pages += 1;
    const now = Date.now();
    const row = promiseRow(`new-${pages}`, { tags, createdAt: now, timeoutAt: LATER });
    const old = store.view.promise("po-0");
    store.begin();
    store.write([{ kind: "promise.insert", row }]);
    store.write([{ kind: "promise.settle", row: { ...row, state: "resolved", settledAt: now } }]);
    if (pages === 2 && old !== undefined)
      store.write([{ kind: "promise.settle", row: { ...old, state: "resolved", settledAt: now } }]);
    for (const at of [APPROVALS - pages, pages]) store.write([{ kind: "promise.delete", id: `po-${at}` }]);
    store.trail?.tidy();
    store.commit();
    // Nobody who reads keeps the log from being copied back.
    expect(store.clearHistory()).toBe(true);
  };
  const audit = look(file, (state) =>
    auditLog({
      ...state,
      renew: () => {
        state.renew();
        write();
      },
    }),
  );
  expect(audit).toMatchObject({ size: 2 * APPROVALS - 1, findings: [] });
  expect(pages).toBeGreaterThan(4);
  // What the engine did meanwhile is in the next one.
  expect(look(file, (state) => auditLog(state))).toMatchObject({ erased: 2 * pages, findings: [] });
  store.close();
});
