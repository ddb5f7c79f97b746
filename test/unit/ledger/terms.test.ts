import { describe, expect, it } from "vitest";
import { termsOf, termsOfQuery } from "../../../src/ledger/terms.ts";
import { wordsOf } from "../../../src/ledger/words.ts";
import { entry } from "../../support/ledger.ts";

const manyWords = Array.from({ length: 40 }, (_, i) => `w${i}`).join(" ");

function isFound(
  made: ReturnType<typeof entry>,
  query: Partial<Parameters<typeof termsOfQuery>[0]>,
): boolean {
  const { created } = termsOf(made, undefined);
  return termsOfQuery({ sort: "created", limit: 1, ...query }).every((term) => created.includes(term));
}

describe("wordsOf()", () => {
  const uuid = "60e28363-d64e-435a-9756-a50b13b40723";

  it.each([
    ["a UUID", uuid, [uuid]],
    ["one in capitals, in a text", `Order ${uuid.toUpperCase()}: laptops`, ["order", uuid, "laptops"]],
    ["one in a text beyond ASCII", `Für ${uuid}, bitte`, ["fur", uuid, "bitte"]],
    ["one behind a prefix", `po-${uuid}`, ["po", uuid]],
    ["what goes on behind one", `${uuid}0`, [uuid, "0"]],
    ["what only ends like one", `x${uuid}`, ["x60e28363", "d64e", "435a", "9756", "a50b13b40723"]],
    ["the same beyond ASCII", `${uuid}ø`, [uuid, "ø"]],
    ["other ids", "po-4711-2026", ["po", "4711", "2026"]],
  ])("reads %s", (_, text, words) => {
    expect(wordsOf(text)).toEqual(words);
  });
});

describe("termsOf()", () => {
  it("finds the words of the id, however many words the title has, and the other way round", () => {
    expect(isFound(entry({ id: "po-4711", title: manyWords }), { words: ["4711"] })).toBe(true);
    expect(
      isFound(entry({ id: manyWords.replaceAll(" ", "-"), title: "Laptops" }), { words: ["laptops"] }),
    ).toBe(true);
  });

  it.each([
    [
      "a word that is cut within a character",
      { title: `${"x".repeat(39)}\u{20000}y` },
      { words: wordsOf(`${"x".repeat(39)}\u{20000}y`) },
    ],
    ["a tag with half a character", { tags: { code: "a\ud800" } }, { tags: ["code:a\ud800"] }],
  ])("makes well-formed terms of %s, which are found", (_, given, query) => {
    const made = entry({ id: "po-1", ...given });
    for (const terms of Object.values(termsOf(made, undefined))) {
      for (const term of terms) expect(term.isWellFormed()).toBe(true);
    }
    expect(isFound(made, query)).toBe(true);
  });

  it("makes each term once", () => {
    const { created } = termsOf(
      entry({ id: "po-1", tags: { a: "\ud800" }, title: "po 1 \ufffd" }),
      "client:x",
    );
    expect(new Set(created).size).toBe(created.length);
  });
});
