/**
 * `/inbox/passkeys`: a person's passkeys, for who is signed in. `POST /inbox/passkey`: signs in by one.
 *
 * K1 A passkey is added by who is signed in, by a form of their session, and they are told by mail. That mail is on disk before
 *    the passkey is.
 * K2 Each challenge is for one browser, which has it in a cookie, for five minutes, and for one use, whichever gateway it comes
 *    to.
 * K3 The device must have verified its user. Nothing is stored of what is not good.
 * K4 A session that was opened by a passkey ends when the passkey is removed.
 */
import type { IRouter, Request, Response } from "express";
import type { Person } from "../../approval/approval.ts";
import { CHALLENGE_LIFE_MS, passkeyId } from "../../approval/passkey.ts";
import type { Durable } from "../../durable/durable.ts";
import { callerAddress, networkOf } from "../../lib/caller-address.ts";
import { ServiceError } from "../../lib/errors.ts";
import {
  addPasskey,
  claimChallenge,
  countUse,
  lastCounter,
  readPasskeys,
  removePasskey,
} from "../../service/sign-in/passkeys.ts";
import { personHash } from "../../service/sign-in/person.ts";
import { openSession, type Session } from "../../service/sign-in/session.ts";
import {
  checkMade,
  checkSigned,
  claimedIn,
  creationOptions,
  type RelyingParty,
  requestOptions,
} from "../../service/sign-in/webauthn.ts";
import type { SignInTokens } from "../../tokens/sign-in.ts";
import { audit } from "../http/audit.ts";
import { createCookie } from "../http/cookies.ts";
import { addRoute } from "../http/routes.ts";
import { seeOther } from "../http/see-other.ts";
import { type ActForm, judgeActForm, readActForm } from "../pages/act-form.ts";
import type { PasskeysPage } from "../pages/inbox-page.ts";
import { PASSKEYS } from "../pages/inbox-paths.ts";
import type { Pages } from "../pages/pages.ts";
import { PASSKEY_FORM, PASSKEY_FORM_BYTES_MAX, PASSKEY_LABEL } from "../pages/passkey-form.ts";
import { formReader } from "../pages/posted-form.ts";
import type { SignInLimits } from "./sign-in-limits.ts";
import { forVisitors } from "./signed-in.ts";
import { type Visitor, type Visitors, whoIs } from "./visitors.ts";
import { isOwnForm } from "./way.ts";

export interface PasskeyRoutesOptions {
  readonly durable: Durable;
  readonly signIn: SignInTokens;
  readonly visitors: Visitors;
  readonly pages: Pages;
  readonly limits: SignInLimits;
  /** Undefined where browsers offer no passkeys. */
  readonly relyingParty: RelyingParty | undefined;
  readonly personOf: (email: string) => Promise<Person | undefined>;
  /** The engine's, in milliseconds since 1970. */
  readonly clock: () => number;
  readonly newNonce: () => string;
  readonly https: boolean;
}

export interface PasskeySignIn {
  /** What the browser is asked to sign in by, as JSON; undefined where there are no passkeys. Sets the challenge's cookie. */
  optionsFor(res: Response): string | undefined;
}

const readForm = formReader({ bytesMax: PASSKEY_FORM_BYTES_MAX, controlsMax: 8 });

