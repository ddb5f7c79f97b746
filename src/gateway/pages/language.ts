import type { Request } from "express";
import type { Messages, MessagesFor } from "../../lib/messages.ts";

/**
 * The texts for the reader of a page: in the language of the person who is asked, if their locale is known, else in the
 * first one of the browser's (RFC 9110 §12.5.4) that there is, else in English.
 */
export function readersMessages(
  req: Request,
  locale: string | undefined,
  messagesFor: MessagesFor,
): Messages {
  if (locale !== undefined) return messagesFor(locale);
  for (const tag of req.acceptsLanguages()) {
    const messages = messagesFor(tag);
    // For a language that there is not, there are English texts.
    if (isOf(tag, messages.lang)) return messages;
  }
  return messagesFor();
}

function isOf(tag: string, lang: string): boolean {
  return tag.split("-")[0]?.toLowerCase() === lang.split("-")[0]?.toLowerCase();
}
