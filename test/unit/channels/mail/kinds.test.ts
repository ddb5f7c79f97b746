import { encode } from "nodemailer/lib/qp";
import { describe, expect, test } from "vitest";
import { createComposer } from "../../../../src/channels/mail/compose.ts";
import type {
  InboxMail,
  LogHeadMail,
  Mail,
  PasskeyMail,
  SignInMail,
} from "../../../../src/channels/mail/mailer.ts";
import { noteIn } from "../../../../src/evidence/checkpoint.ts";
import { anatomyOf } from "../../../../src/lib/message-check.ts";
import { textsOf } from "../../../messages/types.ts";
import { everyMail } from "./every-kind.ts";
import { mail as asking, HOSTILE, publicUrl, sender } from "./fixture.ts";

const composer = createComposer({ from: sender, publicUrl });
const nowMs = Date.UTC(2026, 10, 22, 16, 0);

/** The mail that people sign in by; it has no word of anybody else. */
const signInMail = (locale: string): SignInMail => ({
  kind: "sign-in",
  to: { email: "ana@a.example", locale },
  name: "AAAAAAAAAAAAAAAAAAAAAA",
  code: "012345",
  link: `${publicUrl}/inbox/link/a.b.c`,
  endsAtMs: nowMs + 600_000,
});

/** The mail about a new passkey; its name is the person's word. */
const passkeyMail = (locale: string): PasskeyMail => ({
  kind: "passkey",
  to: { email: "ana@a.example", locale },
  name: "AAAAAAAAAAAAAAAAAAAAAA",
  label: "Qqq",
  atMs: nowMs,
  link: `${publicUrl}/inbox/passkeys`,
});

const NOTE = `x.example/log
7
CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

— x.example/log Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=
`;

const logHeadMail = (locale: string): LogHeadMail => ({
  kind: "log-head",
  to: { email: "ana@a.example", locale },
  name: "log-head~2026-03-02.1",
  note: NOTE,
});

function composed(mail: Mail | InboxMail) {
  return mail.kind === "sign-in" || mail.kind === "passkey" || mail.kind === "log-head"
    ? composer.inbox(mail)
    : composer.compose(mail);
}

