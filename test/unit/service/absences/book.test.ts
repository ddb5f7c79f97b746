import { inspect } from "node:util";
import { describe, expect, test } from "vitest";
import { ENTRY_LIFE_MS, entryId, monthsAt } from "../../../../src/approval/absence-entry.ts";
import { KIND_TAG } from "../../../../src/approval/ids.ts";
import { CALLS_KEPT, openAbsenceBook } from "../../../../src/service/absences/book.ts";

const NOW_MS = Date.UTC(2026, 10, 30, 12);

/** Entries by name, as an engine has them; counts what is read. */
function shelf(entries: Record<string, object> = {}) {
  const stored = new Map(Object.entries(entries));
  let reads = 0;
  return {
    stored,
    reads: () => reads,
    async read(id: string) {
      reads += 1;
      const entry = [...stored].find(([name]) => entryId(name) === id)?.[1];
      return entry && { tags: { [KIND_TAG]: "absence" }, param: entry };
    },
  };
}

let nonces = 0;

function added(person: string, to: string, fromMs = NOW_MS - 1_000, untilMs = NOW_MS + 1_000) {
  nonces += 1;
  const act = { door: "api", nonce: `n${nonces}` };
  return {
    kind: "absence",
    entry: "added",
    act,
    person: { email: person },
    to: { email: to },
    fromMs,
    untilMs,
  };
}

const removed = (rule: string) => ({
  kind: "absence",
  entry: "removed",
  act: { door: "api", nonce: `r${rule}` },
  rule,
});

describe("the book of absences", () => {
  test("reads the months in which rules can be that hold, and each year's entries live that long", () => {
    const months = monthsAt(NOW_MS);
    expect([months[0], months.at(-1), months.length]).toEqual(["202511", "202611", 13]);
    expect(monthsAt(Date.UTC(2027, 0, 31))[0]).toBe("202601");
    const first = Date.UTC(2026, 0, 1);
    expect(monthsAt(first + ENTRY_LIFE_MS)).not.toContain("202601");
  });

  test("knows who is away at a moment, from the first to the last", async () => {
    const { read } = shelf({
      "202601-1": added("Ana@x.org", "bo@x.org"),
      "202611-1": added("cy@x.org", "di@x.org"),
    });
    const book = openAbsenceBook(read);
    const at = async (ms: number) => (await book.awayAt(ms))("ana@x.org")?.to.email;
    expect(await Promise.all([-1_001, -1_000, 999].map((ms) => at(NOW_MS + ms)))).toEqual([
      undefined,
      "bo@x.org",
      "bo@x.org",
    ]);
    expect(await at(NOW_MS + 1_000)).toBeUndefined();
    expect((await book.awayAt(NOW_MS))("eve@x.org")).toBeUndefined();
  });

  test("asks the engine again after ten seconds, and then for what is new alone", async () => {
    const { stored, read, reads } = shelf();
    let ms = 0;
    const book = openAbsenceBook(read, () => ms);
    await Promise.all([1, 2, 3].map(() => book.awayAt(NOW_MS)));
    expect(reads()).toBe(13);
    stored.set("202611-1", added("ana@x.org", "bo@x.org"));
    ms = 9_999;
    expect((await book.awayAt(NOW_MS))("ana@x.org")).toBeUndefined();
    expect(reads()).toBe(13);
    ms = 10_000;
    expect((await book.awayAt(NOW_MS))("ana@x.org")?.to.email).toBe("bo@x.org");
    stored.set("202611-2", removed("202611-1"));
    ms = 20_000;
    expect((await book.awayAt(NOW_MS))("ana@x.org")).toBeUndefined();
    ms = 30_000;
    const before = reads();
    await book.awayAt(NOW_MS);
    expect(reads() - before).toBe(2);
  });

  test("reads hundreds, also after others that are no entries", async () => {
    const { stored, read } = shelf({ "202611-1": { kind: "other" } });
    for (let n = 2; n <= 300; n += 1) stored.set(`202611-${n}`, added(`p${n}@x.org`, "bo@x.org"));
    const { rules, next } = await openAbsenceBook(read).read(NOW_MS);
    expect([rules.length, next]).toEqual([299, "202611-301"]);
  });

  test("follows into the next month, where a removal may be read before what it removes", async () => {
    const { stored, read } = shelf({ "202611-1": added("ana@x.org", "bo@x.org", 0, NOW_MS * 2) });
    const book = openAbsenceBook(read);
    const december = Date.UTC(2026, 11, 1);
    expect((await book.read(NOW_MS)).next).toBe("202611-2");
    stored.set("202612-1", removed("202611-2"));
    expect(await book.read(december)).toMatchObject({ rules: [{ id: "202611-1" }], next: "202612-2" });
    stored.set("202611-2", added("cy@x.org", "bo@x.org", 0, NOW_MS * 2));
    expect((await book.read(december)).rules.map(({ id }) => id)).toEqual(["202611-1"]);
  });

  test("throws while the engine does not answer, and knows again afterwards", async () => {
    const { read } = shelf({ "202611-1": added("ana@x.org", "bo@x.org") });
    let isAway = true;
    const book = openAbsenceBook(async (id) => {
      if (isAway) throw new Error("away");
      return await read(id);
    });
    await expect(book.awayAt(NOW_MS)).rejects.toThrow("away");
    isAway = false;
    expect((await book.awayAt(NOW_MS))("ana@x.org")?.to.email).toBe("bo@x.org");
  });

  test("forgets calls and removals that nobody repeats any more, and keeps the latest of many", async () => {
    const { stored, read } = shelf();
    const book = openAbsenceBook(read);
    for (let n = 1; n <= CALLS_KEPT + 50; n += 1)
      stored.set(
        `202611-${n}`,
        n === 1 ? added("ana@x.org", "bo@x.org", 0, NOW_MS * 2) : removed(`202611-${n}`),
      );
    const { byNonce, rules } = await book.read(NOW_MS);
    expect([byNonce.size, byNonce.has(`r202611-${CALLS_KEPT + 50}`), rules.length]).toEqual([
      CALLS_KEPT,
      true,
      1,
    ]);
    // Two months later nobody repeats a call of November, and the rule still holds.
    const later = await book.read(Date.UTC(2027, 0, 2));
    expect([later.byNonce.size, later.rules.length]).toEqual([0, 1]);
    expect(sizeOf(book)).toBeLessThan(40);
  });
});

/** Of everything that the book holds. */
function sizeOf(book: object): number {
  return inspect(book, { depth: 9, maxArrayLength: null, showHidden: true }).split("\n").length;
}
