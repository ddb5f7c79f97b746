import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { Html } from "../../../src/lib/html.ts";
import { anatomyOf } from "../../../src/lib/message-check.ts";
import { createMessages, type MessagesFor, messagesFor, ownCatalogues } from "../../../src/lib/messages.ts";
import { messageArgs, textsOf } from "../../messages/types.ts";
import { unusedTexts } from "../../messages/uses.ts";

const english = textsOf("en");

describe("our catalogues", () => {
  test("are in four languages", () => {
    expect(
      ownCatalogues()
        .map(({ tag }) => tag)
        .toSorted(),
    ).toEqual(["de", "en", "es", "fr"]);
  });

  test.each(["de", "es", "fr"])("%s has every text, and no other", (tag) => {
    expect(Object.keys(textsOf(tag))).toEqual(Object.keys(english));
  });

  test.each(["en", "de", "es", "fr"])("%s has sound texts, with the arguments of the English ones", (tag) => {
    for (const [key, source] of Object.entries(textsOf(tag))) {
      const right = anatomyOf(english[key]);
      expect(right).toHaveProperty("args");
      expect({ key, ...Object(anatomyOf(source)) }).toEqual({ key, ...Object(right) });
    }
  });

  test.each(["de", "es", "fr"])("%s is translated", (tag) => {
    const texts = textsOf(tag);
    const same = Object.keys(english).filter((key) => texts[key] === english[key]);
    expect(same.filter((key) => !ALIKE.has(`${tag} ${key}`))).toEqual([]);
  });

  test("have their keys in order, so that two who add a text meet rarely", () => {
    expect(Object.keys(english)).toEqual(Object.keys(english).sort());
  });

  test("have no text that nobody reads", () => {
    expect(unusedTexts(english)).toEqual([]);
    expect(unusedTexts({ "nobody.reads.this": "" })).toEqual(["nobody.reads.this"]);
  });

  test("are what the types of their arguments were made from (npm run generate)", () => {
    const written = readFileSync(new URL("../../../src/lib/message-args.ts", import.meta.url), "utf8");
    const words = (source: string) => source.match(/[^\s;]+/gu);
    expect(words(written)).toEqual(words(messageArgs()));
  });
});

/** Texts that are the same in English, by language and key. */
const ALIKE: ReadonlySet<string> = new Set([
  "es page.field.no",
  "de label.code",
  "de signIn.code",
  "fr action.arguments",
  "fr label.code",
  "fr signIn.code",
  "fr inbox.pages",
]);

/** Texts of our own choice under keys that there are. */
function made(...catalogues: readonly (readonly [string, Record<string, string>])[]): MessagesFor {
  return createMessages(catalogues.map(([tag, texts]) => ({ tag, texts: () => texts })));
}

describe("messagesFor()", () => {
  test.each([
    ["de", "de", "de"],
    ["de-AT", "de", "de-AT"],
    ["DE-at", "de", "de-AT"],
    ["de-CH-u-nu-latn", "de", "de-CH-u-nu-latn"],
    ["de-x-private", "de", "de-x-private"],
    ["en-US", "en", "en-US"],
    ["it", "en", "en-GB"],
    ["den", "en", "en-GB"],
    ["not a tag", "en", "en-GB"],
    ["", "en", "en-GB"],
    [undefined, "en", "en-GB"],
  ])("has for %s the texts of %s, and writes dates as %s", (locale, lang, dates) => {
    expect(messagesFor(locale)).toMatchObject({ lang, locale: dates, dir: "ltr" });
  });

  test("takes the nearest language that there is", () => {
    const texts = made(["en", { "rule.alone": "English" }], ["zh-Hant", { "rule.alone": "繁" }], ["he", {}]);
    expect(texts("zh-Hant-TW").text("rule.alone")).toBe("繁");
    expect(texts("zh-TW").text("rule.alone")).toBe("English");
    expect(texts("he-IL").dir).toBe("rtl");
  });

  test("serves more locales than it remembers", () => {
    for (let n = 0; n < 500; n++) expect(messagesFor(`de-x-r${n}`).lang).toBe("de");
  });
});

describe("text()", () => {
  const texts = made([
    "en",
    {
      "rule.any": ".input {$eligible :integer} .match $eligible one {{one person}} * {{{$eligible} people}}",
      "rule.some": "{$needed :integer}/{$eligible :integer}",
      "rule.alone": "a {$surprise}",
    },
  ])();

  test("counts as the language does", () => {
    expect(texts.text("rule.any", { eligible: 1 })).toBe("one person");
    expect(texts.text("rule.any", { eligible: 1_200 })).toBe("1,200 people");
    expect(texts.text("rule.any", { eligible: 1 })).toBe("one person");
    expect(texts.text("rule.some", { needed: 1, eligible: 12 })).toBe("1/12");
    expect(texts.text("rule.some", { needed: 11, eligible: 2 })).toBe("11/2");
  });

  test("is no text with a hole in it", () => {
    expect(() => texts.text("rule.alone")).toThrow("Cannot write");
    expect(() => texts.text("rule.all", { eligible: 1 })).toThrow("no text rule.all in en");
    expect(() => texts.text("toString" as "rule.alone")).toThrow("no text toString");
  });
});

describe("html()", () => {
  const texts = made(["en", { "rule.some": "{$needed} <& {$eligible :integer}", "rule.alone": "<b>" }])();
  const args = (needed: unknown) => ({ needed: needed as number, eligible: 1_200 });

  test("escapes words and arguments, and leaves our markup as it is", () => {
    expect(String(texts.html("rule.some", args("<i>")))).toBe("&lt;i&gt; &lt;&amp; 1,200");
    expect(String(texts.html("rule.some", args(new Html("<i>x</i>"))))).toBe("<i>x</i> &lt;&amp; 1,200");
    expect(String(texts.html("rule.alone"))).toBe("&lt;b&gt;");
  });
});
