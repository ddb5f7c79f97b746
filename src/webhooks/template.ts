import { type Path, parsePath, scalarText, valueAt } from "./path.ts";

/** Text with places for values of the event: `order-${data.order}:1`. */
export type Template = readonly (string | { readonly path: Path; readonly source: string })[];

export type Filled =
  | { readonly ok: true; readonly text: string }
  | { readonly ok: false; readonly problem: string };

/** Undefined if a placeholder contains no path, or does not end. `$${` means the characters `${`. */
export function parseTemplate(text: string): Template | undefined {
  const template: (string | { path: Path; source: string })[] = [];
  for (const piece of text.split(/(\$\$\{|\$\{[^{}]*\})/)) {
    if (piece === "$${") template.push("${");
    else if (piece.startsWith("${")) {
      const source = piece.slice(2, -1);
      const path = parsePath(source);
      if (path === undefined) return undefined;
      template.push({ path, source });
    } else if (piece.includes("${")) return undefined;
    else if (piece !== "") template.push(piece);
  }
  return template.length === 0 ? undefined : template;
}

/**
 * @param allowed what a value may be. A `:` in a value would make the id of another promise than the author of the
 *   template meant
 */
export function fill(
  template: Template,
  event: unknown,
  allowed?: { pattern: RegExp; rule: string },
): Filled {
  let text = "";
  for (const piece of template) {
    if (typeof piece === "string") {
      text += piece;
      continue;
    }
    const found = valueAt(event, piece.path);
    // Senders write null where they have nothing to say, and a text says that by nothing.
    const value = found === null ? "" : scalarText(found);
    if (value === undefined) {
      return { ok: false, problem: `${piece.source} is no text or whole number in this event` };
    }
    if (allowed !== undefined && !allowed.pattern.test(value)) {
      return { ok: false, problem: `${piece.source} ${allowed.rule}` };
    }
    text += value;
  }
  return { ok: true, text };
}
