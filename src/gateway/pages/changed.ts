import type { ContentChange } from "../../approval/content-changes.ts";
import { markdownForPage } from "../../lib/markdown.ts";
import type { Messages } from "../../lib/messages.ts";
import type { Locals } from "../../lib/templates.ts";
import { linkedText } from "./linked-text.ts";
import type { Asked } from "./page.ts";

/** What a round has changed, old beside new, for `partials/changed`; undefined where there is nothing to tell. */
export function changedLocals({ changed }: Asked, messages: Messages): Locals | undefined {
  if (changed === undefined) return undefined;
  const { changes, note } = changed;
  if (changes.length === 0 && note === undefined) return undefined;
  return {
    note,
    changes: changes.map(({ part, label, before, after }) => ({
      label: label ?? messages.text(part === "title" ? "label.title" : "label.summary"),
      isLong: part === "summary",
      sides: [
        { label: messages.text("label.before"), text: shown(part, before, messages) },
        { label: messages.text("label.after"), text: shown(part, after, messages) },
      ],
    })),
  };
}

function shown(part: ContentChange["part"], text: string | undefined, messages: Messages) {
  if (text === undefined) return messages.text("page.changed.nothing");
  return part === "summary" ? markdownForPage(text) : linkedText(text);
}
