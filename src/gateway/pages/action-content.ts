import type { ApprovalRequest } from "../../approval/approval.ts";
import { separableItems } from "../../approval/items.ts";
import { REVERSIBLE, type ShownAction, shownActions } from "../../approval/shown-action.ts";
import type { Messages } from "../../lib/messages.ts";
import type { Locals } from "../../lib/templates.ts";
import { DECISION_FORM } from "./page.ts";

interface Place {
  /** `h3`: within a part of the page that has a heading of its own. */
  readonly heading: "h2" | "h3";
  /** Of its heading: on a page of several requests, each has its own. */
  readonly id?: string;
  /** On the page with the form: numbers of the items that are struck out so far. */
  readonly struck?: readonly number[];
  /** After an answer: numbers of the items that are not run. */
  readonly leftOut?: readonly number[] | undefined;
}

/** The action of a request, whole, or all of its items: what `partials/actions` prints. Undefined where there is none. */
export function actionLocals(
  request: ApprovalRequest,
  messages: Messages,
  { heading, id = "action", struck, leftOut = [] }: Place,
): Locals | undefined {
  const shown = shownActions(request, messages);
  if (shown.length === 0) return undefined;
  const { items, atomic } = request;
  const separable = separableItems(request);
  const nameOf = (n: number) => messages.text("action.item", { n, of: shown.length });
  return {
    text: messages.text,
    id,
    heading,
    title:
      items === undefined
        ? messages.text("action.title")
        : messages.text("page.action.titles", { n: items.length - leftOut.length }),
    hint: hintOf({ separable, atomic, struck }, messages),
    actions: shown.map((action, i) => ({
      ...actionOf(action, messages),
      heading: heading === "h2" ? "h3" : "h4",
      leftOut: leftOut.includes(i + 1) ? messages.text("page.action.leftOut") : "",
      name: items === undefined ? "" : nameOf(i + 1),
      strike:
        struck === undefined || separable === 0
          ? undefined
          : {
              form: DECISION_FORM.id,
              name: `${DECISION_FORM.except}${i + 1}`,
              id: `${id}-except-${i + 1}`,
              label: messages.text("page.action.except", { n: i + 1 }),
              isChecked: struck.includes(i + 1),
            },
    })),
  };
}

function hintOf(
  { separable, atomic, struck }: { separable: number; atomic: boolean | undefined; struck: Place["struck"] },
  messages: Messages,
): string {
  if (atomic === true) return messages.text("page.action.atomic");
  return separable > 0 && struck !== undefined ? messages.text("page.action.except.hint") : "";
}

function actionOf(
  { tool, target, audience, reversible, standing, rows, json }: ShownAction,
  messages: Messages,
): Locals {
  return {
    text: messages.text,
    tool,
    target,
    audience,
    reversible: messages.text(REVERSIBLE[reversible]),
    isFinal: reversible === "no",
    standing,
    rows: rows.map(({ label, value }) => ({ label, value })),
    // Limits are told in words: as JSON they would be in none of the reader's.
    json: standing === undefined ? json : undefined,
  };
}
