/** A standing refusal in words, alike on pages and in mails. */
import { dateText } from "../../lib/date-text.ts";
import type { Messages } from "../../lib/messages.ts";
import type { Action } from "../action-schema.ts";
import type { Person } from "../approval.ts";
import { limitRows } from "../limits/words.ts";
import type { DoNotAsk } from "./do-not-ask.ts";

/** What one person said, with the limits as rows. */
export interface DoNotAskText {
  /** Such as `until 24 December 2026, with any arguments`. */
  readonly text: string;
  readonly limits: readonly { readonly label: string; readonly value: string }[];
}

/** @param reader whose time zone it is told in */
export function doNotAskText(
  { until, same, limits }: DoNotAsk,
  messages: Messages,
  reader: Pick<Person, "timeZone">,
): DoNotAskText {
  const which = same !== undefined ? "same" : limits !== undefined ? "within" : "any";
  const time = dateText(Date.parse(until), { ...reader, locale: messages.locale }).local;
  return {
    text: messages.text(UNTIL[which], { time }),
    limits: limits === undefined ? [] : limitRows({ limits, uses: 1 }, messages),
  };
}

const UNTIL = {
  same: "refusal.until.same",
  within: "refusal.until.within",
  any: "refusal.until.any",
} as const;

/** The different tools with target and audience, each on a line. */
export function scopeTexts(
  actions: readonly Pick<Action, "tool" | "target" | "audience">[],
): readonly string[] {
  const lines = actions.map(({ tool, target, audience }) =>
    [tool, target, audience].filter((part) => part !== undefined).join(" · "),
  );
  return [...new Set(lines)];
}
