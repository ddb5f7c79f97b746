/** Whether the people whom an escalation asks are enough, where it closes the ballots of those who have not answered. */
import { addressOf, isRecord, listOf } from "./raw-input.ts";
import type { WhoIs } from "./same-person.ts";

interface EntryProblem {
  /** Index in `escalateTo`. */
  readonly entry: number;
  readonly message: string;
}

/**
 * Nobody may have answered before. So the people of each entry must be enough by themselves; with `all`, any
 * number of people is enough. Somebody who is asked in another group of the stage may have answered there, and is not asked again.
 *
 * @param stage one stage, or a request without stages, as given
 * @param whoIs whose an address is
 */
export function replacementProblems(stage: Readonly<Record<string, unknown>>, whoIs: WhoIs): EntryProblem[] {
  if (stage["replace"] !== true) return [];
  const groups = stage["groups"] === undefined ? [stage] : listOf(stage["groups"]).filter(isRecord);
  const needs = groups.map(({ require }) => (typeof require === "number" ? require : 1));
  const named = groups.map(({ approvers }) => keysOf(listOf(approvers), whoIs));
  const groupsNeeded = groupsNeededBy(stage, groups.length);
  return listOf(stage["escalateTo"]).flatMap((entry, index): EntryProblem[] => {
    const people = keysOf(Array.isArray(entry) ? entry : [entry], whoIs);
    const filled = needs.filter((need, group) => {
      const asked = [...people].filter((key) => {
        return named[group]?.has(key) === true || !named.some((others) => others.has(key));
      });
      return asked.length >= need;
    });
    if (filled.length >= groupsNeeded) return [];
    const least = needs.toSorted((a, b) => a - b)[groupsNeeded - 1] ?? 1;
    const number = least === 1 ? "1 person" : `${least} people`;
    const elsewhere = groups.length === 1 ? "" : " who are not asked in another group";
    const message = `must name at least ${number}${elsewhere}: replace closes the ballots of those who have not answered, so these alone must be enough`;
    return [{ entry: index, message }];
  });
}

function groupsNeededBy({ groups, require }: Readonly<Record<string, unknown>>, count: number): number {
  if (groups === undefined || require === "any") return 1;
  return typeof require === "number" ? require : count;
}

function keysOf(people: readonly unknown[], whoIs: WhoIs): ReadonlySet<string> {
  return new Set(
    people.flatMap((person) => {
      const address = addressOf(person);
      return address === undefined ? [] : [whoIs(address)];
    }),
  );
}
