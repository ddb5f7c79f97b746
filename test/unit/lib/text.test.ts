import { describe, expect, test } from "vitest";
import { escapeHtml, Html } from "../../../src/lib/html.ts";
import { isLoopback } from "../../../src/lib/loopback.ts";
import { cleanText, oneLine } from "../../../src/lib/text.ts";

describe("cleanText()", () => {
  test("drops bidi controls and control characters and keeps everything else", () => {
    expect(cleanText("a\u202Eb\u202Cc\u2066d\u2069 \u0000\u0007\u001B[31m\u009Be\tf")).toBe("abcd [31me\tf");
    expect(cleanText("Grüße, 世界, مرحبا, 👩‍🚀\u200E")).toBe("Grüße, 世界, مرحبا, 👩‍🚀\u200E");
  });

  test("ends every line with one line feed", () => {
    expect(cleanText("a\r\nb\rc\u2028d\u2029e\u0085f\ng\vh\fi")).toBe("a\nb\nc\nd\ne\nf\ng\nh\ni");
  });

  test("replaces half a surrogate pair, which no encoding can carry", () => {
    expect(cleanText("a\uD800b")).toBe("a\uFFFDb");
  });
});

describe("oneLine()", () => {
  test("makes one line with single blanks", () => {
    expect(oneLine("  a\r\nBcc: b\u2028 c\t\td ")).toBe("a Bcc: b c d");
  });
});

describe("escapeHtml()", () => {
  test("escapes whatever could end an attribute or begin a tag, backticks too", () => {
    expect(escapeHtml(`<a href="x" b='y' c=\`z\`>&amp;`)).toBe(
      "&lt;a href=&quot;x&quot; b=&#39;y&#39; c=&#96;z&#96;&gt;&amp;amp;",
    );
  });
});

describe("Html", () => {
  test("prints as its markup and does not show it in JSON, where it would look like text", () => {
    const html = new Html("<b>x</b>");
    expect(String(html)).toBe("<b>x</b>");
    expect(JSON.stringify(html)).toBe("{}");
  });
});

describe("isLoopback()", () => {
  test.each(["127.0.0.1", "127.8.9.10", "::1", "[::1]", "localhost", "LOCALHOST", "::ffff:127.0.0.1"])(
    "knows %s as this machine",
    (host) => {
      expect(isLoopback(host)).toBe(true);
    },
  );

  test.each(["", "0.0.0.0", "::", "10.0.0.1", "127.0.0.1.example.com", "localhost.example.com", "128.0.0.1"])(
    "does not take %j for this machine",
    (host) => {
      expect(isLoopback(host)).toBe(false);
    },
  );
});
