/** The cookies of people who are signed in: signed, and stored nowhere. Each kind has an audience and a type of its own. */
import { z } from "zod";
import { createJws, type Jws, type TokenKey, type Verified } from "./jws.ts";

export interface SessionToken {
  /** The random name of the session. */
  readonly name: string;
  /** Names the request that signed in. */
  readonly nonce: string;
  readonly startedAtMs: number;
  /** When this cookie was made: it is replaced while the session is used. */
  readonly issuedAtMs: number;
  readonly expiresAtMs: number;
}

export interface SessionTokens {
  issue(session: SessionToken): string;
  verify(token: string, nowMs: number): Verified<SessionToken>;
}

export interface SessionTokensOptions {
  readonly keys: readonly TokenKey[];
  readonly issuer: string;
  readonly formerIssuers: readonly string[];
}

/** 128 bits in base64url. */
export const bits128Schema = z.string().regex(/^[A-Za-z0-9_-]{22}$/u);
const claims = z.strictObject({ sub: bits128Schema, jti: bits128Schema, start: z.int().min(0) });

export function createSessionTokens(
  options: SessionTokensOptions,
  audience: "inbox-session" | "admin-session",
): SessionTokens & Pick<Jws<unknown>, "signingKey" | "keys"> {
  const sessions = createJws({ ...options, typ: `${audience}+jwt`, audience, claims });
  return {
    signingKey: sessions.signingKey,
    keys: sessions.keys,
    issue: ({ name, nonce, startedAtMs, ...times }) =>
      sessions.sign({ sub: name, jti: nonce, start: Math.floor(startedAtMs / 1000) }, times),
    verify: (token, nowMs) =>
      sessions.verify(token, nowMs, ({ sub, jti, start }, times) => ({
        name: sub,
        nonce: jti,
        startedAtMs: start * 1000,
        ...times,
      })),
  };
}
