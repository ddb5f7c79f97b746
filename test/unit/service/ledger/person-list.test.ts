import { describe, expect, it } from "vitest";
import { listForPerson, openBallotsOf } from "../../../../src/service/ledger/person-list.ts";
import { entry, ledgerOf } from "../../../support/ledger.ts";

const ana = { email: "ana@example.com" };
const bo = { email: "bo@example.com" };
const ids = ({ items }: { readonly items: readonly { readonly id: string }[] }) => items.map(({ id }) => id);

describe("listForPerson()", () => {
  const late = entry({ id: "late", deadline: "2026-12-03T12:00:00.000Z" });
  const soon = entry({ id: "soon", deadline: "2026-12-02T12:00:00.000Z" });
  const answered = entry({
    id: "answered",
    ballots: [
      { n: 1, approver: ana, state: "approved" },
      { n: 2, approver: bo, state: "open" },
    ],
    waitingFor: [bo.email],
  });
  const own = entry({
    id: "own",
    requester: ana,
    ballots: [{ n: 1, approver: bo, state: "open" }],
    waitingFor: [bo.email],
  });
  const ledger = ledgerOf([late, soon, answered, own]);

  it("shows what waits for the person, the soonest deadline first", async () => {
    expect(ids(await listForPerson(ledger, { list: "waiting", person: "Ana@Example.com" }))).toEqual([
      "soon",
      "late",
    ]);
  });

  it("shows what the person asked for", async () => {
    expect(ids(await listForPerson(ledger, { list: "asked", person: ana.email }))).toEqual(["own"]);
  });

  it("shows what no longer waits for the person", async () => {
    expect(ids(await listForPerson(ledger, { list: "done", person: ana.email }))).toEqual(["answered"]);
  });

  it("goes on where the page before ended", async () => {
    const first = await listForPerson(ledger, { list: "waiting", person: ana.email, limit: 1 });
    const { nextCursor: cursor } = first;
    const second = await listForPerson(ledger, { list: "waiting", person: ana.email, limit: 1, cursor });
    expect([ids(first), ids(second), second.nextCursor]).toEqual([["soon"], ["late"], undefined]);
  });

  it("fills a page from short ones", async () => {
    const short = {
      list: async ({ cursor = "0" }: { readonly cursor?: string }) =>
        cursor === "0" ? { items: [soon], nextCursor: "1" } : { items: [late] },
    };
    expect(ids(await listForPerson(short, { list: "waiting", person: ana.email }))).toEqual(["soon", "late"]);
  });
});

describe("openBallotsOf()", () => {
  it("names the ballots that the person can answer", () => {
    const ballots = [
      { n: 1, approver: ana, state: "reissued" },
      { n: 3, approver: bo, state: "open" },
      { n: 4, approver: { email: "Ana@example.com" }, state: "open" },
    ] as const;
    expect(openBallotsOf({ ballots }, ana.email)).toEqual([4]);
  });
});
