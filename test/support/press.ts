import { type Called, call } from "./http.ts";

/** What a person was told. */
export interface Told {
  /** Of the last page. */
  readonly status: number;
  /** What stands: `approved`, `rejected`, or how the approval ended without this answer; undefined while it is open. */
  readonly decision: string | undefined;
  /** Whether this person's press is the answer that stands; undefined where nobody pressed. */
  readonly effective: boolean | undefined;
  /** Address of the last page. */
  readonly url: string;
  readonly page: string;
}

export interface PressOptions {
  readonly comment?: string;
  /** Value of the button that is pressed. Default: the one that the link suggests. */
  readonly choice?: string;
  /** Origin of another gateway than the one in the link. */
  readonly via?: string;
}

/** Opens a link and looks, as people, mail scanners and previews do. */
export async function look(link: string, { via }: Pick<PressOptions, "via"> = {}): Promise<Told> {
  const url = at(link, via);
  return told(url, await call(url));
}

/**
 * Presses as a browser does: opens the link, fills the form that is there, posts it with its hidden fields, and goes
 * where the answer sends it. A page without a form leaves nothing to press: what it tells is answered then.
 */
export async function press(link: string, options: PressOptions = {}): Promise<Told> {
  const url = at(link, options.via);
  const opened = await call(url);
  const form = formIn(opened.text);
  if (form === undefined) return told(url, opened);
  const choice = options.choice ?? form.suggested;
  if (choice === undefined) throw new Error(`No button is suggested by ${link}: say which one is pressed`);
  return follow(url, options.via, await postForm(url, form, { ...options, choice }));
}

/** Posts the form of a link without having opened it: the second half of a press, for presses at one moment. */
export async function pressAtOnce(link: string, options: PressOptions = {}): Promise<Told> {
  const url = at(link, options.via);
  return follow(url, options.via, await postForm(url, CONFIRMED, options));
}

export interface Form {
  readonly fields: ReadonlyMap<string, string>;
  /** Names of the fields that a person fills. */
  readonly texts: readonly string[];
  /** Values of the buttons that answer. */
  readonly choices: readonly string[];
  /** The one of them that the link suggests. */
  readonly suggested: string | undefined;
}

/** The one form of a decision page; undefined where there is none. */
export function formIn(page: string): Form | undefined {
  const form = /<form\b[^>]*\bmethod="post"[^>]*>(.*?)<\/form>/su.exec(page)?.[1];
  if (form === undefined) return undefined;
  const fields = new Map<string, string>();
  for (const [tag] of form.matchAll(/<input\b[^>]*>/gu)) {
    if (attribute(tag, "type") === "hidden") fields.set(attribute(tag, "name"), attribute(tag, "value"));
  }
  const texts = [...form.matchAll(/<textarea\b[^>]*>/gu)].map(([tag]) => attribute(tag, "name"));
  const buttons = [...form.matchAll(/<button\b[^>]*>/gu)]
    .map(([tag]) => tag)
    .filter((tag) => / name="choice"/u.test(tag));
  const suggested = buttons.find((tag) => attribute(tag, "class").split(" ").includes("suggested"));
  return {
    fields,
    texts,
    choices: buttons.map((tag) => attribute(tag, "value")),
    suggested: suggested && attribute(suggested, "value"),
  };
}

/**
 * What the decision page's form holds when nothing was typed. Without a choice, as the page of an earlier version posts
 * it: then the link's own counts.
 */
const CONFIRMED: Form = {
  fields: new Map([["confirm", "yes"]]),
  texts: ["comment"],
  choices: [],
  suggested: undefined,
};

function postForm(url: string, form: Form, { comment = "", choice }: PressOptions): Promise<Called> {
  const body = new URLSearchParams([
    ...form.fields,
    ...form.texts.map((name) => [name, comment] as [string, string]),
    ...(choice === undefined ? [] : [["choice", choice] as [string, string]]),
  ]);
  return call(url, {
    method: "POST",
    headers: { "content-type": "application/x-www-form-urlencoded" },
    body: body.toString(),
  });
}

async function follow(url: string, via: string | undefined, answer: Called): Promise<Told> {
  if (answer.status !== 303) return told(url, answer);
  const receipt = at(new URL(answer.headers.location ?? "", url).href, via);
  return told(receipt, await call(receipt));
}

function told(url: string, { status, text }: Called): Told {
  const main = /<main\b[^>]*>/u.exec(text)?.[0] ?? "";
  const effective = attribute(main, "data-effective");
  return {
    status,
    decision: attribute(main, "data-decision") || undefined,
    effective: effective === "" ? undefined : effective === "true",
    url,
    page: text,
  };
}

function at(link: string, origin: string | undefined): string {
  const { pathname, search } = new URL(link);
  return origin === undefined ? link : new URL(pathname + search, origin).href;
}

function attribute(tag: string, name: string): string {
  const value = new RegExp(`\\s${name}="([^"]*)"`, "u").exec(tag)?.[1] ?? "";
  return value
    .replaceAll("&quot;", '"')
    .replaceAll("&#39;", "'")
    .replaceAll("&lt;", "<")
    .replaceAll("&amp;", "&");
}
