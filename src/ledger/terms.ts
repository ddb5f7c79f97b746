/**
 * Terms: what an entry can be found by. A list is what has all of its terms, in the order of a key.
 *
 * T1 There are two orders. `created` has every entry, with the time of its creation as key, which never changes. `due` has
 *    only what is pending, with its next deadline as key, and so no entry once it is over.
 * T2 Each condition is one term of the order `created`. Those that people list by have one in the order `due`, too.
 * T3 Terms follow from the entry and its creator alone. So the old ones need not be stored to be replaced.
 * T4 Terms are well-formed texts. SQLite keeps others in two ways, as a value and within JSON, which it does not find again.
 */
import { addressKey } from "../approval/person.ts";
import { dueAtMs, type Entry } from "./entry.ts";
import type { ListQuery } from "./ledger.ts";
import { wordsOf } from "./words.ts";

export type Order = "created" | "due";

/** Every entry has it. */
export const EVERY = "*";

const DUE = "due ";

/** A condition's term in the order `due`. */
export function dueTerm(term: string): string {
  return DUE + term;
}

/** The conditions that have a term in the order `due`, by their first letter. */
const LISTED_BY_DUE = new Set(["*", "r", "k", "w", "t"]);

export function isListedByDue(term: string): boolean {
  return LISTED_BY_DUE.has(term.charAt(0));
}

export type Terms = Readonly<Record<Order, readonly string[]>>;

/** All terms of an entry, each once: those of the order `created`, and those of `due`. */
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
  const due = entry.status === "pending" ? created.filter(isListedByDue).map(dueTerm) : [];
  return { created, due };
}

/** Nearly always all of them are (T4). */
function wellFormed(terms: ReadonlySet<string>): readonly string[] {
  const list = [...terms];
  if (list.every((term) => term.isWellFormed())) return list;
  return [...new Set(list.map((term) => term.toWellFormed()))];
}

/** Those of `terms` that the other entry does not have, or not with the same key. */
export function changedTerms(entry: Entry, terms: Terms, other: Entry, otherTerms: Terms): Terms {
  const has = new Set(otherTerms.created);
  const hasDue = new Set(dueAtMs(entry) === dueAtMs(other) ? otherTerms.due : []);
  return {
    created: terms.created.filter((term) => !has.has(term)),
    due: terms.due.filter((term) => !hasDue.has(term)),
  };
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

const status = (value: string) => `s:${value}`;
const requester = (email: string) => `r:${addressKey(email)}`;
const createdBy = (creator: string) => `k:${creator}`;
const approver = (email: string) => `a:${addressKey(email)}`;
const waitingFor = (email: string) => `w:${addressKey(email)}`;
const doneFor = (email: string) => `x:${addressKey(email)}`;
const tag = (text: string) => `t:${text}`;
const word = (text: string) => `q:${text}`;
