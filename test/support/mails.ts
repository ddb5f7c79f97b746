import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import PostalMime from "postal-mime";
import type { PlainChoice } from "../../src/approval/approval.ts";

/** A mail as a mail program shows it. */
export interface AnyMail {
  /** With angle brackets. */
  readonly messageId: string;
  readonly from: string;
  readonly to: string;
  readonly subject: string;
  readonly html: string;
  readonly text: string;
}

/** A mail that asks for a decision. */
export interface ReadMail extends AnyMail {
  /** Promise id of the ballot that the links answer. */
  readonly ballot: string;
  /** The links by what they answer; both parts of the mail hold the same. */
  readonly links: Readonly<Record<PlainChoice, string>>;
}

/** @throws if it is no mail of ours: a part is missing, or text and HTML differ in their links */
export async function readMail(raw: Uint8Array): Promise<ReadMail> {
  const mail = await readNotice(raw);
  const { messageId, html, text } = mail;
  // Askers may write what looks like one of our links: in the text on lines of their own, in HTML in anchors of theirs.
  const inText = linksIn(text.replaceAll(/^ {2}\| .*$/gmu, ""));
  const inHtml = linksIn(
    html.replaceAll(/<a(?: class="link"[^>]* rel="[^>]*)?>[^<]*<\/a>/gu, "").replaceAll("&amp;", "&"),
  );
  if (inText.approve !== inHtml.approve || inText.reject !== inHtml.reject) {
    throw new Error(`Text and HTML of ${messageId} have other links`);
  }
  const ballot = String(claimsOf(inText.approve)["pid"]);
  return { ...mail, ballot, links: inText };
}

/** A mail that only tells something. @throws if a part is missing */
export async function readNotice(raw: Uint8Array): Promise<AnyMail> {
  const mail = await PostalMime.parse(raw);
  const { messageId, html, text, subject = "" } = mail;
  if (messageId === undefined || html === undefined || text === undefined) {
    throw new Error("A mail must have a Message-ID, text and HTML");
  }
  const [from, to] = [mail.from?.address ?? "", mail.to?.[0]?.address ?? ""];
  return { messageId, from, to, subject, html, text };
}

/** Which approval a link belongs to, read from the token as anybody could. */
function claimsOf(link: string): Readonly<Record<string, unknown>> {
  const [, payload = ""] = link.slice(link.indexOf("/d/") + 3).split(".");
  return JSON.parse(Buffer.from(payload, "base64url").toString("utf8")) as Record<string, unknown>;
}

/** The mails that ask for a decision among those that the development mailbox keeps in its folder, oldest first. */
export async function mailsInFolder(folder: string): Promise<ReadMail[]> {
  const files = (await readdir(folder)).filter((name) => name.endsWith(".eml")).sort();
  const read = await Promise.all(
    files.map(async (name) => {
      const raw = await readFile(join(folder, name));
      return (await isNotice(raw)) ? [] : [await readMail(raw)];
    }),
  );
  return read.flat();
}

/** The first mail of a mailbox whose subject holds `about`, whatever it is; undefined if there is none yet. */
export async function noticeIn(folder: string, about: string): Promise<AnyMail | undefined> {
  const files = (await readdir(folder)).filter((name) => name.endsWith(".eml")).sort();
  const mails = await Promise.all(files.map(async (name) => readNotice(await readFile(join(folder, name)))));
  return mails.find(({ subject }) => subject.includes(about));
}

/** Whether a mail only tells something: then it has no link to decide by. */
export async function isNotice(raw: Uint8Array): Promise<boolean> {
  const { text = "", html = "" } = await PostalMime.parse(raw);
  // A mail about a use of a standing approval, or about a standing refusal, leads to a page that shows it, and asks for no decision.
  const token = /\/d\/[\w-]+\.[\w-]+\.[\w-]+(?![\w-]|\/(?:standing|refusal))/u;
  return !token.test(text) && !token.test(html);
}

function linksIn(part: string): Record<PlainChoice, string> {
  const found = new Map<unknown, string>();
  for (const [link] of part.matchAll(/https?:\/\/[^\s"<>]+\/d\/[\w.-]+/gu)) {
    const choice = claimsOf(link)["act"];
    if (found.has(choice) && found.get(choice) !== link) throw new Error(`Two links for ${String(choice)}`);
    found.set(choice, link);
  }
  const [approve, reject] = [found.get("approve"), found.get("reject")];
  if (approve === undefined || reject === undefined)
    throw new Error("A mail must have a link for each choice");
  return { approve, reject };
}
