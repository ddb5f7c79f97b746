/** A read model in memory, made of entries: slow, and right by being simple. For tests, and as the other reading of the rule. */
import { addressKey } from "../../src/approval/person.ts";
import { dueAtMs, type Entry } from "../../src/ledger/entry.ts";
import type { Ledger, ListQuery, Range } from "../../src/ledger/ledger.ts";

/** An entry as an approval with one approver has it, with other members where the test names them. */
export function entry(over: Partial<Entry> & Pick<Entry, "id">): Entry {
  return {
    status: "pending",
    title: `Approve ${over.id}`,
    ballots: [{ n: 1, approver: { email: "ana@example.com" }, state: "open" }],
    waitingFor: ["ana@example.com"],
    deadline: "2026-12-01T12:00:00.000Z",
    createdAt: "2026-11-24T12:00:00.000Z",
    tags: {},
    ...over,
  };
}

/** Reads `entries` at each call, so a test may change them. Its cursor is the number of items that were shown. */
export function ledgerOf(entries: readonly Entry[]): Ledger {
  return {
    async list(query) {
      const found = matching(entries, query);
      const from = Number(query.cursor ?? 0);
      const items = found.slice(from, from + query.limit);
      const end = from + items.length;
      return end < found.length ? { items, nextCursor: String(end) } : { items };
    },
  };
}

/** All that a query finds, in its order. */
export function matching(entries: readonly Entry[], query: Omit<ListQuery, "limit" | "cursor">): Entry[] {
  const found = entries.filter((each) => matches(each, query));
  if (query.stands !== undefined) {
    return found.toSorted((a, b) => untilMs(a) - untilMs(b) || (a.id < b.id ? -1 : 1));
  }
  return query.sort === "due"
    ? found.toSorted((a, b) => dueAtMs(a) - dueAtMs(b) || (a.id < b.id ? -1 : 1))
    : found.toSorted((a, b) => Date.parse(b.createdAt) - Date.parse(a.createdAt) || (a.id < b.id ? 1 : -1));
}

function untilMs({ stands }: Entry): number {
  return Date.parse(stands?.until ?? "");
}

function matches(each: Entry, query: Omit<ListQuery, "limit" | "cursor">): boolean {
  const {
    status,
    approver,
    waitingFor,
    doneFor,
    requester,
    tags = [],
    words = [],
    created,
    due,
    stands,
    nowMs = 0,
    sort,
  } = query;
  const asked = each.ballots.map((ballot) => addressKey(ballot.approver.email));
  const waits = each.waitingFor.map(addressKey);
  const isOneOf = (people: readonly string[], person: string) => people.includes(addressKey(person));
  const text = `${each.title} ${each.id}`.normalize("NFKD").replaceAll(/\p{M}/gu, "").toLowerCase();
  return (
    (status === undefined || each.status === status) &&
    (stands === undefined || (each.stands?.kind === stands && nowMs < untilMs(each))) &&
    (stands !== undefined || sort !== "due" || each.status === "pending") &&
    (approver === undefined || isOneOf(asked, approver)) &&
    (waitingFor === undefined || isOneOf(waits, waitingFor)) &&
    (doneFor === undefined || (isOneOf(asked, doneFor) && !isOneOf(waits, doneFor))) &&
    (requester === undefined || addressKey(each.requester?.email ?? "") === addressKey(requester)) &&
    tags.every((tag) => Object.entries(each.tags).some(([name, value]) => `${name}:${value}` === tag)) &&
    words.every((word) => text.split(/[^\p{L}\p{N}]+/u).includes(word)) &&
    isIn(created, each.createdAt) &&
    isIn(due, new Date(dueAtMs(each)).toISOString())
  );
}

function isIn({ from = Number.NEGATIVE_INFINITY, before = Infinity }: Range = {}, at: string): boolean {
  const ms = Date.parse(at);
  return from <= ms && ms < before;
}