export function addPasskeyRoutes(router: IRouter, options: PasskeyRoutesOptions): PasskeySignIn {
  const { durable, signIn: tokens, visitors, pages, limits, relyingParty, clock, newNonce } = options;
  const cookie = createCookie("countersign-passkey", options);

  /** A new challenge, which this browser alone can use. */
  const challengeFor = (res: Response, to: "add" | "sign-in"): string => {
    const name = newNonce();
    const token = tokens.issueChallenge(to, { name, expiresAtMs: clock() + CHALLENGE_LIFE_MS });
    cookie.set(res, token, CHALLENGE_LIFE_MS);
    return name;
  };
  const challengeOf = (req: Request, to: "add" | "sign-in"): string | undefined => {
    const verified = tokens.verifyChallenge(to, cookie.read(req) ?? "", clock());
    return verified.ok ? verified.value.name : undefined;
  };

  const show = async (
    res: Response,
    visitor: Visitor,
    { form, problem }: { readonly form?: ActForm; readonly problem?: PasskeysPage["problem"] } = {},
  ) => {
    const person = personHash(visitor.email);
    const { open: passkeys, limit } = await readPasskeys(durable, person);
    const made =
      relyingParty === undefined || limit !== undefined
        ? undefined
        : creationOptions(relyingParty, {
            person,
            email: visitor.email,
            challenge: challengeFor(res, "add"),
            known: passkeys.map(({ credential }) => credential),
          });
    pages.render(res, {
      status: problem === undefined ? 200 : problem === "full" || problem === "spent" ? 409 : 422,
      view: "passkeys",
      data: {
        visitor,
        passkeys,
        ...(made === undefined ? {} : { options: made }),
        ...(limit === undefined ? {} : { limit }),
        values: form?.values ?? new Map(),
        faults: form?.faults ?? new Map(),
        ...(problem === undefined ? {} : { problem }),
      },
    });
  };

  const signedIn = forVisitors(visitors);

  addRoute(router, PASSKEYS, {
    GET: signedIn(async (_req, res, visitor) => show(res, visitor)),
    POST: signedIn(async (req, res, visitor) => {
      const posted = await readForm(req, res);
      const form = judgeActForm(posted, [PASSKEY_LABEL]);
      if (!isOwnForm(options, res, { visitor }, form)) return;
      const tell = (outcome: string, about = "") =>
        audit(res, { who: whoIs(visitor), what: "passkey.add", about, outcome });
      if (!form.isConfirmed || form.faults.size > 0) return show(res, visitor, { form, problem: "fields" });
      const challenge = challengeOf(req, "add");
      const credential =
        relyingParty === undefined || challenge === undefined
          ? undefined
          : await checkMade(relyingParty, posted.text(PASSKEY_FORM.credential) ?? "", challenge);
      if (credential === undefined || !(await claimChallenge(options, challenge ?? ""))) {
        tell("refused");
        return show(res, visitor, { form, problem: "unchecked" });
      }
      const label = form.values.get(PASSKEY_FORM.label) ?? "";
      const { email } = visitor;
      const to = await addresseeOf(email);
      const stored = await addPasskey(options, personHash(email), { email, label, credential }, to);
      if (typeof stored === "string") return show(res, visitor, { form, problem: stored });
      tell("stored", stored.id);
      cookie.clear(res);
      seeOther(res, PASSKEYS);
    }),
  });

  addRoute(router, `${PASSKEYS}/:n/remove`, {
    GET: signedIn(async (_req, res) => seeOther(res, PASSKEYS)),
    POST: signedIn(async (req, res, visitor) => {
      const form = await readActForm(req, res, []);
      if (!isOwnForm(options, res, { visitor }, form)) return;
      const named = String(req.params["n"]);
      // What is gone already, as by a double click, is no failure.
      if (form.isConfirmed && /^\d{1,3}$/u.test(named)) {
        const isRemoved = await removePasskey(durable, personHash(visitor.email), Number(named));
        visitors.forget();
        if (isRemoved)
          audit(res, { who: whoIs(visitor), what: "passkey.remove", about: named, outcome: "stored" });
      }
      seeOther(res, PASSKEYS);
    }),
  });

  addRoute(router, "/inbox/passkey", {
    GET: async (_req, res) => seeOther(res, "/inbox/sign-in"),
    POST: async (req, res) => {
      const seconds = limits.tryPasskey(networkOf(callerAddress(req)));
      if (seconds !== undefined) {
        res.set("Retry-After", String(seconds));
        throw new ServiceError("RATE_LIMITED", `Too many passkeys are tried: wait ${seconds} seconds`);
      }
      const given = (await readForm(req, res)).text(PASSKEY_FORM.credential) ?? "";
      const session = await sessionBy(given, challengeOf(req, "sign-in"));
      cookie.clear(res);
      if (session === undefined) {
        audit(res, { who: "anyone", what: "sign-in", by: "passkey", outcome: "refused" });
        return pages.render(res, { status: 403, view: "signInOver", data: { because: "passkey" } });
      }
      audit(res, { who: whoIs(session), what: "sign-in", by: "passkey", outcome: "signed in" });
      visitors.enter(res, session);
      seeOther(res, "/inbox");
    },
  });

  /** In their language, where the index knows it: while it is away, people add passkeys all the same. */
  async function addresseeOf(email: string): Promise<Person> {
    const { locale, timeZone } = (await options.personOf(email).catch(() => undefined)) ?? {};
    return {
      email,
      ...(locale === undefined ? {} : { locale }),
      ...(timeZone === undefined ? {} : { timeZone }),
    };
  }

  /** The session that a passkey opens; undefined if anything about it is not good. */
  async function sessionBy(given: string, challenge: string | undefined): Promise<Session | undefined> {
    const claimed = claimedIn(given);
    if (relyingParty === undefined || challenge === undefined || claimed === undefined) return undefined;
    const { open } = await readPasskeys(durable, claimed.person);
    const passkey = open.find(({ credential }) => credential.id === claimed.credentialId);
    if (passkey === undefined) return undefined;
    const { credential, email } = passkey;
    const counter = await checkSigned(relyingParty, claimed, {
      challenge,
      credential,
      lastCounter: await lastCounter(options, credential),
    });
    // In this order: what is not good uses nothing up, and what is used up is not good.
    if (counter === undefined || !(await claimChallenge(options, challenge))) return undefined;
    if (!(await countUse(options, credential, counter))) return undefined;
    const by = passkeyId(claimed.person, passkey.n);
    return await openSession(options, { name: newNonce(), email, passkey: by });
  }

  return {
    optionsFor: (res) => relyingParty && requestOptions(relyingParty, challengeFor(res, "sign-in")),
  };
}
