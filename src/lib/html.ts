import { cleanText } from "./text.ts";

/** Markup made by our own code from escaped parts. Templates print it as it is; everything else they escape. */
export class Html {
  readonly #markup: string;

  constructor(markup: string) {
    this.#markup = markup;
  }

  toString(): string {
    return this.#markup;
  }
}

/** Escapes for element content and quoted attributes; unsafe control characters are dropped on the way. */
export function escapeHtml(value: string): string {
  return cleanText(value).replace(/[&<>"'`]/gu, (character) => ENTITIES[character] ?? "");
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
  "`": "&#96;",
};
