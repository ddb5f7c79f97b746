import type { Messages } from "../../lib/messages.ts";
import type { Answer } from "./page.ts";

/** What the button of a choice says. */
export function choiceText({ label, effect }: Answer, messages: Messages): string {
  return label ?? messages.text(CHOICES[effect]);
}

/** What an answer is called once it is given. */
export function answerText({ label, effect }: Answer, messages: Messages): string {
  return label ?? messages.text(ANSWERS[effect]);
}

const CHOICES = { approve: "choice.approve", reject: "choice.reject", changes: "choice.changes" } as const;
const ANSWERS = { approve: "answer.approve", reject: "answer.reject", changes: "answer.changes" } as const;
