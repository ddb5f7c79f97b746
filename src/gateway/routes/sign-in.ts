/**
 * `/inbox/sign-in`, `/inbox/code`, `/inbox/link/:token`, `/inbox/sign-out`: in and out of the inbox, without an account.
 *
 * E1 The answer to an address is the same for every address, and takes as long. Whether a mail goes out is decided here,
 *    and done by a worker.
 * E2 The browser that asked has a cookie. Only with it does the mail's link or code sign in. So a forwarded mail, another
 *    browser and a mail scanner get nothing, and who tells somebody else to open the link gets nothing either.
 * E3 GET and HEAD change nothing. Each POST comes from a form of ours: no other site makes one (`noCrossSitePresses`, and
 *    `SameSite`), and from the sign-in on each form carries a value that follows from its cookie.
 * E4 A session begins with a name and a cookie of its own. Nothing that a browser had before signs it in.
 */
import type { IRouter, Request, Response } from "express";
import type { Durable } from "../../durable/durable.ts";
import { callerAddress, networkOf } from "../../lib/caller-address.ts";
import { ServiceError } from "../../lib/errors.ts";
import { isMailAddress } from "../../lib/mail-address.ts";
import {
  type Attempt,
  beginSignIn,
  type NotIn,
  readAttempt,
  type SignedIn,
  signInByCode,
  signInByLink,
} from "../../service/sign-in/attempt.ts";
import { personHash } from "../../service/sign-in/person.ts";
import { signOut, signOutEverywhere } from "../../service/sign-in/session.ts";
import type { SignInTokens } from "../../tokens/sign-in.ts";
import { audit } from "../http/audit.ts";
import { createCookie } from "../http/cookies.ts";
import { addRoute } from "../http/routes.ts";
import { seeOther } from "../http/see-other.ts";
import type { Pages } from "../pages/pages.ts";
import { formReader, type PostedForm } from "../pages/posted-form.ts";
import { SIGN_IN_FORM, type SignInOver } from "../pages/sign-in-page.ts";
import type { PasskeySignIn } from "./passkeys.ts";
import type { SignInLimits } from "./sign-in-limits.ts";
import type { Visitors } from "./visitors.ts";

export interface SignInRoutesOptions {
  readonly durable: Durable;
  readonly signIn: SignInTokens;
  readonly visitors: Visitors;
  readonly limits: SignInLimits;
  readonly passkeys: PasskeySignIn;
  readonly pages: Pages;
  /** The address as approvals have it; undefined for who has nothing to see in the inbox, and gets no mail. */
  readonly addressOf: (email: string) => Promise<string | undefined>;
  /** The engine's, in milliseconds since 1970. */
  readonly clock: () => number;
  readonly newNonce: () => string;
  /** Whether browsers reach this service by https. */
  readonly https: boolean;
}

const readForm = formReader({ bytesMax: 4 * 1024, controlsMax: 8 });

