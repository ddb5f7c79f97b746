import type { ApprovalRequest } from "../../approval/approval.ts";
import { REVERSIBLE, shownAction } from "../../approval/shown-action.ts";
import type { Messages } from "../../lib/messages.ts";
import type { Locals } from "../../lib/templates.ts";

interface Place {
  /** `h3`: within a part of the page that has a heading of its own. */
  readonly heading: "h2" | "h3";
  /** Of its heading: on a page of several requests, each has its own. */
  readonly id?: string;
}

/** The action of a request, whole: what `partials/action` prints. Undefined where there is none. */
export function actionLocals(
  request: ApprovalRequest,
  messages: Messages,
  { heading, id = "action" }: Place,
): Locals | undefined {
  const shown = shownAction(request);
  if (shown === undefined) return undefined;
  const { tool, target, audience, reversible, rows, json } = shown;
  return {
    text: messages.text,
    id,
    heading,
    tool,
    target,
    audience,
    reversible: messages.text(REVERSIBLE[reversible]),
    isFinal: reversible === "no",
    rows: rows.map(({ label, value }) => ({ label, value })),
    json,
  };
}
