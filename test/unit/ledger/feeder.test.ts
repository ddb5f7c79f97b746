/** What the feeder promises about marks while one of its writes is under way. */
import { describe, expect, it, onTestFinished } from "vitest";
import type { Database } from "../../../src/ledger/postgres/database.ts";
import { openDatabase } from "../../../src/ledger/postgres/database.ts";
import { feedLog } from "../../../src/ledger/postgres/feed-log.ts";
import { Feeder } from "../../../src/ledger/postgres/feeder.ts";
import { migrate } from "../../../src/ledger/postgres/schema.ts";
import { untilPasses } from "../../support/eventually.ts";
import { query, withPostgres } from "../../support/postgres.ts";

const postgres = withPostgres();

const SAY = { info: () => {}, warn: () => {}, error: () => {} };
const ID = "po-1";

/** A feeder whose writes wait for the test, one after the other. */
async function heldFeeder() {
  const url = await postgres.newDatabase();
  const real = openDatabase(url);
  onTestFinished(() => real.close());
  await migrate(real);
  const writes: { readonly goOn: () => void; readonly fail: () => void }[] = [];
  const database: Database = {
    ...real,
    async transaction(work) {
      const held = Promise.withResolvers<void>();
      writes.push({ goOn: held.resolve, fail: () => held.reject(new Error("The connection broke")) });
      await held.promise;
      return await real.transaction(work);
    },
  };
  const promises = { read: async () => undefined, children: async () => [] };
  const feeder = new Feeder({ name: "test", database, promises, log: feedLog(SAY), ready: async () => {} });
  onTestFinished(async () => {
    for (const { goOn } of writes) goOn();
    await feeder.stop(0);
  });
  const act = () =>
    feeder.act(
      [ID],
      async () => {},
      () => [ID],
    );
  const tokens = async () => (await query(url, "SELECT token FROM ledger_marks ORDER BY 1")).flat();
  const written = async (n: number) => {
    await untilPasses(() => expect(writes.length).toBeGreaterThanOrEqual(n));
    return writes[n - 1] as (typeof writes)[number];
  };
  return { feeder, act, tokens, written };
}

describe("a mark", () => {
  it("that a write is deleting is not relied on by another request: that one has its own", async () => {
    const { act, tokens, written } = await heldFeeder();
    await act();
    const first = await written(1);
    await act();
    expect(await tokens()).toEqual(["test.1", "test.2"]);
    first.goOn();
    const second = await written(2);
    // Whatever happens now, somebody finds what the second request has changed.
    expect(await tokens()).toEqual(["test.2"]);
    second.goOn();
    await untilPasses(async () => expect(await tokens()).toEqual([]));
  });

  it("that a failed write was to delete is deleted by the next one, and relied on by none", async () => {
    const { act, tokens, written } = await heldFeeder();
    await act();
    (await written(1)).fail();
    const next = await written(2);
    next.goOn();
    await untilPasses(async () => expect(await tokens()).toEqual([]));
    await act();
    await untilPasses(async () => expect(await tokens()).toEqual(["test.2"]));
    (await written(3)).goOn();
    await untilPasses(async () => expect(await tokens()).toEqual([]));
  });
});
