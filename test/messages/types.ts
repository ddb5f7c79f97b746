import { anatomyOf } from "../../src/lib/message-check.ts";
import { ENGLISH, ownCatalogues, type Texts } from "../../src/lib/messages.ts";

export function textsOf(tag: string): Texts {
  const texts = ownCatalogues()
    .find((catalogue) => catalogue.tag === tag)
    ?.texts();
  if (texts === undefined) throw new Error(`There is no catalogue ${tag}`);
  return texts;
}

/** Source of `src/lib/message-args.ts`: the arguments of each text, by the English catalogue. */
export function messageArgs(): string {
  const lines = Object.entries(textsOf(ENGLISH)).map(([key, source]) => {
    const anatomy = anatomyOf(source);
    if (typeof anatomy === "string") throw new Error(`${key} ${anatomy}`);
    const args = [...anatomy.args].toSorted(byName).map(([name, type]) => `readonly ${name}: ${type}`);
    return `  readonly "${key}": ${args.length === 0 ? "null" : `{ ${args.join("; ")} }`};`;
  });
  return [
    "/** What each text is given. Made by `npm run generate` from `views/messages/en.json`. */",
    "export interface MessageArgs {",
    ...lines,
    "}",
    "",
  ].join("\n");
}

function byName([one]: readonly [string, string], [other]: readonly [string, string]): number {
  return one < other ? -1 : 1;
}
