/** An action as people see it, alike on pages, in mails and on the command line. */
import type { Messages } from "../lib/messages.ts";
import type { Action } from "./action-schema.ts";
import { type ArgumentRow, argumentRows, shownJson } from "./argument-rows.ts";
import { actionsOf } from "./items.ts";
import { limitRows, standingText } from "./limits/words.ts";
import type { ApprovalRequest } from "./schema.ts";

export interface ShownAction extends Pick<Action, "tool" | "reversible"> {
  readonly target: string | undefined;
  readonly audience: string | undefined;
  /** That it is a standing approval, as a sentence; undefined if it is for once. */
  readonly standing: string | undefined;
  /** The arguments, or what they can be. */
  readonly rows: readonly Pick<ArgumentRow, "label" | "value">[];
  /** The arguments, or their limits, with one value a line. */
  readonly json: string;
}

/** One, several, or none. */
export function shownActions(
  request: Pick<ApprovalRequest, "action" | "items">,
  messages: Messages,
): readonly ShownAction[] {
  return actionsOf(request).map((action) => {
    const { tool, target, audience, reversible, arguments: given = {}, standing, validFor } = action;
    return {
      tool,
      target,
      audience,
      reversible,
      standing: standing && standingText(standing, validFor, messages),
      rows: standing === undefined ? argumentRows(given) : limitRows(standing, messages),
      json: shownJson(standing ?? given, 2),
    };
  });
}

/** What people are told of it, by keys of their texts. */
export const REVERSIBLE = {
  yes: "action.reversible.yes",
  costly: "action.reversible.costly",
  no: "action.reversible.no",
} as const;
