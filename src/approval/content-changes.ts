import type { Content } from "./approval.ts";
import { argumentRows, shownJson } from "./argument-rows.ts";
import { actionsOf } from "./items.ts";

/** A part of a question that is not as it was in the round before. */
export interface ContentChange {
  readonly part: "title" | "summary" | "detail" | "argument";
  /** Of a detail: its label. Of an argument: the number of its action, where there are several, and its place. */
  readonly label?: string;
  /** Absent: it was not there. */
  readonly before?: string;
  /** Absent: it is no longer there. */
  readonly after?: string;
}

/** What differs between two rounds. Details go by their labels; those with one label are told together. */
export function contentChanges(before: Content, now: Content): readonly ContentChange[] {
  const labels = new Set([...before.details, ...now.details].map(({ label }) => label));
  return [
    ...changeOf({ part: "title" }, before.title, now.title),
    ...[...labels].flatMap((label) =>
      changeOf({ part: "detail", label }, valuesOf(before, label), valuesOf(now, label)),
    ),
    ...argumentChanges(before, now),
    ...changeOf({ part: "summary" }, before.summary, now.summary),
  ];
}

/** Each value as it is shown beside the action, on one line. */
function argumentChanges(before: Content, now: Content): readonly ContentChange[] {
  const [old, next] = [before, now].map(argumentsOf) as [Shown, Shown];
  const labels = new Set([...old.keys(), ...next.keys()]);
  return [...labels].flatMap((label) =>
    changeOf({ part: "argument", label }, old.get(label), next.get(label)),
  );
}

type Shown = ReadonlyMap<string, string>;

function argumentsOf(content: Content): Shown {
  const rows = actionsOf(content).flatMap(({ arguments: given = {} }, i) =>
    argumentRows(given).map(({ label, value }): [string, string] => [
      content.items === undefined ? label : `${i + 1}: ${label}`,
      value.includes("\n") ? shownJson(value) : value,
    ]),
  );
  return new Map(rows);
}

function changeOf(
  what: Pick<ContentChange, "part" | "label">,
  before: string | undefined,
  after: string | undefined,
): ContentChange[] {
  if (before === after) return [];
  return [
    { ...what, ...(before === undefined ? {} : { before }), ...(after === undefined ? {} : { after }) },
  ];
}

function valuesOf({ details }: Content, label: string): string | undefined {
  const values = details.flatMap((detail) => (detail.label === label ? [detail.value] : []));
  return values.length === 0 ? undefined : values.join("; ");
}
