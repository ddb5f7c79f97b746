import { describe, expect, test } from "vitest";
import { markdownForMail, markdownForPage, withoutLinks } from "../../../src/lib/markdown.ts";
import { named, tagsOf } from "../../support/markup.ts";

const page = (source: string) => markdownForPage(source).toString();
const mail = (source: string) => markdownForMail(source).toString();

describe("markdownForPage()", () => {
  test("shows emphasis, lists, quotes, code and tables", () => {
    const source = "**b** *i*\n\n- one\n- two\n\n> quote\n\n`code`\n\n| a | b |\n|---|---|\n| 1 | 2 |";
    const names = tagsOf(page(source)).map(({ name }) => name);
    for (const name of ["strong", "em", "ul", "li", "blockquote", "code", "table", "td"]) {
      expect(names).toContain(name);
    }
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

  test("ends in good time on text made to be slow", () => {
    const started = performance.now();
    for (const piece of ["[", "> ", "*a_", "`", "[a](", "<", "- ", "![[", "|"]) {
      page(piece.repeat(Math.floor(10_000 / piece.length)));
    }
    // Some milliseconds here; a quadratic surprise would take minutes.
    expect(performance.now() - started).toBeLessThan(5_000);
  });
});

describe("markdownForMail()", () => {
  test("makes no link work, and shows where it would have led", () => {
    const html = mail(
      "[Approve](https://evil.example/d/1) <https://evil.example/2> `https://evil.example/3`",
    );
    expect(named(tagsOf(html), "a")).toEqual([]);
    expect(html).not.toMatch(/https:\/\/|evil\.example/u);
    expect(html.replaceAll("\u200B", "")).toContain(
      'Approve <span class="target">(https://evil.example/d/1)</span>',
    );
  });
});

describe("withoutLinks()", () => {
  test.each([
    "https://evil.example/d/1",
    "HTTP://evil.example",
    "www.evil.example",
    "evil.example/d/1",
    "evil.example:8080",
    "mailto:eve@evil.example",
    "ftp://evil.example/x",
  ])("breaks %s so that mail programs make no link of it", (text) => {
    const broken = withoutLinks(`see ${text} now`);
    expect(broken).not.toContain(text);
    expect(broken.replaceAll("\u200B", "")).toBe(`see ${text} now`);
    expect(broken).not.toMatch(/:\/\/|www\.e|evil\.example[/:]/u);
  });

  test.each(["41.200,50 €", "config.json", "Node.js 26.1", "ana@example.com", "e.g. this", "12:30", "a/b"])(
    "leaves %s alone",
    (text) => {
      expect(withoutLinks(text)).toBe(text);
    },
  );
});
