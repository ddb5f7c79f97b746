/**
 * What operators sign in to `/admin` with, and stay signed in by. All of it is signed or derived by a key; nothing is stored.
 * The first key makes it, and each key of the ring verifies it, as with tokens.
 */
import { createHmac, type KeyObject } from "node:crypto";
import { isSameText } from "../lib/same-text.ts";
import { createSessionTokens, type SessionTokens, type SessionTokensOptions } from "./session.ts";

export interface AdminTokens {
  readonly session: SessionTokens;
  /** What the forms of a session carry, so that nobody else can make a browser post them. */
  formOf(nonce: string): string;
  isForm(nonce: string, posted: string): boolean;
}

export function createAdminTokens(options: SessionTokensOptions): AdminTokens {
  const session = createSessionTokens(options, "admin-session");
  const { signingKey, keys } = session;
  return {
    session,
    formOf: (nonce) => formBy(signingKey, nonce),
    isForm: (nonce, posted) => keys.some((key) => isSameText(posted, formBy(key, nonce))),
  };
}

function formBy(key: KeyObject, nonce: string): string {
  return createHmac("sha256", key)
    .update(`countersign/admin-form\n${nonce}`)
    .digest()
    .subarray(0, 16)
    .toString("base64url");
}
