/** What a list answers where a page may not read or answer more. */
import { DatabaseSync } from "node:sqlite";
import { describe, expect, it } from "vitest";
import type { Engine } from "../../../src/engine/engine.ts";
import { ledgerProjection } from "../../../src/ledger/projection.ts";
import { openRows } from "../../../src/ledger/rows.ts";
import { search } from "../../../src/ledger/sqlite-search.ts";
import { termsOf } from "../../../src/ledger/terms.ts";
import { exported } from "../../../src/service/ledger/export.ts";
import { testEngine } from "../../support/engine.ts";
import { entry } from "../../support/ledger.ts";
import { allOf, LEDGER, ledgerIn } from "../../support/ledger-engine.ts";
import { randomFrom } from "../../support/seeds.ts";
import { syntheticApprovals } from "../../support/synthetic-approvals.ts";

const LIMITS = { lookedAt: 2_000, bytes: 4 * 1024 * 1024 };

async function filled(limits: Partial<typeof LIMITS>): Promise<Engine> {
  const projection = ledgerProjection(() => (db, source) => openRows(db, source, { ...LIMITS, ...limits }));
  const engine = testEngine({ projection });
  const next = syntheticApprovals(randomFrom(7), Date.now());
  for (let i = 0; i < 500; i += 1) await engine.send(next());
  return engine;
}

async function linesOf(engine: Engine, query: Parameters<typeof exported>[1]): Promise<string[]> {
  let text = "";
  for await (const chunk of exported(ledgerIn(engine), query, "jsonl")) text += chunk;
  return text.split("\n").slice(0, -1);
}

const OF_TWO = { sort: "created", requester: "bo@example.com", approver: "ana@example.com" } as const;

describe("a list whose pages may look at few entries", () => {
  it("has short pages and empty ones, goes on all the same, and says that its total is no exact one", async () => {
    const engine = await filled({ lookedAt: 2 });
    const whole = await filled({});
    const expected = await allOf(ledgerIn(whole), OF_TWO);
    expect(expected.length).toBeGreaterThan(1);
    const first = await ledgerIn(engine).list({ ...OF_TWO, limit: 100, total: true });
    expect(first.items.length).toBeLessThan(expected.length);
    expect(first.nextCursor).toEqual(expect.any(String));
    expect(first.total).toMatchObject({ isExact: false });
    expect(first.total?.count).toBeLessThanOrEqual(expected.length);
    expect((await ledgerIn(whole).list({ ...OF_TWO, limit: 1, total: true })).total).toEqual({
      count: expected.length,
      isExact: true,
    });
    const found = await allOf(ledgerIn(engine), OF_TWO);
    expect(found.map(({ id }) => id)).toEqual(expected.map(({ id }) => id));
  });

  it("is exported as a whole, in which no line is missing or comes twice", async () => {
    const lines = await linesOf(await filled({ lookedAt: 2 }), { ...OF_TWO, limit: 1 });
    expect(lines).toHaveLength((await allOf(ledgerIn(await filled({})), OF_TWO)).length);
    expect(new Set(lines).size).toBe(lines.length);
  });
});

describe("a list by two terms that both have more entries than a page looks at", () => {
  it.each(["created", "due"] as const)("goes through those of the rarer one, in the order %s", (sort) => {
    const db = new DatabaseSync(":memory:");
    for (const sql of Object.values(LEDGER.tables)) db.exec(sql);
    const add = db.prepare("INSERT INTO ledger_terms SELECT value, ?, ? FROM json_each(?)");
    const write = db.prepare("INSERT INTO ledger_entries VALUES (?, ?, ?, ?, ?)");
    for (let n = 1; n <= 60; n += 1) {
      const [createdAt, deadline] = [n, 1_000 + n].map((ms) => new Date(ms).toISOString()) as [
        string,
        string,
      ];
      const tags: Record<string, string> = n % 6 === 0 ? { team: "ops" } : {};
      const made = entry({ id: `po-${n}`, createdAt, deadline, tags });
      const { created, due } = termsOf(made, "client:billing");
      add.run(n, n, JSON.stringify(created));
      add.run(1_000 + n, n, JSON.stringify(due));
      write.run(n, n, 1_000 + n, "client:billing", JSON.stringify(made));
    }
    const found = search(db, { ...LIMITS, lookedAt: 5 })({
      sort,
      creator: "client:billing",
      tags: ["team:ops"],
      limit: 100,
    });
    if ("refused" in found) throw new Error(found.refused.message);
    const ids = found.entries.map((text) => (JSON.parse(text) as { readonly id: string }).id);
    expect(ids).toEqual(
      (sort === "created" ? [60, 54, 48, 42, 36] : [6, 12, 18, 24, 30]).map((n) => `po-${n}`),
    );
  });
});

describe("a list whose pages may have few bytes", () => {
  it("has at least one entry on a page, and all of them in the end", async () => {
    const whole = await allOf(ledgerIn(await filled({})), { sort: "created" });
    for (const [bytes, most] of [
      [1, 1],
      [2_000, 10],
    ] as const) {
      const ledger = ledgerIn(await filled({ bytes }));
      const { items } = await ledger.list({ sort: "created", limit: 100 });
      expect(items.length).toBeLessThanOrEqual(most);
      expect(JSON.stringify(items).length).toBeLessThan(bytes + 2_000);
      const found = await allOf(ledger, { sort: "created" });
      expect(found.map(({ id }) => id)).toEqual(whole.map(({ id }) => id));
    }
  });
});

describe("a query that the read model does not take", () => {
  it.each([
    ["tag[0]", { tags: [""] }],
    ["q", { words: Array.from({ length: 9 }, () => "word") }],
    ["creator", { creator: "" }],
    ["limit", { limit: 0 }],
    ["cursor", { cursor: "nonsense" }],
  ])("is refused by the name of the parameter: %s", async (field, query) => {
    const listed = ledgerIn(testEngine({ projection: LEDGER })).list({ sort: "created", limit: 1, ...query });
    await expect(listed).rejects.toMatchObject({ code: "INVALID_FIELDS", problems: [{ field }] });
  });
});
