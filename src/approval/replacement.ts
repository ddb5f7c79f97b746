/** Whether the people whom an escalation asks are enough, where it closes the ballots of those who have not answered. */
import { addressOf, isRecord, listOf } from "./raw-input.ts";

interface EntryProblem {
  /** Index in `escalateTo`. */
  readonly entry: number;
  readonly message: string;
}

/**
 * Nobody may have answered before. So the people of each entry must be enough by themselves; with `all`, whoever is asked
 * is enough. Somebody who is asked in another group of the stage may have answered there, and is not asked again.
 *
 * @param stage one stage, or a request without stages, as given
 */
export function replacementProblems(stage: Readonly<Record<string, unknown>>): EntryProblem[] {
  if (stage["replace"] !== true) return [];
  const groups = stage["groups"] === undefined ? [stage] : listOf(stage["groups"]).filter(isRecord);
  const needs = groups.map(({ require }) => (typeof require === "number" ? require : 1));
  const named = groups.map(({ approvers }) => keysOf(listOf(approvers)));
  const groupsNeeded = groupsNeededBy(stage, groups.length);
  return listOf(stage["escalateTo"]).flatMap((entry, index): EntryProblem[] => {
    const people = keysOf(Array.isArray(entry) ? entry : [entry]);
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

function keysOf(people: readonly unknown[]): ReadonlySet<string> {
  return new Set(people.flatMap((person) => addressOf(person) ?? []));
}
