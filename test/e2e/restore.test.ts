/** The restore drill of docs/operations.md: a backup under load, a machine that is lost, and the same service elsewhere. */
import { copyFileSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { Api } from "../support/api.ts";
import { countersign } from "../support/cli.ts";
import { temporaryFolder } from "../support/engine.ts";
import { press } from "../support/press.ts";
import { startRelay } from "../support/relay.ts";
import { needsEmbeddedEngine } from "../support/resonate-server.ts";
import { newId, openSite } from "../support/site.ts";

const ANA = "ana@example.com";
const KEYS = ["token-keys", "callback-secret", "callback-key", "signing-keys"];
/** Approvals that are begun before the backup, and after it. */
const COUNT = 5;

test("a backup that was made under load is restored elsewhere: doctor is content at once, and only what came later is lost", async (ctx) => {
  needsEmbeddedEngine(ctx, "backs up the embedded engine");
  await using relay = await startRelay();
  await using site = await openSite({ relay });
  const service = await site.start("all");
  const api = new Api(site.publicUrl);
  const links = async (id: string) => (await relay.mailTo(ANA, id)).links;

  const decided = await api.ask({ id: newId("decided"), approvers: [ANA] });
  await press((await links(decided)).approve);
  await api.ended(decided);
  const open = await api.ask({ id: newId("open"), approvers: [ANA] });
  const openLinks = await links(open);

  const acknowledged: string[] = [];
  const over = new AbortController();
  const load = (async () => {
    while (!over.signal.aborted) acknowledged.push(await api.ask({ id: newId("load"), approvers: [ANA] }));
  })();
  await expect.poll(() => acknowledged.length).toBeGreaterThan(COUNT);
  const before = acknowledged.length;
  const elsewhere = join(temporaryFolder(), "data");
  mkdirSync(elsewhere, { mode: 0o700 });
  const backup = join(elsewhere, "engine.db");
  const began = performance.now();
  expect(await countersign(["backup", backup], site.env)).toMatchObject({ code: 0 });
  const backupMs = performance.now() - began;
  const after = acknowledged.length;
  await expect.poll(() => acknowledged.length).toBeGreaterThan(after + COUNT);
  over.abort();
  await load;
  await press(openLinks.reject);
  await api.ended(open);
  await service.killHard();

  const lostAt = performance.now();
  for (const name of KEYS) copyFileSync(join(site.dataDir, name), join(elsewhere, name));
  const env = { ...site.env, DATA_DIR: elsewhere };
  const found = await countersign(["doctor", "--json"], env);
  expect([found.code, JSON.parse(found.stdout)]).toMatchObject([0, { findings: [] }]);
  await site.start("all", env);
  const restoreMs = performance.now() - lostAt;

  expect(await api.approval(decided)).toMatchObject({ status: "approved" });
  const kept = await Promise.all(acknowledged.map(async (id) => (await api.approvalRaw(id)).status === 200));
  const lost = kept.filter((isKept) => !isKept).length;
  expect(kept.slice(0, before), "all that was acknowledged before the backup").not.toContain(false);
  expect(lost, "what came after it").toBeGreaterThan(0);
  expect(lost).toBeLessThanOrEqual(acknowledged.length - before);
  // It was decided after the backup: it is open again, and so is its link. Only it says that something of it is lost.
  expect(await api.approval(decided)).not.toHaveProperty("restoredFrom");
  expect(await api.approval(open)).toMatchObject({ status: "pending", restoredFrom: expect.any(String) });
  expect(await press(openLinks.approve)).toMatchObject({ decision: "approved", effective: true });
  console.log(
    `backup ${Math.round(backupMs)} ms, doctor and start elsewhere ${Math.round(restoreMs)} ms, lost ${lost} of ${acknowledged.length} approvals, all of them after the backup had begun`,
  );
});
