/** Random questions to a read model, and the right answers: those of a simple reading of all promises. */
import { expect } from "vitest";
import type { Ledger, ListQuery } from "../../src/ledger/ledger.ts";
import { matching } from "./ledger.ts";
import { allOf, type approvalsIn } from "./ledger-engine.ts";
import type { Random } from "./seeds.ts";
import { CLIENTS, PEOPLE } from "./synthetic-approvals.ts";

const QUERIES = 25;

export async function expectAnswersRight(
  ledger: Ledger,
  approvals: Awaited<ReturnType<typeof approvalsIn>>,
  random: Random,
  nowMs: number,
): Promise<void> {
  for (let i = 0; i < QUERIES; i += 1) {
    const query = randomQuery(random, nowMs);
    const { creator, ...others } = query;
    const own = approvals.filter((each) => creator === undefined || each.creator === creator);
    const expected = matching(
      own.map(({ entry }) => entry),
      others,
    );
    const found = await allOf(ledger, query, 1 + random.below(7));
    // Equal keys are in the order in which the approvals were stored.
    expect(ids(found).toSorted(), JSON.stringify(query)).toEqual(ids(expected).toSorted());
    const isAscending = query.sort === "due" || query.stands !== undefined;
    const keys = found.map(({ createdAt, deadline, nextDeadline, stands }) =>
      query.stands === undefined
        ? isAscending
          ? (nextDeadline ?? deadline)
          : createdAt
        : (stands?.until ?? ""),
    );
    const sorted = keys.toSorted();
    expect(keys).toEqual(isAscending ? sorted : sorted.toReversed());
    const { total } = await ledger.list({ ...query, limit: 1, total: true });
    expect(total).toEqual({ count: expected.length, isExact: true });
  }
}

function ids(items: readonly { readonly id: string }[]): string[] {
  return items.map(({ id }) => id);
}

function randomQuery(random: Random, nowMs: number): Omit<ListQuery, "limit"> {
  const maybe = <T>(value: T) => (random.chance(0.3) ? [value] : []);
  const query: Record<string, unknown> = { sort: random.pick(["created", "due"]) };
  for (const stands of maybe(random.pick(["approval", "refusal"]))) {
    // What stands has ended.
    Object.assign(query, { sort: "created", stands, nowMs: nowMs + random.below(12) * 86_400_000 });
  }
  for (const status of maybe(random.pick(["pending", "approved", "cancelled"]))) query["status"] = status;
  for (const person of maybe(random.pick(PEOPLE))) query["approver"] = person.toUpperCase();
  for (const person of maybe(random.pick(PEOPLE))) query["requester"] = person;
  for (const person of maybe(random.pick(PEOPLE))) query[random.pick(["waitingFor", "doneFor"])] = person;
  for (const creator of maybe(random.pick(CLIENTS))) query["creator"] = creator;
  for (const tag of maybe(random.pick(["team:ops", "nth:3", "nested:no"]))) query["tags"] = [tag];
  for (const words of maybe(random.pick([["order"], ["muller"], ["order", "laptops"], ["3"]])))
    query["words"] = words;
  for (const range of maybe({ from: nowMs, before: nowMs + random.below(2_000) })) query["created"] = range;
  for (const range of maybe({ from: nowMs + random.below(9) * 86_400_000 })) query["due"] = range;
  return query as unknown as Omit<ListQuery, "limit">;
}
