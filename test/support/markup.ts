/** A start tag of a page, as a browser would read it. */
export interface Tag {
  readonly name: string;
  readonly attributes: ReadonlyMap<string, string>;
}

/**
 * Start tags of a document, by the few rules that our own markup keeps (every attribute value quoted, `<` and `"` in
 * text escaped). Throws on anything that keeps them not, so that text that escaped its place does not go unseen.
 */
export function tagsOf(html: string): Tag[] {
  const tags: Tag[] = [];
  let rest = html.replace(/^<!doctype html>/iu, "").replaceAll(/<style>[^<]*<\/style>/gu, "<style></style>");
  for (;;) {
    const start = rest.indexOf("<");
    if (start === -1) return tags;
    const match = /^<(\/?)([a-z][a-z0-9]*)((?:\s+[A-Za-z0-9:-]+(?:="[^"<>]*")?)*)\s*>/u.exec(
      rest.slice(start),
    );
    if (match === null) throw new Error(`Not our markup: ${rest.slice(start, start + 80)}`);
    const [all, slash, name = "", attributes = ""] = match;
    if (slash === "") {
      const pairs = [...attributes.matchAll(/([A-Za-z0-9:-]+)(?:="([^"]*)")?/gu)];
      tags.push({ name, attributes: new Map(pairs.map(([, key = "", value = ""]) => [key, value])) });
    }
    rest = rest.slice(start + all.length);
  }
}

export function named(tags: readonly Tag[], ...names: readonly string[]): Tag[] {
  return tags.filter(({ name }) => names.includes(name));
}