/** What people can read of a mail, without addresses and links. */
function readableOf(mail: Mail | InboxMail): string {
  const { subject, text, html } = composed(mail);
  const visible = html.replaceAll(/<style>.*?<\/style>|<[^>]*>/gsu, " ").replaceAll(/&#?\w+;/gu, " ");
  return [subject, text, visible].join("\n").replaceAll(/https:\S+|\S+@\S+|\S+\.example\S*|po-4711/gu, " ");
}

/** Words of at least three letters, in small ones. */
function wordsOf(text: string): ReadonlySet<string> {
  return new Set(text.toLowerCase().match(/\p{L}{3,}/gu));
}

function wordsOfTexts(tag: string): ReadonlySet<string> {
  // Names of arguments and functions are no words that anybody reads.
  return wordsOf(
    Object.values(textsOf(tag))
      .join(" ")
      .replaceAll(/\{[$|][^{}]*\}|\.\w+|:integer|\$\w+/gu, " "),
  );
}

const ENGLISH_DATES = "monday tuesday wednesday thursday friday saturday sunday november days hours minutes";

describe.each(["de", "fr", "es"])("mails in %s", (tag) => {
  const own = wordsOfTexts(tag);
  const english = [...wordsOfTexts("en"), ...ENGLISH_DATES.split(" ")].filter((word) => !own.has(word));
  const locale = `${tag}-x-test`;
  const mails = [
    ...everyMail(locale, { line: "Qqq", lines: "Qqq\nQqq" }),
    signInMail(locale),
    passkeyMail(locale),
    logHeadMail(locale),
  ];

  test.each(mails.map((mail, i) => [`${i} ${mail.kind}`, mail] as const))(
    "have no English word: %s",
    (_, mail) => {
      const words = wordsOf(readableOf(mail));
      expect(english.filter((word) => word !== "november" && words.has(word))).toEqual([]);
      expect(composed(mail).html).toContain(`<html lang="${tag}" dir="ltr">`);
    },
  );

  test("are told from English ones by this test", () => {
    const leaked = readableOf({ ...mails[0], approver: { email: "a@a.example" } } as Mail);
    expect(english.filter((word) => wordsOf(leaked).has(word)).length).toBeGreaterThan(20);
  });
});

test("every text for mails is in one of the mails here, so that none is missing above", () => {
  const texts = textsOf("en");
  const seen = [
    ...everyMail("en", { line: "Qqq", lines: "Qqq" }),
    signInMail("en"),
    passkeyMail("en"),
    logHeadMail("en"),
  ]
    .map(readableOf)
    .join(" ")
    .replaceAll(/\s+/gu, " ");
  const unseen = Object.entries(texts).filter(([key, source]) => {
    if (!/^(?:mail|action|label|answer|choice|explain|deadline|part)\./u.test(key) || ELSEWHERE.has(key))
      return false;
    expect(anatomyOf(source)).toHaveProperty("args");
    // The longest stretch without an argument, of a text that counts: of what it says of many.
    const words = source.replace(/^.*\* \{\{/u, "").split(/\{[^{}]*\}|\}\}/u);
    const longest = words.reduce((one, other) => (one.length >= other.length ? one : other), "").trim();
    return !seen.includes(longest.replaceAll("'", " "));
  });
  expect(unseen.map(([key]) => key)).toEqual([]);
});

/** Texts that stand in a mail only with more than is in the mails here, and have tests of their own. */
const ELSEWHERE: ReadonlySet<string> = new Set([
  "mail.leftOut.both",
  "mail.leftOut.details",
  "mail.link.theirs",
]);

test("an answer that a program has given is told as recorded for the person", () => {
  const mail = everyMail("en-GB", { line: "Qqq", lines: "Qqq" }).find(({ kind }) => kind === "outcome");
  const { text, html } = composer.compose(mail!);
  for (const part of [text, html.replaceAll(/<[^>]*>/gu, "")]) {
    expect(part).toContain("Recorded for bo@a.example by a program");
    expect(part).toContain("Recorded for cy@a.example by the system Qqq");
    expect(part.match(/Recorded for/gu)).toHaveLength(2);
  }
});

test("an outcome says of each answer who gave it, what it means, when, and how the person was known", () => {
  const mails = everyMail("en-GB", { line: "Qqq", lines: "Qqq" }).filter(({ kind }) =>
    kind.endsWith("outcome"),
  );
  const mail = mails.find((each) => "decisions" in each && each.decisions.length > 0);
  const { text, html } = composer.compose(mail!);
  for (const part of [text, html.replaceAll(/<[^>]*>/gu, " ")]) {
    const known = part.matchAll(
      /Answered (?:[a-z,]+ )+(?:this address|by a passkey|signed in(?! by))|Recorded for/gu,
    );
    expect([...known].map(([found]) => found)).toEqual([
      "Answered through the link in the mail to this address",
      "Recorded for",
      "Recorded for",
      "Answered in the inbox, signed in",
      "Answered in the inbox, signed in by a mail to this address",
      "Answered in the inbox, signed in by a passkey",
    ]);
    // A choice with a name of the asker's own says what it counts as.
    expect(part).toMatch(/Qqq\s+Approved\s+(?:\| )?Recorded for bo@a\.example/u);
    expect(part).toMatch(/25 Nov(?:ember)? 2026[^\n]*(?:UTC|GMT|CET)/u);
  }
});

test("the mail that people sign in by has code and link in both parts, and marks no word as somebody else's", () => {
  const mail = signInMail("en");
  const { subject, text, html, messageId, to, headers } = composed(mail);
  for (const part of [text, html]) {
    expect(part).toContain(mail.code);
    expect(part).toContain(mail.link);
    expect(part).not.toMatch(/\| |Reference|undefined/u);
  }
  expect([subject, to]).toEqual(["Sign in to your approvals", { name: "", address: "ana@a.example" }]);
  // On a locked phone, everybody reads subjects.
  expect(subject).not.toContain(mail.code);
  expect(headers).toMatchObject({ "Auto-Submitted": "auto-generated" });
  expect([messageId, composed(mail).messageId, composed({ ...mail, name: "B" }).messageId]).toEqual([
    messageId,
    messageId,
    expect.not.stringContaining(messageId),
  ]);
});

describe("whatever people write", () => {
  const mails = everyMail("en", {
    line: HOSTILE,
    lines: `${HOSTILE}\n\n${HOSTILE}\u2028To APPROVE, open this`,
  });

  test.each(mails.map((mail, i) => [`${i} ${mail.kind}`, mail] as const))("%s shows as text", (_, mail) => {
    const { html, text, subject, to } = composer.compose(mail);
    expect(html).not.toMatch(/<(script|img|iframe|form|input|object|svg)\b/iu);
    for (const part of [html, text, subject, to.name])
      expect(part).not.toMatch(/[\u202A-\u202E\u2066-\u2069]/u);
    expect(subject).not.toMatch(/[\r\n]/u);
    // Lines without the mark are ours, and so are all links in them.
    const ours = text.split("\n").filter((line) => !line.startsWith("  | "));
    expect(ours.join("\n")).not.toMatch(/evil|script|process\.env/u);
    const hrefs = [...html.matchAll(/href="([^"]*)"( rel="noopener noreferrer nofollow")?/gu)];
    for (const [, href = "", rel] of hrefs)
      expect([href, href.startsWith(`${publicUrl}/`) ? undefined : rel]).toEqual([href, rel]);
  });

  test.each(["en", "de", "fr", "es"])("no mail in %s is cut off by mail programs", (tag) => {
    const long = { line: "漢".repeat(60), lines: "漢字 ".repeat(700) };
    for (const mail of everyMail(tag, long)) {
      const full = withMany(mail);
      const { html, text } = composer.compose(full);
      for (const part of [html, text])
        expect([mail.kind, encode(part).length < 100_000]).toEqual([mail.kind, true]);
    }
  });
});

/** With as many answers, people and changed details as there can be. */
function withMany(mail: Mail): Mail {
  const many = <T>(one: T | undefined): readonly T[] =>
    one === undefined ? [] : Array.from({ length: 50 }, () => one);
  if ("decisions" in mail) {
    const request = {
      ...mail.request,
      stages: [{ approvers: [{ email: "ana@a.example", name: "漢".repeat(100) }] }],
    };
    return { ...mail, request: { ...request, choices: [] }, decisions: many(mail.decisions[0]) };
  }
  if (mail.kind === "undeliverable") return { ...mail, people: many(mail.people[0]) };
  if (mail.kind !== "next-round") return mail;
  const details = Array.from({ length: 50 }, (_, i) => ({
    label: `${i} ${"漢".repeat(90)}`,
    value: "漢".repeat(1_000),
  }));
  return { ...mail, request: { ...mail.request, details }, before: { ...mail.before, details: [] } };
}

test("the mail about a passkey makes no link of its name, which is a person's word", () => {
  const { text, html } = composer.inbox({ ...passkeyMail("en"), label: HOSTILE });
  expect(html).not.toMatch(/<script|href="(?!https:\/\/approvals)/u);
  expect(text).toContain(`${publicUrl}/inbox/passkeys`);
});

test("the mail with the head of the log has its lines whole", () => {
  const { text } = composer.inbox(logHeadMail("de"));
  expect(noteIn(text)).toBe(NOTE);
});

test("new links replace those before, and a mail that is sent once more replaces none", () => {
  const textOf = (more: object) => composer.compose({ kind: "request", ...asking, gen: 1, ...more }).text;
  expect(textOf({})).toContain("no longer work");
  expect(textOf({ resentAtMs: nowMs })).not.toContain("no longer work");
});
