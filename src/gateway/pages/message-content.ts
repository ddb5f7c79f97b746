import { type Messages, messagesFor } from "../../lib/messages.ts";
import type { PageContent } from "./page-content.ts";

interface Message {
  readonly headline: string;
  readonly explanation: string;
  readonly icon: "info" | "closed" | "clock";
  readonly steps?: readonly string[];
  /** Offers to open the same address again, by GET, without naming it. */
  readonly again?: boolean;
  readonly reference?: string;
  /** Where to go from here. */
  readonly link?: { readonly href: string; readonly text: string };
}

export function messageContent(
  { headline, explanation, icon, steps = [], again = false, reference, link }: Message,
  messages: Messages,
): PageContent {
  return {
    template: "pages/message",
    locals: {
      text: messages.text,
      headline,
      explanation,
      icon,
      steps,
      again,
      reference,
      link,
      tone: "neutral",
    },
    shell: {
      lang: messages.lang,
      dir: messages.dir,
      title: headline,
      footer: messages.text("page.footer"),
    },
  };
}

/** Says nothing about what was wrong: it is the same for a forged link, an old one, and a mistyped one. */
export function refusedContent(messages: Messages): PageContent {
  const message = {
    headline: messages.text("page.refused"),
    explanation: messages.text("page.refused.lead"),
    icon: "closed",
    steps: [
      messages.text("page.refused.newest"),
      messages.text("page.refused.copy"),
      messages.text("page.refused.other"),
    ],
  } as const;
  return messageContent(message, messages);
}

/** Never claims that nothing was recorded: an answer may have been stored and the reply to it lost. */
export function notRecordedContent(messages: Messages): PageContent {
  const message = {
    headline: messages.text("page.unclear"),
    explanation: messages.text("page.unclear.lead"),
    icon: "clock",
    steps: [messages.text("page.unclear.wait"), messages.text("page.unclear.again")],
    again: true,
  } as const;
  return messageContent(message, messages);
}

/** In English, as the problem itself is. */
export function errorContent(problem: {
  readonly title: string;
  readonly message: string;
  readonly requestId?: string;
}): PageContent {
  const { title, message, requestId } = problem;
  return messageContent(
    {
      headline: title,
      explanation: message,
      icon: "info",
      ...(requestId === undefined ? {} : { reference: requestId }),
    },
    messagesFor(),
  );
}
