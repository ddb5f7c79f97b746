/**
 * Whatever reads others' text does so in proportion to its length: twice the text, twice the work. Work is counted, not
 * timed, so this holds on every machine. Regular expressions are held to the same in regular-expressions.test.ts.
 */
import { describe, expect, test } from "vitest";
import type { ApprovalRequest } from "../../src/approval/approval.ts";
import { countWork } from "../support/work.ts";

// First of all: only what is imported after it is counted.
const workOf = countWork();
const { createComposer } = await import("../../src/channels/mail/compose.ts");
const { markdownForPage } = await import("../../src/lib/markdown.ts");
const { mimeMessage } = await import("../../src/channels/mail/mime.ts");
const { parseApprovalRequest } = await import("../../src/approval/request.ts");
const { parseJson } = await import("../../src/lib/parse-json.ts");
const { canonicalJson } = await import("../../src/lib/canonical-json.ts");
const { repeatedNames } = await import("../../src/lib/repeated-names.ts");
const { readMail } = await import("../../src/mailbox/read-mail.ts");
const { scrub } = await import("../../src/lib/scrub.ts");
const { parseTemplate } = await import("../../src/webhooks/template.ts");
const { readHeaderValue, parseHeaderValue } = await import("../../src/webhooks/schemes/header-value.ts");
const { mail, publicUrl, request } = await import("./channels/mail/fixture.ts");

const CHARS = 4_000;
/** Twice, and a little for what is rounded: four would be quadratic. */
const GROWTH_MAX = 2.5;
/** A reader takes seconds of processor time: a machine with other work may need much longer for it, in milliseconds. */
const TIMEOUT_MS = 120_000;

/** What means something to a reader of markdown, to be repeated until it is long. */
const MARKDOWN = [
  ..."[<*_~`!#|\\&\n".split(""),
  "> ",
  "- ",
  "* a\n ",
  "*a_",
  "a**",
  "*a ",
  "*_",
  "``a`",
  "`a``b",
  "[a](",
  "![[",
  "[]()",
  "[a](https:b)",
  "[a][b]",
  "[[a]",
  "[a]: b\n",
  "[a]\n",
  "[a](<",
  "[a](b '",
  "<a@b.c>",
  "<https:b>",
  "<https:",
  "a\n",
  "a\n=\n",
  "# a\n",
  "> a\n\n",
  "~~~\n",
  "    a\n",
  "|a|\n|-|\n",
  "|-",
];

/** What means something to the others. */
const PIECES = [
  ...'[{}"=@.:/,; \n\r'.split(""),
  "a",
  "🦊",
  "a-a.a-",
  "a.",
  "a@",
  "https://",
  "https://a.example/ ",
  "=?",
  "=?utf-8?q?a?=",
  '\\"',
  "eyJa.",
  "${",
  "${a}",
  "v1=a,",
];

const asked = (changes: Partial<ApprovalRequest>) => {
  const composer = createComposer({ from: { name: "", address: "a@example.com" }, publicUrl });
  return composer.compose({ kind: "request", ...mail, request: { ...request, ...changes } });
};
const rules = { nowMs: 0, callbackUrlProblem: () => undefined };
const headerValue = parseHeaderValue("t={timestamp},v1={signature}");
const headersEnd = "\r\n\r\n";

type Reader = (text: string) => unknown;

const MARKDOWN_READERS: Readonly<Record<string, Reader>> = {
  "the summary on a page": (text) => markdownForPage(text),
  // Long enough to be shortened, both times.
  "the summary in a mail": (text) => asked({ summary: text.repeat(8) }),
};

const READERS: Readonly<Record<string, Reader>> = {
  "a detail in a mail": (text) => asked({ details: [{ label: "a", value: text }] }),
  "a mail on the wire": (text) =>
    mimeMessage(
      { ...asked({}), subject: text, text, html: text, to: { name: text, address: "a@b.cd" } },
      new Date(0),
    ),
  "a request": (text) =>
    parseApprovalRequest(
      { title: text, summary: text, deadline: text, callbackUrl: text, approvers: [text, { email: text }] },
      rules,
    ),
  "a request's fields": (text) =>
    parseApprovalRequest(Object.fromEntries(text.split("").map((c, i) => [`${c}${i}`, i])), rules),
  "JSON as text": (text) => canonicalJson(parseJson(Buffer.from(JSON.stringify({ text })), 32)),
  "JSON as it comes": (text) => {
    try {
      parseJson(Buffer.from(text), 32);
    } catch {
      // What is wrong with it matters as little as what is right.
    }
  },
  "names in JSON": (text) => repeatedNames(JSON.stringify({ [text]: [text, text] }).repeat(2)),
  "a line of the log": (text) => scrub(text),
  "a mail's body in the mailbox": (text) =>
    readMail("000000000000001", Buffer.from(`Content-Type: text/html${headersEnd}${text}`)),
  "a mail's headers in the mailbox": (text) =>
    readMail(
      "000000000000001",
      Buffer.from(`Subject: ${text}\r\nTo: ${text}\r\nContent-Type: ${text}${headersEnd}a`),
    ),
  "a template of webhooks": (text) => parseTemplate(text),
  "a signature's header": (text) => headerValue && readHeaderValue(headerValue, text),
};

test("the count sees what is quadratic and what is not", async () => {
  const growth = async (call: (n: number) => unknown) => {
    // The longer first: it is counted whole, and code that V8 has optimised in it only in part.
    const [twice = 0, once = 0] = await workOf(
      () => call(400),
      () => call(200),
    );
    return twice / once;
  };
  const quadratic = (n: number) => {
    let count = 0;
    for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) count += 1;
    return count;
  };
  const linear = (n: number) => {
    let count = 0;
    for (let i = 0; i < n; i++) count += 1;
    return count;
  };
  expect(await growth(quadratic)).toBeGreaterThan(3);
  expect(await growth(linear)).toBeLessThan(GROWTH_MAX);
});

/** Pieces whose repetition is read in more than proportion to its length. */
async function outOfProportion(read: Reader, pieces: readonly string[]): Promise<readonly string[]> {
  const call = (piece: string, chars: number) => () => read(piece.repeat(Math.ceil(chars / piece.length)));
  const calls = (piece: string) => [call(piece, CHARS), call(piece, 2 * CHARS)];
  const works = await workOf(...pieces.flatMap(calls));
  const worse: string[] = [];
  for (const [i, piece] of pieces.entries()) {
    let [once = 0, twice = 0] = works.slice(2 * i);
    // Code that V8 optimises meanwhile is counted in part; what grows too fast does so each time.
    for (let again = 0; again < 3 && twice > GROWTH_MAX * once; again++) {
      const [first = 0, second = 0] = await workOf(...calls(piece));
      once = Math.max(once, first);
      twice = Math.min(twice, second);
    }
    if (twice > GROWTH_MAX * once)
      worse.push(`${JSON.stringify(piece)}: ${(twice / once).toFixed(1)} times the work`);
  }
  return worse;
}

describe("twice the text is at most about twice the work, whatever is repeated in it:", () => {
  test.each(Object.entries(MARKDOWN_READERS))(
    "%s",
    async (_, read) => {
      expect(await outOfProportion(read, MARKDOWN)).toEqual([]);
    },
    TIMEOUT_MS,
  );

  test.each(Object.entries(READERS))(
    "%s",
    async (_, read) => {
      expect(await outOfProportion(read, PIECES)).toEqual([]);
    },
    TIMEOUT_MS,
  );
});
