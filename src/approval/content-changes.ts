import type { Content } from "./approval.ts";

/** A part of a question that is not as it was in the round before. */
export interface ContentChange {
  readonly part: "title" | "summary" | "detail";
  /** Of a detail: its label. */
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
    ...changeOf({ part: "summary" }, before.summary, now.summary),
  ];
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