export function addSignInRoutes(router: IRouter, options: SignInRoutesOptions): void {
  const { durable, signIn: tokens, visitors, limits, passkeys, pages, addressOf, clock } = options;
  const browser = createCookie("countersign-sign-in", options);

  /** The attempt that this browser has asked for, while it lasts. */
  const attemptOf = async (req: Request): Promise<Attempt | undefined> => {
    const verified = tokens.verifyBrowser(browser.read(req) ?? "", clock());
    return verified.ok ? await readAttempt(options, verified.value.name) : undefined;
  };

  const over = (res: Response, because: SignInOver) => {
    const status = because === "expired" || because === "unasked" ? 410 : 403;
    pages.render(res, { status, view: "signInOver", data: { because } });
  };

  /** Whether the form belongs to the attempt; if not, says so. */
  const isOwnForm = (res: Response, form: PostedForm, attempt: Attempt): boolean => {
    const isOwn = tokens.isForm("attempt", attempt.name, form.text(SIGN_IN_FORM.form) ?? "");
    if (!isOwn) over(res, "stale");
    return isOwn;
  };

  const finish = (res: Response, attempt: Attempt, result: SignedIn | NotIn, by: "code" | "link") => {
    const person = personHash(attempt.email);
    // Who has not shown that they are the person is not recorded as that person.
    if (result.kind === "in")
      audit(res, { who: `person:${person}`, what: "sign-in", by, outcome: "signed in" });
    else audit(res, { who: "anyone", what: "sign-in", person, by, outcome: result.kind });
    if (result.kind === "wrong") {
      const data = { email: attempt.email, form: tokens.formOf("attempt", attempt.name), left: result.left };
      return pages.render(res, { status: 422, view: "signInCode", data });
    }
    if (result.kind !== "in") return over(res, result.kind);
    browser.clear(res);
    visitors.enter(res, result.session);
    seeOther(res, "/inbox");
  };

  const ask = (
    res: Response,
    { status, ...data }: { readonly status: number; readonly email: string; readonly problem?: "address" },
  ) => {
    const passkey = passkeys.optionsFor(res);
    pages.render(res, { status, view: "signIn", data: { ...data, ...(passkey && { passkey }) } });
  };

  addRoute(router, "/inbox/sign-in", {
    GET: async (req, res) => {
      if ((await visitors.visitorOf(req, res)) !== undefined) return seeOther(res, "/inbox");
      ask(res, { status: 200, email: "" });
    },
    POST: async (req, res) => {
      const network = networkOf(callerAddress(req));
      const seconds = limits.ask(network);
      if (seconds !== undefined) {
        res.set("Retry-After", String(seconds));
        throw new ServiceError("RATE_LIMITED", `Too many sign-ins are asked for: wait ${seconds} seconds`);
      }
      const email = ((await readForm(req, res)).text(SIGN_IN_FORM.email) ?? "").trim();
      if (!isMailAddress(email)) {
        return ask(res, { status: 422, email, problem: "address" });
      }
      const person = personHash(email);
      const isMailed = limits.mail(network, person);
      const known = await addressOf(email);
      const to = isMailed ? known : undefined;
      const [locale] = req.acceptsLanguages();
      const isLocale = locale !== undefined && LOCALE.test(locale);
      const attempt = await beginSignIn(options, {
        email,
        ...(to === undefined ? {} : { to }),
        ...(isLocale ? { locale } : {}),
      });
      audit(res, {
        who: "anyone",
        what: "sign-in",
        person,
        outcome: to === undefined ? "not mailed" : "mailed",
      });
      const { name, endsAtMs: expiresAtMs } = attempt;
      browser.set(res, tokens.issueBrowser({ name, expiresAtMs }), expiresAtMs - clock());
      seeOther(res, "/inbox/code");
    },
  });

  addRoute(router, "/inbox/code", {
    GET: async (req, res) => {
      const attempt = await attemptOf(req);
      if (attempt === undefined) return seeOther(res, "/inbox/sign-in");
      const data = { email: attempt.email, form: tokens.formOf("attempt", attempt.name) };
      pages.render(res, { status: 200, view: "signInCode", data });
    },
    POST: async (req, res) => {
      const attempt = await attemptOf(req);
      if (attempt === undefined) return over(res, "unasked");
      const form = await readForm(req, res);
      if (!isOwnForm(res, form, attempt)) return;
      // People copy codes with blanks, and read them out in groups.
      const code = (form.text(SIGN_IN_FORM.code) ?? "").replaceAll(/[\s-]/gu, "");
      const result = await signInByCode(options, attempt, () => tokens.isCode(attempt.name, code));
      finish(res, attempt, result, "code");
    },
  });

  addRoute(router, "/inbox/link/:token", {
    GET: async (req, res) => {
      const name = linkName(req);
      if (name === undefined) return over(res, "expired");
      const attempt = await attemptOf(req);
      if (attempt?.name !== name) return pages.render(res, { status: 200, view: "signInElsewhere" });
      const data = { email: attempt.email, form: tokens.formOf("attempt", name) };
      pages.render(res, { status: 200, view: "signInLink", data });
    },
    POST: async (req, res) => {
      const name = linkName(req);
      if (name === undefined) return over(res, "expired");
      const attempt = await attemptOf(req);
      if (attempt?.name !== name) return pages.render(res, { status: 403, view: "signInElsewhere" });
      const form = await readForm(req, res);
      if (!isOwnForm(res, form, attempt)) return;
      finish(res, attempt, await signInByLink(options, attempt), "link");
    },
  });

  /** The attempt that the mail's link is of; undefined for a link that is not good any more, or never was. */
  function linkName(req: Request): string | undefined {
    const verified = tokens.verifyLink(String(req.params["token"]), clock());
    return verified.ok ? verified.value.name : undefined;
  }

  addRoute(router, "/inbox/sign-out", {
    GET: async (req, res) => {
      if ((await visitors.visitorOf(req, res)) !== undefined) return seeOther(res, "/inbox");
      pages.render(res, { status: 200, view: "signedOut" });
    },
    POST: async (req, res) => {
      const visitor = await visitors.visitorOf(req, res);
      // A visitor who is signed out already has nothing left to do.
      if (visitor === undefined) return seeOther(res, "/inbox/sign-out");
      const form = await readForm(req, res);
      if (!visitor.isOwnForm(form.text(SIGN_IN_FORM.form))) return over(res, "stale");
      const isEverywhere = form.text(SIGN_IN_FORM.everywhere) !== undefined;
      // This session ends last: if something fails before, the person is still signed in and can press again.
      if (isEverywhere) await signOutEverywhere(options, visitor.email);
      await signOut(durable, visitor.session);
      const outcome = isEverywhere ? "everywhere" : "here";
      audit(res, { who: `person:${personHash(visitor.email)}`, what: "sign-out", outcome });
      visitors.leave(res);
      seeOther(res, "/inbox/sign-out");
    },
  });
}

/** A tag of BCP 47 as browsers send them, and nothing longer. */
const LOCALE = /^[a-z]{2,3}(?:-[a-z\d]{2,8}){0,3}$/iu;
