/** A browser as far as signing in needs one: it keeps cookies, and fills in the forms of the page that it was shown. */
import { expect } from "vitest";
import type { SignInMail } from "../../../../src/channels/mail/mailer.ts";
import { type Rig, until } from "../rig.ts";

type Fields = Readonly<Record<string, string>> | URLSearchParams;

export interface Shown {
  readonly status: number;
  readonly location: string;
  readonly text: string;
  readonly cookies: readonly string[];
}

export class TestBrowser {
  readonly cookies = new Map<string, string>();
  readonly #rig: Pick<Rig, "call">;
  #form = "";

  constructor(rig: Pick<Rig, "call">) {
    this.#rig = rig;
  }

  async get(path: string, headers: Record<string, string> = {}): Promise<Shown> {
    return await this.#send(path, { headers });
  }

  /** Posts a form with what the last page put into it. */
  async post(path: string, fields: Fields = {}, headers: Record<string, string> = {}): Promise<Shown> {
    const body = new URLSearchParams(fields);
    if (this.#form !== "" && !body.has("form")) body.set("form", this.#form);
    return await this.#send(path, {
      method: "POST",
      body,
      headers: { "sec-fetch-site": "same-origin", ...headers },
    });
  }

  async #send(path: string, init: RequestInit): Promise<Shown> {
    const headers = new Headers(init.headers);
    if (this.cookies.size > 0) {
      headers.set("cookie", [...this.cookies].map(([name, value]) => `${name}=${value}`).join("; "));
    }
    const answer = await this.#rig.call(path, { ...init, headers });
    const cookies = answer.headers.getSetCookie();
    for (const cookie of cookies) {
      const [, name = "", value = "", rest = ""] = /^([^=]+)=([^;]*)(.*)$/u.exec(cookie) ?? [];
      if (/Max-Age=0(;|$)/u.test(rest)) this.cookies.delete(name);
      else this.cookies.set(name, value);
    }
    this.#form = /name="form" value="([^"]+)"/u.exec(answer.text)?.[1] ?? this.#form;
    return {
      status: answer.status,
      location: answer.headers.get("location") ?? "",
      text: answer.text,
      cookies,
    };
  }
}

/** Asks for a mail, and waits for it. The browser then shows the page that wants the code. */
export async function asks(rig: Rig, browser: TestBrowser, email: string): Promise<SignInMail> {
  const before = rig.signInMails.length;
  expect(await browser.post("/inbox/sign-in", { email })).toMatchObject({
    status: 303,
    location: "/inbox/code",
  });
  const mail = await until(async () => rig.signInMails[before]);
  expect((await browser.get("/inbox/code")).status).toBe(200);
  return mail;
}

/** A browser in which the person is signed in. */
export async function signedIn(rig: Rig, email: string): Promise<TestBrowser> {
  const browser = new TestBrowser(rig);
  const { code } = await asks(rig, browser, email);
  expect(await browser.post("/inbox/code", { code })).toMatchObject({ status: 303, location: "/inbox" });
  return browser;
}

/** The path of the link in a mail. */
export function linkIn({ link }: SignInMail): string {
  return new URL(link).pathname;
}

/** Another code than that of the mail. */
export function wrongCode({ code }: SignInMail, by = 1): string {
  return String((Number(code) + by) % 1_000_000).padStart(6, "0");
}
