/** The read model in the embedded engine is what the promises say: at each moment, after a crash, and when it is made again. */
import { cpSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { Network } from "@resonatehq/sdk";
import { describe, expect, it } from "vitest";
import { type Engine, openEngine } from "../../../src/engine/engine.ts";
import { backUp } from "../../../src/engine/operate/backup.ts";
import { embeddedLedger } from "../../../src/ledger/embedded.ts";
import { listForPerson } from "../../../src/service/ledger/person-list.ts";
import { temporaryFolder, testEngine } from "../../support/engine.ts";
import { request } from "../../support/engine-requests.ts";
import { allOf, approvalsIn, LEDGER, ledgerIn, rowsOf } from "../../support/ledger-engine.ts";
import { expectAnswersRight } from "../../support/ledger-queries.ts";
import { randomFrom, seeds } from "../../support/seeds.ts";
import { PEOPLE, syntheticApprovals } from "../../support/synthetic-approvals.ts";

const ids = (items: readonly { readonly id: string }[]) => items.map(({ id }) => id);

/** Open ballots as `GET /approvals/:id` shows them, the other reading of the same promises. */
async function openBallots(engine: Engine, person: string): Promise<string[]> {
  const approvals = await approvalsIn(engine);
  return approvals
    .filter(({ entry, view }) => {
      const opened = new Set(entry.ballots.map(({ n }) => n));
      return view?.ballots.some(
        ({ n, state, approver }) => state === "open" && opened.has(n) && approver.email === person,
      );
    })
    .map(({ entry }) => entry.id)
    .toSorted();
}

async function expectInboxesRight(engine: Engine): Promise<void> {
  const ledger = ledgerIn(engine);
  for (const person of PEOPLE) {
    const { items } = await listForPerson(ledger, { list: "waiting", person, limit: 100 });
    expect(ids(items).toSorted()).toEqual(await openBallots(engine, person));
  }
}

describe("the read model in the embedded engine", () => {
  it.each(seeds(3))(
    "answers every query as a simple reading of all promises does (seed %i)",
    async (seed) => {
      const random = randomFrom(seed);
      const nowMs = Date.now();
      const engine = testEngine({ projection: LEDGER });
      const ledger = ledgerIn(engine);
      const next = syntheticApprovals(random, nowMs);
      for (let round = 0; round < 6; round += 1) {
        for (let i = 0; i < 60; i += 1) await engine.send(next());
        await expectAnswersRight(ledger, await approvalsIn(engine), random, nowMs);
        await expectInboxesRight(engine);
      }
    },
  );

  it.each(seeds(1))("is what a rebuild makes, after a crash at any request (seed %i)", async (seed) => {
    const random = randomFrom(seed);
    const dataDir = temporaryFolder();
    const engine = testEngine({ dataDir, projection: LEDGER });
    const next = syntheticApprovals(random, Date.now());
    for (let i = 0; i < 30; i += 1) {
      for (let j = 0; j <= random.below(4); j += 1) await engine.send(next());
      if (random.chance(0.2)) await new Promise((resolve) => setTimeout(resolve, 110));
      // What `kill -9` leaves: the files as they are, at some moment between two checkpoints.
      const left = join(temporaryFolder(), "left");
      cpSync(dataDir, left, { recursive: true });
      const found = openEngine({ dataDir: left, projection: LEDGER });
      await expectInboxesRight(found);
      await found.close();
      const before = rowsOf(left);
      const again = openEngine({ dataDir: left, projection: LEDGER });
      await again.rebuild();
      await again.close();
      expect(rowsOf(left)).toEqual(before);
    }
  });

  it("is made from what is stored when its tables are gone, or an older program wrote to the file", async () => {
    const dataDir = temporaryFolder();
    const next = syntheticApprovals(randomFrom(1), Date.now());
    const first = openEngine({ dataDir, projection: LEDGER });
    for (let i = 0; i < 100; i += 1) await first.send(next());
    await first.close();
    const rows = rowsOf(dataDir);
    expect(rows.entries.length).toBeGreaterThan(5);

    const db = new DatabaseSync(join(dataDir, "engine.db"));
    db.exec("DROP TABLE ledger_entries; DROP TABLE ledger_terms; DROP TABLE projection");
    db.close();
    const second = openEngine({ dataDir, projection: LEDGER });
    await expect
      .poll(() =>
        expectInboxesRight(second).then(
          () => true,
          () => false,
        ),
      )
      .toBe(true);
    await second.close();
    expect(rowsOf(dataDir)).toEqual(rows);

    const older = openEngine({ dataDir });
    for (let i = 0; i < 30; i += 1) await older.send(next());
    await older.close();
    const third = openEngine({ dataDir, projection: LEDGER });
    await expect
      .poll(() =>
        expectInboxesRight(third).then(
          () => true,
          () => false,
        ),
      )
      .toBe(true);
    await third.close();
  });

  it("comes along with a backup that is made while the engine runs", async () => {
    const dataDir = temporaryFolder();
    const engine = testEngine({ dataDir, projection: LEDGER });
    const next = syntheticApprovals(randomFrom(4), Date.now());
    for (let i = 0; i < 100; i += 1) await engine.send(next());
    const copy = temporaryFolder();
    backUp(join(dataDir, "engine.db"), join(copy, "engine.db"), { projection: LEDGER });
    const restored = openEngine({ dataDir: copy, projection: LEDGER });
    // At once: nothing has to be made again.
    await expectInboxesRight(restored);
    await restored.close();
  });

  it("loses its rows with the promises that are deleted", async () => {
    let now = Date.now();
    const clock = { now: () => now, after: () => () => undefined };
    const engine = testEngine({ projection: LEDGER, clock });
    const next = syntheticApprovals(randomFrom(2), now);
    for (let i = 0; i < 300; i += 1) await engine.send(next());
    now += 500 * 86_400_000;
    await engine.send(request("promise.get", { id: "x" }));
    const { promises } = await engine.collect(1);
    expect(promises).toBeGreaterThan(50);
    const left = await approvalsIn(engine);
    expect(ids(await allOf(ledgerIn(engine), { sort: "created" })).toSorted()).toEqual(
      ids(left.map(({ entry }) => entry)).toSorted(),
    );
  });

  it("refuses a cursor of another list", async () => {
    const engine = testEngine({ projection: LEDGER });
    const ledger = ledgerIn(engine);
    const next = syntheticApprovals(randomFrom(3), Date.now());
    for (let i = 0; i < 60; i += 1) await engine.send(next());
    const { nextCursor: cursor = "" } = await ledger.list({ sort: "created", limit: 1 });
    expect(cursor).not.toBe("");
    const other = ledger.list({ sort: "created", status: "pending", limit: 1, cursor });
    await expect(other).rejects.toMatchObject({ code: "INVALID_FIELDS" });
    await expect(ledger.list({ sort: "created", limit: 1, cursor: "x" })).rejects.toMatchObject({
      code: "INVALID_FIELDS",
    });
  });

  it.each([
    [0, 0, "the index is being made"],
    [3, 0, "the index is being made"],
    [1, 3, "the index is being made, 33 % of it is there"],
    [7, 3, "the index is being made, 99 % of it is there"],
  ])("says how far an index is that is being made: %i of %i", async (done, all, said) => {
    const answer = { head: { status: 200 }, data: { kind: "building", done, all } };
    const network = { send: async () => answer } as unknown as Network;
    await expect(embeddedLedger(network).list({ sort: "created", limit: 1 })).rejects.toMatchObject({
      code: "INDEX_UNAVAILABLE",
      message: `Cannot list approvals: ${said}`,
    });
  });

  it("says so where no index is kept", async () => {
    const ledger = ledgerIn(testEngine());
    await expect(ledger.list({ sort: "created", limit: 1 })).rejects.toMatchObject({
      code: "INDEX_UNAVAILABLE",
    });
  });
});
