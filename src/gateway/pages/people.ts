import type { Person } from "../../approval/approval.ts";
import { recordedText } from "../../approval/wording.ts";
import { dateText } from "../../lib/date-text.ts";
import type { Messages } from "../../lib/messages.ts";
import type { Locals } from "../../lib/templates.ts";
import { oneLine } from "../../lib/text.ts";
import { answerText } from "./choice-text.ts";
import type { Asked, AskedPerson } from "./page.ts";

export function personOf({ name, email }: Person): Locals {
  return { name, email };
}

/** In whose place the reader is asked. */
export function insteadOf(
  { inPlaceOf = [], approver }: Pick<Asked, "inPlaceOf" | "approver">,
  messages: Messages,
): readonly Locals[] {
  return inPlaceOf.map(({ person, untilMs, note }) => {
    const until = dateText(untilMs, { ...approver, locale: messages.locale }).local;
    return { person: personOf(person), until: messages.text("person.awayUntil", { until }), note };
  });
}

/** Everybody who is asked, with what they answered, when, and why. Without others, nobody. */
export function peopleOf({ people, approver }: Asked, messages: Messages): readonly Locals[] {
  const shown = people.map(({ person, isReader, state }) => ({
    person: personOf(person),
    you: isReader ? `(${messages.text("page.you")})` : undefined,
    tone: state.kind === "answered" ? state.answer.effect : "none",
    state: stateText(state, messages),
    at:
      state.kind === "answered" ? dateText(state.atMs, { ...approver, locale: messages.locale }) : undefined,
    comment: state.kind === "answered" ? state.comment : undefined,
    recorded: state.kind === "answered" ? recordedText(person, state.entered, messages) : undefined,
  }));
  return shown.length > 1 ? shown : [];
}

export function stateText(state: AskedPerson["state"], messages: Messages): string {
  switch (state.kind) {
    case "answered":
      return answerText(state.answer, messages);
    case "reassigned":
      return messages.text("page.state.reassigned", { to: oneLine(state.to.name ?? state.to.email) });
    case "recused":
      return messages.text("page.state.recused");
    case "open":
      return messages.text("page.state.waiting");
    case "unreached":
      return messages.text("page.state.unreached");
    case "none":
      return messages.text("page.state.noAnswer");
    default:
      return state satisfies never;
  }
}
