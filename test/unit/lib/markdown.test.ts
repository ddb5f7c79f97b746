import { describe, expect, test } from "vitest";
import { escapeHtml } from "../../../src/lib/html.ts";
import { markdownForPage } from "../../../src/lib/markdown.ts";
import { named, tagsOf } from "../../support/markup.ts";

const page = (source: string) => markdownForPage(source).toString();

describe("markdownForPage()", () => {
  test("shows emphasis, lists, quotes, code and tables", () => {
    const source = "**b** *i*\n\n- one\n- two\n\n> quote\n\n`code`\n\n| a | b |\n|---|---|\n| 1 | 2 |";
    const names = tagsOf(page(source)).map(({ name }) => name);
    for (const name of ["strong", "em", "ul", "li", "blockquote", "code", "table", "td"]) {
      expect(names).toContain(name);
    }
  });

  test("puts a table into a box that scrolls, and that the keyboard reaches", () => {
    expect(page("| a |\n|---|\n| 1 |")).toMatch(
      /^<div class="table" tabindex="0"><table>[^]*<\/table><\/div>\n$/u,
    );
  });

  test("shows raw HTML as text", () => {
    expect(page("<b onclick=alert(1)>x</b> <!-- y --> <script>z</script>")).toBe(
      "<p>&lt;b onclick=alert(1)&gt;x&lt;/b&gt; &lt;!-- y --&gt; &lt;script&gt;z&lt;/script&gt;</p>\n",
    );
  });

  test("links to https and mailto with the target shown and no power over our page", () => {
    expect(page("[quote](https://a.example/q?x=1&y=2)")).toBe(
      '<p><a href="https://a.example/q?x=1&amp;y=2" rel="noopener noreferrer nofollow">quote</a>' +
        ' <span class="target">(https://a.example/q?x=1&amp;y=2)</span></p>\n',
    );
    expect(page("<ana@example.com> <https://a.example/>")).not.toContain("target");
  });

  test.each([
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](data:text/html,hi)",
    "[x](vbscript:x)",
    "[x](http://plain.example/)",
    "[x](//other.example/)",
    "[x](/d/token)",
    "[x](#answer)",
    "[x]: javascript:alert(1)\n\n[x]",
    "https://bare.example/",
  ])("does not link %j", (source) => {
    expect(named(tagsOf(page(source)), "a")).toEqual([]);
  });

  test("shows no picture", () => {
    expect(
      named(tagsOf(page("![x](https://a.example/p.png) ![y][z]\n\n[z]: https://a.example/z.png")), "img"),
    ).toEqual([]);
  });

  test("begins headings below the page's own", () => {
    const names = tagsOf(page("# a\n\n## b\n\n##### c")).map(({ name }) => name);
    expect(names).toEqual(["h3", "h4", "h6"]);
  });

  test.each([
    ["a table of 2,400 columns", `${"|".repeat(2_400)}\n${"|-".repeat(2_400)}|\n${"a\n".repeat(1_300)}`],
    ["rows that lack their cells", `${"|a".repeat(300)}|\n${"|-".repeat(300)}|\n${"a\n".repeat(4_000)}`],
    ["quotes in quotes", `${"> ".repeat(4_000)}You also owe me`],
    ["lists in lists", Array.from({ length: 60 }, (_, i) => `${"  ".repeat(i)}- a`).join("\n")],
    ["a long target used often", `[a]: https://a.example/${"x".repeat(5_000)}\n\n${"[a]".repeat(1_600)}`],
    [
      "targets that grow when they are written out",
      `[a]: <https:${'"'.repeat(5_000)}>\n\n${"[a]".repeat(1_600)}`,
    ],
    ["links by the hundred", "[a](https:b)".repeat(830)],
    ["addresses by the thousand", "<a@b.c>".repeat(1_400)],
    ["markup by the character", "*a ".repeat(3_300)],
    ["characters that are escaped", '"'.repeat(10_000)],
  ])("keeps within 100,000 characters, and leaves nothing out, with %s", (_, source) => {
    const html = page(source.slice(0, 10_000));
    expect(html.length).toBeLessThan(100_000);
    expect(html.replace(/<[^>]*>/gu, "").length).toBeGreaterThan(0);
    if (html.startsWith('<p class="as-written">')) {
      expect(html).toBe(`<p class="as-written">${escapeHtml(source.slice(0, 10_000))}</p>\n`);
    }
  });

  test.each([
    ["twenty levels and more", `${"> ".repeat(21)}You also owe me`],
    ["as many levels as the parser gives up at", `${"> ".repeat(120)}You also owe me`],
  ])("shows text as it is written at %s, which the parser would drop", (_, source) => {
    expect(page(source)).toBe(`<p class="as-written">${escapeHtml(source)}</p>\n`);
  });

  test("shows a table as large as people write them", () => {
    const row = "| a | b | c | d | e | f | g | h |\n";
    const html = page(`${row}${"|---".repeat(8)}|\n${row.repeat(250)}`);
    expect(named(tagsOf(html), "td")).toHaveLength(2_000);
  });
});
