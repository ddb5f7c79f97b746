import type { Person } from "../../approval/approval.ts";
import { evaluationOf, nextDeadlineOf } from "../../approval/course.ts";
import type { Explanation } from "../../approval/evaluate/evaluation.ts";
import { ballotId } from "../../approval/ids.ts";
import { separableItems } from "../../approval/items.ts";
import { addressKey } from "../../approval/person.ts";
import type { Durable } from "../../durable/durable.ts";
import { knownTime } from "../../durable/engine-time.ts";
import type { Entry } from "../../ledger/entry.ts";
import type { Ledger } from "../../ledger/ledger.ts";
import { readCourse } from "../approvals/question.ts";
import { listForPerson, openBallotsOf, type PersonListCall } from "../ledger/person-list.ts";

export interface InboxOptions {
  readonly durable: Durable;
  readonly ledger: Pick<Ledger, "list">;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
}

/** One approval in a person's inbox. */
export interface InboxItem {
  readonly entry: Entry;
  /** Promise ids of the person's ballots: those that are open, or of an approval that is over for them the newest. */
  readonly ballots: readonly string[];
  /** What the rule waits for, while it does. */
  readonly explanation?: Explanation;
  /** The next deadline of an open approval, as its pages tell it: that of the stage, if it is sooner. Milliseconds since 1970. */
  readonly nextDeadlineMs?: number;
  /** Whether there is nothing to fill in, and no choice but the plain two: then it can be answered together with others. */
  readonly isPlain: boolean;
}

export interface InboxPage {
  readonly items: readonly InboxItem[];
  readonly nextCursor?: string;
}

/** A page of one of a person's lists. What an open approval waits for is read from its promises, not from the read model. */
export async function readInbox(options: InboxOptions, call: PersonListCall): Promise<InboxPage> {
  const { items, nextCursor } = await listForPerson(options.ledger, call);
  return {
    items: await Promise.all(items.map((entry) => itemOf(options, entry, call.person))),
    ...(nextCursor === undefined ? {} : { nextCursor }),
  };
}

/**
 * The person as their newest approval has them; undefined if there is, and was, nothing in their inbox. Asks the same of the
 * read model for everybody.
 */
export async function knownPerson(ledger: Pick<Ledger, "list">, email: string): Promise<Person | undefined> {
  const key = addressKey(email);
  const found = await Promise.all([
    ledger.list({ approver: email, sort: "created", limit: 1 }),
    ledger.list({ requester: email, sort: "created", limit: 1 }),
  ]);
  const people = found.flatMap(({ items }) =>
    items.flatMap(({ ballots, requester }) => [...ballots.map(({ approver }) => approver), requester]),
  );
  return people.find((person) => person !== undefined && addressKey(person.email) === key);
}

async function itemOf(options: InboxOptions, entry: Entry, person: string): Promise<InboxItem> {
  const ballots = ballotsOf(entry, person).map((n) => ballotId(entry.id, n));
  if (entry.status !== "pending") return { entry, ballots, isPlain: false };
  const course = await readCourse(options.durable, entry.id);
  if (course === undefined || course.root.state !== "pending") return { entry, ballots, isPlain: false };
  const { explanation } = evaluationOf(course, knownTime(options));
  const { choices, fields } = course.request;
  const isPlain = choices === undefined && fields === undefined && separableItems(course.request) === 0;
  return { entry, ballots, explanation, nextDeadlineMs: nextDeadlineOf(course).atMs, isPlain };
}

function ballotsOf(entry: Entry, person: string): readonly number[] {
  const open = openBallotsOf(entry, person);
  if (open.length > 0) return open;
  const key = addressKey(person);
  const last = entry.ballots.findLast(({ approver }) => addressKey(approver.email) === key);
  return last === undefined ? [] : [last.n];
}
