/** What one person sees of all approvals: their inbox. */

import { addressKey } from "../../approval/person.ts";
import type { Entry } from "../../ledger/entry.ts";
import type { Ledger, ListPage, ListQuery } from "../../ledger/ledger.ts";
import { fullPage } from "./full-page.ts";

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

/** A page of a person's list. It has a term of its own in the read model, so a page is short only at its end. */
export async function listForPerson(
  ledger: Pick<Ledger, "list">,
  { list, person, limit = PAGE, cursor }: PersonListCall,
): Promise<ListPage> {
  const from = cursor === undefined ? {} : { cursor };
  return await fullPage(ledger, { ...QUERIES[list](person), limit, ...from });
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
