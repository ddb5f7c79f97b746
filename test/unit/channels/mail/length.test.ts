/** How long a mail gets, and what stands in its first kilobytes: Gmail cuts off at about 102 KB. */
import { encode } from "nodemailer/lib/qp";
import { describe, expect, test } from "vitest";
import type { ApprovalRequest } from "../../../../src/approval/approval.ts";
import { createComposer } from "../../../../src/channels/mail/compose.ts";
import type { RequestMail } from "../../../../src/channels/mail/mailer.ts";
import { mail, publicUrl, request, viewLink } from "./fixture.ts";

const composer = createComposer({ from: { name: "", address: "a@example.com" }, publicUrl });
const ask = (asked: RequestMail) => composer.compose({ kind: "request", ...asked, viewLink });
const composed = (changes: Partial<ApprovalRequest>) => ask({ ...mail, request: { ...request, ...changes } });
const repeated = (text: string, chars: number) => text.repeat(Math.ceil(chars / text.length)).slice(0, chars);
const rows = (count: number, text: string) =>
  Array.from({ length: count }, () => ({ label: repeated(text, 100), value: repeated(text, 1_000) }));

describe.each([
  ["letters", "abc "],
  ["letters of three bytes", "漢字"],
  ["characters of four bytes", "🦊"],
  ["characters that are escaped", '"'],
  ["addresses", "https://a.example/ "],
  ["hosts", "a.b "],
  ["one address without end", "https://a.example/x"],
  ["links", "[a](https:b)"],
  ["lines", "a\n"],
  ["paragraphs", "a\n\n"],
  ["a list", "- a\n"],
  ["table rules", "|-|\n"],
])("with as much as a request can hold of %s", (_, text) => {
  const line = text.replaceAll("\n", " ");
  const { html, text: plain } = composed({
    title: repeated(line, 200),
    summary: repeated(text, 10_000),
    details: rows(50, line),
    requester: { email: `kim@${"a".repeat(60)}.example`, name: repeated(line, 100) },
  });

  test("stays below what mail programs show, and the links stand in the first quarter", () => {
    expect(encode(html).length).toBeLessThan(95_000);
    expect(encode(plain).length).toBeLessThan(95_000);
    for (const part of [html, plain]) {
      for (const link of Object.values(mail.links)) {
        expect(encode(part.slice(0, part.indexOf(link))).length).toBeLessThan(25_000);
      }
    }
  });

  test("says in both parts what is missing, and where all of it is", () => {
    const missing =
      /Not in this mail:(?:<\/strong>)? (?:the rest of the summary(?: and \d+ details?)?|\d+ details?)\./u;
    for (const part of [html, plain]) expect(part).toMatch(missing);
    expect(html.split(`href="${viewLink}"`)).toHaveLength(3);
    expect(plain).toContain("The page of the request shows all of it.");
  });
});

describe.each([1, 100, 500])(
  "an action of %i arguments that is as long as it can be or nearly fits",
  (count) => {
    test.each(["abc ", "漢字", '"', "a\n", "a.b ", "\u200b"])(
      "of %j leaves the mail below what mail programs show",
      (text) => {
        for (const chars of [8_000, 14_000, 20_000, 24_000, 28_000]) {
          const given = Object.fromEntries(
            Array.from({ length: count }, (_, i) => [
              `n${i}`,
              `${repeated(text, Math.floor(chars / count))}z`,
            ]),
          );
          const action = { tool: "t", arguments: given, reversible: "no", validFor: "P1D" } as const;
          const { html, text: plain } = composed({
            action,
            summary: repeated("A sentence. ", 10_000),
            details: rows(50, "abc "),
          });
          expect(encode(html).length).toBeLessThan(95_000);
          expect(encode(plain).length).toBeLessThan(95_000);
        }
      },
    );
  },
);

describe("what is left out", () => {
  test("is nothing of what people write", () => {
    const { html, text } = composed({
      summary: repeated("A sentence of a summary. ", 10_000),
      details: rows(20, "abc "),
    });
    for (const part of [html, text]) expect(part).not.toContain("Not in this mail");
  });

  test("is whole details, so that no value reads as another", () => {
    const details = rows(50, "12345 ");
    const { html, text } = composed({ details });
    const left = Number(/Not in this mail: (\d+) details/u.exec(text)?.[1]);
    for (const part of [html, text]) {
      expect(part.split(details[0]?.value.trim() ?? "")).toHaveLength(50 - left + 1);
    }
  });

  test("is whole blocks of a summary of several, in both parts the same", () => {
    const summary = Array.from({ length: 100 }, (_, i) => `${i}. ${"漢".repeat(90)} end${i}`).join("\n\n");
    const { html, text } = composed({ summary: summary.replaceAll(/^\d+\. /gmu, "") });
    const shown = (part: string) => [...part.matchAll(/end\d+/gu)].map(([word]) => word);
    expect(shown(html)).toEqual(shown(text));
    expect(shown(text).length).toBeGreaterThan(10);
    expect(shown(text).length).toBeLessThan(100);
    expect(text).toMatch(/end\d+\n  \| \n  \| \[…\]\n/u);
  });

  test("is never a part of a word or of an address", () => {
    const { html, text } = composed({
      summary: `${"word ".repeat(800)}https://a.example/${"漢".repeat(4_000)}`,
    });
    for (const part of [html, text]) {
      expect(part).toContain("word word");
      expect(part).not.toContain("a.example/");
    }
  });

  test("is not half a character of a script without blanks", () => {
    for (const shift of ["", "a"]) {
      const { html, text } = composed({ summary: shift + "🦊".repeat(4_900) });
      for (const part of [html, text]) expect(part).not.toContain("\uFFFD");
      expect(text).toContain("🦊🦊");
    }
  });
});
