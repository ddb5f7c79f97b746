/**
 * Terms: what an entry can be found by. A list is what has all of its terms, in the order of a key.
 *
 * T1 There are three orders. `created` has every entry, with the time of its creation as key, which never changes. `due` has
 *    only what is pending, with its next deadline as key, and so no entry once it is over. `until` has what stands, an approval
 *    or a refusal in advance, with the time until which it does as key.
 * T2 Each condition is one term of the order `created`. Those that people list by have one in the order `due`, too. The order
 *    `until` has a term for each kind, and no other.
 * T3 Terms follow from the entry and its creator alone. So the old ones need not be stored to be replaced.
 * T4 Terms are well-formed texts. SQLite keeps others in two ways, as a value and within JSON, which it does not find again.
 */
import { addressKey } from "../approval/person.ts";
import { dueAtMs, type Entry } from "./entry.ts";
import type { ListQuery } from "./ledger.ts";
import { wordsOf } from "./words.ts";

export type Order = "created" | "due" | "until";

export const ORDERS = ["created", "due", "until"] as const satisfies readonly Order[];

/** Every entry has it. */
export const EVERY = "*";

/** What a term is called in an order. */
export function termIn(order: Order, term: string): string {
  return order === "created" ? term : `${order} ${term}`;
}

/** The key of an entry in an order, in milliseconds since 1970. One that stands for nothing has no term in the order `until`. */
export function keyIn(order: Order, entry: Entry): number {
  switch (order) {
    case "created":
      return Date.parse(entry.createdAt);
    case "due":
      return dueAtMs(entry);
    case "until":
      return Date.parse(entry.stands?.until ?? entry.createdAt);
    default:
      return order satisfies never;
  }
}

/** The conditions that have a term in the order `due`, by their first letter. */
const LISTED_BY_DUE = new Set(["*", "r", "k", "w", "t"]);

export function isListedByDue(term: string): boolean {
  return LISTED_BY_DUE.has(term.charAt(0));
}

export type Terms = Readonly<Record<Order, readonly string[]>>;

/** All terms of an entry, each once, by their orders. */
export function termsOf(entry: Entry, creator: string | undefined): Terms {
  const asked = new Set(entry.ballots.map(({ approver }) => addressKey(approver.email)));
  const waiting = new Set(entry.waitingFor.map(addressKey));
  const terms = new Set<string>([EVERY, status(entry.status)]);
  if (entry.requester !== undefined) terms.add(requester(entry.requester.email));
  if (creator !== undefined) terms.add(createdBy(creator));
  for (const person of asked) {
    terms.add(approver(person));
    terms.add(waiting.has(person) ? waitingFor(person) : doneFor(person));
  }
  for (const [name, value] of Object.entries(entry.tags)) terms.add(tag(`${name}:${value}`));
  // Apart, so that a title of many words hides none of the id.
  for (const found of [...wordsOf(entry.id), ...wordsOf(entry.title)]) terms.add(word(found));
  const created = wellFormed(terms);
  const due =
    entry.status === "pending" ? created.filter(isListedByDue).map((term) => termIn("due", term)) : [];
  const until = entry.stands === undefined ? [] : [termIn("until", stands(entry.stands.kind))];
  return { created, due, until };
}

/** Nearly always all of them are (T4). */
function wellFormed(terms: ReadonlySet<string>): readonly string[] {
  const list = [...terms];
  if (list.every((term) => term.isWellFormed())) return list;
  return [...new Set(list.map((term) => term.toWellFormed()))];
}

/** Those of `terms` that the other entry does not have, or not with the same key. */
export function changedTerms(entry: Entry, terms: Terms, other: Entry, otherTerms: Terms): Terms {
  const changed = (order: Order) => {
    const has = new Set(keyIn(order, entry) === keyIn(order, other) ? otherTerms[order] : []);
    return terms[order].filter((term) => !has.has(term));
  };
  return { created: changed("created"), due: changed("due"), until: changed("until") };
}

/** The terms of a query, in the order `created`; without conditions, the term that every entry has. */
export function termsOfQuery(query: ListQuery): readonly string[] {
  const terms = [
    ...one(query.status, status),
    ...one(query.requester, requester),
    ...one(query.creator, createdBy),
    ...one(query.approver, approver),
    ...one(query.waitingFor, waitingFor),
    ...one(query.doneFor, doneFor),
    ...(query.tags ?? []).map(tag),
    ...(query.words ?? []).map(word),
  ];
  return terms.length === 0 ? [EVERY] : [...new Set(terms.map((term) => term.toWellFormed()))];
}

function one(value: string | undefined, term: (value: string) => string): string[] {
  return value === undefined ? [] : [term(value)];
}

/** The term that lists of the order `until` go by. */
export const stands = (kind: string) => `n:${kind}`;

const status = (value: string) => `s:${value}`;
const requester = (email: string) => `r:${addressKey(email)}`;
const createdBy = (creator: string) => `k:${creator}`;
const approver = (email: string) => `a:${addressKey(email)}`;
const waitingFor = (email: string) => `w:${addressKey(email)}`;
const doneFor = (email: string) => `x:${addressKey(email)}`;
const tag = (text: string) => `t:${text}`;
const word = (text: string) => `q:${text}`;
