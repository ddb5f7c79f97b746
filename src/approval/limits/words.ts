/** A standing approval in words, alike on pages and in mails. */
import type { Messages } from "../../lib/messages.ts";
import { isPlainName, shownJson } from "../argument-rows.ts";
import { parseDuration } from "../duration.ts";
import { type Limit, leastOf, type Standing } from "./schema.ts";
import type { Used } from "./use.ts";

/** How often, or how much in all, it was used. */
export interface UsedText {
  /** The argument that is added up; absent: of the number of uses. */
  readonly argument?: string;
  readonly text: string;
}

export function usedTexts({ uses, total }: Standing, used: Used, messages: Messages): readonly UsedText[] {
  const times = messages.text("standing.used", { n: used.uses, of: uses });
  if (total === undefined) return [{ text: times }];
  const sum = messages.text("standing.total", { sum: used.total ?? "0", max: `${total.max}` });
  return [{ text: times }, { argument: nameOf(total.argument), text: sum }];
}

/** What granting it means. */
export function standingText({ uses }: Standing, validFor: string, messages: Messages): string {
  const time = durationText(parseDuration(validFor) ?? 0, messages);
  return messages.text("standing.lead", { n: uses, time });
}

/** Such as `2 days and 3 hours`, in the reader's language. */
export function durationText(ms: number, { locale }: Messages): string {
  const minutes = Math.ceil(ms / 60_000);
  const parts = [
    ["day", Math.floor(minutes / 1_440)],
    ["hour", Math.floor((minutes % 1_440) / 60)],
    ["minute", minutes % 60],
  ] as const;
  const texts = parts.flatMap(([unit, n]) =>
    n === 0 ? [] : [new Intl.NumberFormat(locale, { style: "unit", unit, unitDisplay: "long" }).format(n)],
  );
  return new Intl.ListFormat(locale, { type: "conjunction" }).format(texts);
}

interface LimitRow {
  readonly label: string;
  readonly value: string;
}

/** What each argument can be, and what all uses together: as rows beside the action. */
export function limitRows({ limits, total }: Standing, messages: Messages): readonly LimitRow[] {
  const rows = Object.entries(limits).map(([pointer, limit]) => ({
    label: nameOf(pointer),
    value: limitText(limit, messages),
  }));
  if (total === undefined) return rows;
  const value = messages.text("limit.total", { max: `${total.max}` });
  // The argument itself has a row of its own.
  return [
    ...rows,
    { label: messages.text("limit.total.label", { argument: nameOf(total.argument) }), value },
  ];
}

function limitText(limit: Limit, messages: Messages): string {
  const { fixed, oneOf, max, maxLength } = limit;
  if (fixed !== undefined) return messages.text("limit.fixed", { value: shownJson(fixed) });
  if (oneOf !== undefined) {
    return messages.text("limit.oneOf", { values: oneOf.map((value) => shownJson(value)).join(" · ") });
  }
  if (max !== undefined) return messages.text("limit.range", { min: `${leastOf(limit)}`, max: `${max}` });
  return messages.text("limit.text", { n: maxLength ?? 0 });
}

/** Most arguments are members of the arguments themselves, and plain. */
function nameOf(pointer: string): string {
  const name = pointer.slice(1);
  return isPlainName(name) ? name : shownPointer(pointer);
}

/** As JSON if something in it could not be seen. */
function shownPointer(pointer: string): string {
  const json = shownJson(pointer);
  return json === `"${pointer}"` ? pointer : json;
}
