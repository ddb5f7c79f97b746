/**
 * What people sign in with, and stay signed in by. All of it is signed or derived by a key, and none of it is stored.
 *
 * S1 The browser that asked has a cookie, the mail has a link and a code. Only the two together sign in.
 * S2 A token of one kind is none of another: each has an audience and a type of its own.
 * S3 The first key makes codes and the values of forms, and each key of the ring verifies them, as with tokens. So nobody is
 *    sent away while keys are replaced. A second key makes a second code in a million a right one.
 */
import { createHmac, type KeyObject } from "node:crypto";
import { z } from "zod";
import { isSameText } from "../lib/same-text.ts";
import { createJws, type Verified } from "./jws.ts";
import {
  bits128Schema,
  createSessionTokens,
  type SessionTokens,
  type SessionTokensOptions,
} from "./session.ts";

export interface SignInTokens {
  /** The cookie of the browser that asked. */
  issueBrowser(attempt: AttemptToken): string;
  verifyBrowser(token: string, nowMs: number): Verified<AttemptToken>;
  /** The token of `/inbox/link/<token>`; the same attempt gives the same token, so every copy of a mail has the same link. */
  issueLink(attempt: AttemptToken): string;
  verifyLink(token: string, nowMs: number): Verified<AttemptToken>;
  /** The cookie of a browser that was given a challenge for a passkey: to make one, or to sign in by one. */
  issueChallenge(to: PasskeyAct, challenge: AttemptToken): string;
  verifyChallenge(to: PasskeyAct, token: string, nowMs: number): Verified<AttemptToken>;
  /** The cookie of a session. */
  readonly session: SessionTokens;
  /** The six digits that the mail of this attempt has. */
  codeOf(name: string): string;
  isCode(name: string, typed: string): boolean;
  /** What a form of ours carries, so that nobody else can make a browser post it. */
  formOf(of: FormOf, name: string): string;
  isForm(of: FormOf, name: string, posted: string): boolean;
}

type PasskeyAct = "add" | "sign-in";
type FormOf = "attempt" | "session";

interface AttemptToken {
  /** The random name of the attempt. */
  readonly name: string;
  readonly expiresAtMs: number;
}

const attemptClaimsSchema = z.strictObject({ sub: bits128Schema });

/** Means nothing: the attempt's end says all. But a token must have an `iat`, and the library treats 0 as none. */
const ISSUED_AT_MS = 1_000;
const CODES = 1_000_000;

export function createSignInTokens(options: SessionTokensOptions): SignInTokens {
  const attemptTokens = (name: string) =>
    createJws({ ...options, typ: `${name}+jwt`, audience: name, claims: attemptClaimsSchema });
  const browsers = attemptTokens("sign-in-browser");
  const links = attemptTokens("sign-in-link");
  const challenges = { add: attemptTokens("passkey-add"), "sign-in": attemptTokens("passkey-sign-in") };
  const verifyAttempt = (jws: typeof links, token: string, nowMs: number) =>
    jws.verify(token, nowMs, ({ sub }, { expiresAtMs }) => ({ name: sub, expiresAtMs }));
  const issueAttempt = (jws: typeof links, { name, expiresAtMs }: AttemptToken) =>
    jws.sign({ sub: name }, { issuedAtMs: ISSUED_AT_MS, expiresAtMs });

  return {
    issueBrowser: (attempt) => issueAttempt(browsers, attempt),
    verifyBrowser: (token, nowMs) => verifyAttempt(browsers, token, nowMs),
    issueLink: (attempt) => issueAttempt(links, attempt),
    verifyLink: (token, nowMs) => verifyAttempt(links, token, nowMs),
    session: createSessionTokens(options, "inbox-session"),
    issueChallenge: (to, challenge) => issueAttempt(challenges[to], challenge),
    verifyChallenge: (to, token, nowMs) => verifyAttempt(challenges[to], token, nowMs),
    codeOf: (name) => codeBy(links.signingKey, name),
    isCode: (name, typed) => links.keys.some((key) => isSameText(typed, codeBy(key, name))),
    formOf: (of, name) => formBy(links.signingKey, of, name),
    isForm: (of, name, posted) => links.keys.some((key) => isSameText(posted, formBy(key, of, name))),
  };
}

function codeBy(key: KeyObject, name: string): string {
  const bytes = mac(key, "sign-in-code", name);
  // 48 bits: the remainder prefers no code by more than one part in a hundred million.
  return String(bytes.readUIntBE(0, 6) % CODES).padStart(6, "0");
}

function formBy(key: KeyObject, of: FormOf, name: string): string {
  return mac(key, `sign-in-form-${of}`, name).subarray(0, 16).toString("base64url");
}

function mac(key: KeyObject, purpose: string, name: string): Buffer {
  return createHmac("sha256", key).update(`countersign/${purpose}\n${name}`).digest();
}
