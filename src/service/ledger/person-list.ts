/** What one person sees of all approvals: their inbox. */

import { addressKey } from "../../approval/person.ts";
import type { Entry } from "../../ledger/entry.ts";
import type { Ledger, ListPage, ListQuery } from "../../ledger/ledger.ts";

/**
 * `waiting`: approvals with an open ballot of theirs, the soonest deadline first. `asked`: those that they asked for, the
 * newest first. `done`: those in which they were asked, and no longer are, the newest first.
 */
type PersonList = "waiting" | "asked" | "done";

export interface PersonListCall {
  readonly list: PersonList;
  /** The person's mail address. Case does not matter. */
  readonly person: string;
  /** From 1 to 100. Default 25. */
  readonly limit?: number;
  /** Of the page before. */
  readonly cursor?: string | undefined;
}

const PAGE = 25;
/** A read model may answer pages that are short before the end (`ListPage`). So many are read to fill one. */
const READS_MAX = 4;

/** A page of a person's list. It is empty only if there is nothing more. */
export async function listForPerson(
  ledger: Pick<Ledger, "list">,
  { list, person, limit = PAGE, cursor }: PersonListCall,
): Promise<ListPage> {
  const items: Entry[] = [];
  let next = cursor;
  for (let reads = 0; reads < READS_MAX; reads += 1) {
    const from = next === undefined ? {} : { cursor: next };
    const page = await ledger.list({ ...QUERIES[list](person), limit: limit - items.length, ...from });
    items.push(...page.items);
    next = page.nextCursor;
    if (next === undefined || items.length === limit) break;
  }
  return next === undefined ? { items } : { items, nextCursor: next };
}

const QUERIES: Readonly<Record<PersonList, (person: string) => Omit<ListQuery, "limit">>> = {
  waiting: (waitingFor) => ({ waitingFor, sort: "due" }),
  asked: (requester) => ({ requester, sort: "created" }),
  done: (doneFor) => ({ doneFor, sort: "created" }),
};

/** Numbers of the person's open ballots in an entry: what they can answer. */
export function openBallotsOf({ ballots }: Pick<Entry, "ballots">, person: string): readonly number[] {
  const key = addressKey(person);
  return ballots
    .filter(({ approver, state }) => state === "open" && addressKey(approver.email) === key)
    .map(({ n }) => n);
}
