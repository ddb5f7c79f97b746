/**
 * What operators sign in to `/admin` with, and stay signed in by. All of it is signed or derived by a key; nothing is stored.
 * The first key makes it, and each key of the ring verifies it, as with tokens.
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

export interface AdminTokens {
  readonly session: SessionTokens;
  /** What the forms of a session carry, so that nobody else can make a browser post them. */
  formOf(nonce: string): string;
  isForm(nonce: string, posted: string): boolean;
  /** The cookie of a browser that is sent to the identity provider. */
  issueEntry(entry: EntryToken): string;
  verifyEntry(token: string, nowMs: number): Verified<EntryToken>;
  /** What an entry is bound to. Its cookie has none of it. */
  secretsOf(entry: string): EntrySecrets;
  /** The same of the entry that came back with this state; undefined if it is another entry's. */
  secretsBehind(entry: string, state: string): EntrySecrets | undefined;
}

interface EntryToken {
  /** Random. */
  readonly name: string;
  readonly issuedAtMs: number;
  readonly expiresAtMs: number;
}

/** Each 256 bits in base64url. */
interface EntrySecrets {
  readonly state: string;
  readonly nonce: string;
  readonly verifier: string;
}

export function createAdminTokens(options: SessionTokensOptions): AdminTokens {
  const session = createSessionTokens(options, "admin-session");
  const { signingKey, keys } = session;
  const entries = createJws({
    ...options,
    typ: "admin-entry+jwt",
    audience: "admin-entry",
    claims: z.strictObject({ sub: bits128Schema }),
  });
  return {
    session,
    formOf: (nonce) => formBy(signingKey, nonce),
    isForm: (nonce, posted) => keys.some((key) => isSameText(posted, formBy(key, nonce))),
    issueEntry: ({ name, ...times }) => entries.sign({ sub: name }, times),
    verifyEntry: (token, nowMs) =>
      entries.verify(token, nowMs, ({ sub }, times) => ({ name: sub, ...times })),
    secretsOf: (entry) => secretsBy(signingKey, entry),
    secretsBehind: (entry, state) =>
      keys.map((key) => secretsBy(key, entry)).find((secrets) => isSameText(secrets.state, state)),
  };
}

function formBy(key: KeyObject, nonce: string): string {
  return mac(key, "form", nonce).subarray(0, 16).toString("base64url");
}

function secretsBy(key: KeyObject, entry: string): EntrySecrets {
  const secret = (purpose: string) => mac(key, purpose, entry).toString("base64url");
  return { state: secret("state"), nonce: secret("nonce"), verifier: secret("verifier") };
}

function mac(key: KeyObject, purpose: string, name: string): Buffer {
  return createHmac("sha256", key).update(`countersign/admin-${purpose}\n${name}`).digest();
}
