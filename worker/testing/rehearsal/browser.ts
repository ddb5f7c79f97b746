/** People's browser: opens the link of a mail, fills the form that is there, presses, and goes where the answer leads. */

import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { text } from "node:stream/consumers";
import { request } from "../../../src/lib/http.ts";

/** What the last page said. */
export interface Seen {
  readonly status: number;
  /** Its heading. */
  readonly headline: string;
  /** Whether this press is the answer that is recorded; undefined if there was nothing to press. */
  readonly effective: boolean | undefined;
}

interface Answer {
  readonly status: number;
  readonly location: string | undefined;
  readonly page: string;
}

/**
 * @param link under the public URL, as mails have it
 * @param at where the gateway really listens
 * @param typed what the person fills in and presses, by the names of the form's fields
 */
export async function press(
  link: string,
  { at, typed }: { readonly at: string; readonly typed: Readonly<Record<string, string>> },
): Promise<Seen> {
  const opened = await call(link, at);
  const hidden = formIn(opened.page);
  if (hidden === undefined) return seen(opened);
  const answer = await call(link, at, new URLSearchParams({ ...hidden, ...typed }).toString());
  if (answer.status !== 303 || answer.location === undefined) return seen(answer);
  return seen(await call(new URL(answer.location, link).href, at));
}

async function call(url: string, at: string, form?: string): Promise<Answer> {
  const { host, pathname, search } = new URL(url);
  const sent = request(new URL(pathname + search, at), {
    // No connection is kept: the gateway would wait for another request on it before it closes.
    agent: false,
    method: form === undefined ? "GET" : "POST",
    headers: { host, ...(form === undefined ? {} : { "content-type": FORM_TYPE }) },
  });
  sent.end(form);
  const [response] = (await once(sent, "response")) as [IncomingMessage];
  return {
    status: response.statusCode ?? 0,
    location: response.headers.location,
    page: await text(response),
  };
}

const FORM_TYPE = "application/x-www-form-urlencoded";

/** The hidden fields of the page's form; undefined where there is no form. */
function formIn(page: string): Record<string, string> | undefined {
  const form = /<form\b[^>]*\bmethod="post"[^>]*>(.*?)<\/form>/su.exec(page)?.[1];
  if (form === undefined) return undefined;
  const tags = [...form.matchAll(/<input\b[^>]*>/gu)].map(([tag]) => tag);
  return Object.fromEntries(
    tags
      .filter((tag) => attribute(tag, "type") === "hidden")
      .map((tag) => [attribute(tag, "name"), attribute(tag, "value")]),
  );
}

function seen({ status, page }: Answer): Seen {
  const main = /<main\b[^>]*>/u.exec(page)?.[0] ?? "";
  const effective = attribute(main, "data-effective");
  const heading = /<h1\b[^>]*>(.*?)<\/h1>/su.exec(page)?.[1] ?? "";
  return {
    status,
    headline: plain(heading.replace(/<[^>]*>/gu, "")),
    effective: effective === "" ? undefined : effective === "true",
  };
}

function attribute(tag: string, name: string): string {
  return plain(new RegExp(`\\s${name}="([^"]*)"`, "u").exec(tag)?.[1] ?? "");
}

/** Our pages escape these and no other characters (`src/lib/html.ts`). */
function plain(html: string): string {
  return html
    .replaceAll("&quot;", '"')
    .replaceAll("&#39;", "'")
    .replaceAll("&#96;", "`")
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&amp;", "&")
    .trim();
}
