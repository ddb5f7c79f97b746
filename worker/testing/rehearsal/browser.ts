/** People's browser: opens the link of a mail, fills the form that is there, presses, and goes where the answer leads. */

import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { text } from "node:stream/consumers";
import { request } from "../../../src/lib/http.ts";

/** What the last page said. */
export interface Seen {
  readonly status: number;
  /** Its heading, or what it says is wrong with the form. */
  readonly told: string;
  /** Whether this press is the answer that is recorded; undefined if there was nothing to press. */
  readonly effective: boolean | undefined;
}

interface Answer {
  readonly status: number;
  readonly location: string | undefined;
  readonly page: string;
}

export interface Press {
  /** Under the public URL, as mails have it. */
  readonly link: string;
  /** Where the gateway really listens. */
  readonly at: string;
  /** Value of the button. A page without a choice of buttons has the one of its link. */
  readonly choice: string;
  readonly isLinkOfChoice: boolean;
  /** What the person fills in, by the names of the form's fields. */
  readonly typed: Readonly<Record<string, string>>;
}

export async function press({ link, at, choice, isLinkOfChoice, typed }: Press): Promise<Seen> {
  const opened = await call(link, at);
  const form = formIn(opened.page);
  if (form === undefined) return seen(opened);
  const { hidden, choices } = form;
  if (choices.length === 0 ? !isLinkOfChoice : !choices.includes(choice)) {
    return { ...seen(opened), told: `(there is no button for ${choice})` };
  }
  const filled = new URLSearchParams({ ...hidden, ...typed, choice });
  const answer = await call(link, at, filled.toString());
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

interface Form {
  /** The hidden fields. */
  readonly hidden: Readonly<Record<string, string>>;
  /** Values of the buttons that answer. */
  readonly choices: readonly string[];
}

/** The page's form; undefined where there is none. */
function formIn(page: string): Form | undefined {
  const form = inside(page, /<form\b[^<>]*>/gu, "</form>", ({ method }) => method === "post");
  if (form === undefined) return undefined;
  const inputs = [...form.matchAll(/<input\b[^<>]*>/gu)].map(([tag]) => attributesOf(tag));
  const hidden = inputs.filter(({ type }) => type === "hidden");
  const buttons = [...form.matchAll(/<button\b[^<>]*>/gu)].map(([tag]) => attributesOf(tag));
  return {
    hidden: Object.fromEntries(hidden.map(({ name = "", value = "" }) => [name, value])),
    choices: buttons.filter(({ name }) => name === "choice").map(({ value = "" }) => value),
  };
}

function seen({ status, page }: Answer): Seen {
  const effective = attributesOf(/<main\b[^<>]*>/u.exec(page)?.[0] ?? "")["data-effective"];
  const heading = inside(page, /<h1\b[^<>]*>/gu, "</h1>") ?? "";
  const problem = inside(page, /<p\b[^<>]*>/gu, "</p>", ({ role }) => role === "alert");
  return {
    status,
    told: plain((problem ?? heading).replace(/<[^<>]*>/gu, "")),
    effective: effective === undefined ? undefined : effective === "true",
  };
}

type Attributes = Readonly<Record<string, string>>;

/** What the first element of a kind that is meant holds, up to the next end of such an element; undefined without one. */
function inside(
  page: string,
  opening: RegExp,
  closing: string,
  isMeant: (attributes: Attributes) => boolean = () => true,
): string | undefined {
  for (const { 0: tag, index } of page.matchAll(opening)) {
    if (!isMeant(attributesOf(tag))) continue;
    const from = index + tag.length;
    const to = page.indexOf(closing, from);
    return to === -1 ? undefined : page.slice(from, to);
  }
  return undefined;
}

function attributesOf(tag: string): Attributes {
  return Object.fromEntries(
    [...tag.matchAll(/\s([a-z-]+)="([^"]*)"/gu)].map(([, name = "", value = ""]) => [name, plain(value)]),
  );
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
