import { recordedText } from "../../approval/wording.ts";
import type { Messages } from "../../lib/messages.ts";
import type { Locals } from "../../lib/templates.ts";
import { oneLine } from "../../lib/text.ts";
import type { ChangesAsked } from "./page.ts";

/** Who asks for changes, and what they said. */
export function changesAskedLocals({ by, comment, entered }: ChangesAsked, messages: Messages): Locals {
  const asked = messages.text("request.changesAsked", { who: oneLine(by.name ?? by.email) });
  const recorded = recordedText(by, entered, messages);
  return { by: recorded === undefined ? asked : `${asked} (${recorded})`, comment };
}
