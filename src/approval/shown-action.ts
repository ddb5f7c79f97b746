/** An action as people see it, alike on pages, in mails and on the command line. */
import type { Action } from "./action-schema.ts";
import { type ArgumentRow, argumentRows, shownJson } from "./argument-rows.ts";
import { actionsOf } from "./items.ts";
import type { ApprovalRequest } from "./schema.ts";

export interface ShownAction extends Pick<Action, "tool" | "reversible"> {
  readonly target: string | undefined;
  readonly audience: string | undefined;
  readonly rows: readonly ArgumentRow[];
  /** The arguments, with one value a line. */
  readonly json: string;
}

/** One, several, or none. */
export function shownActions(request: Pick<ApprovalRequest, "action" | "items">): readonly ShownAction[] {
  return actionsOf(request).map(({ tool, target, audience, reversible, arguments: given }) => ({
    tool,
    target,
    audience,
    reversible,
    rows: argumentRows(given),
    json: shownJson(given, 2),
  }));
}

/** What people are told of it, by keys of their texts. */
export const REVERSIBLE = {
  yes: "action.reversible.yes",
  costly: "action.reversible.costly",
  no: "action.reversible.no",
} as const;
