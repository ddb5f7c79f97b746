import { durationMs } from "../../approval/duration.ts";
import { actionsOf } from "../../approval/items.ts";
import { durationText } from "../../approval/limits/words.ts";
import { canRefuseInAdvance } from "../../approval/refusal/can-refuse.ts";
import { scopeTexts } from "../../approval/refusal/words.ts";
import type { Messages } from "../../lib/messages.ts";
import type { Locals } from "../../lib/templates.ts";
import { type Asked, DECISION_FORM, type Rejected } from "./page.ts";

/**
 * The controls by which somebody who rejects an action says not to be asked again. Undefined where nothing could be refused: no
 * action, no choice that rejects, or nobody knows which program asks.
 */
export function doNotAskControls(
  { request, program, choices, rejected }: Asked & { readonly rejected?: Rejected },
  messages: Messages,
): Locals | undefined {
  const canReject = choices.some(({ effect }) => effect === "reject");
  if (!canReject || !canRefuseInAdvance(program, request)) return undefined;
  const chosen = rejected?.doNotAsk;
  const kind = rejected?.problem.kind;
  const times = DECISION_FORM.doNotAskTimes.map((value) => {
    const time = durationText(durationMs(value), messages);
    return { value, text: messages.text("doNotAsk.for", { time }) };
  });
  const control = { control: "select", need: "", required: false };
  return {
    title: messages.text("doNotAsk.title"),
    isOpen: chosen !== undefined,
    lead: messages.text("doNotAsk.lead", { program }),
    scopes: scopeTexts(actionsOf(request)),
    rule: messages.text("doNotAsk.rule"),
    time: {
      ...control,
      id: "do-not-ask",
      name: DECISION_FORM.doNotAsk,
      label: messages.text("doNotAsk.time"),
      value: chosen?.for ?? "",
      options: [{ value: "", text: messages.text("doNotAsk.ask") }, ...times],
      focus: kind === "doNotAsk" || kind === "doNotAskFull",
    },
    which: {
      ...control,
      id: "do-not-ask-which",
      name: DECISION_FORM.doNotAskWhich,
      label: messages.text("doNotAsk.which"),
      value: chosen?.arguments ?? "same",
      options: [
        { value: "same", text: messages.text("doNotAsk.same") },
        { value: "any", text: messages.text("doNotAsk.any") },
      ],
    },
  };
}
