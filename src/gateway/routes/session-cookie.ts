/** The cookie of a session that ends when it is not used for some hours, and in any case after some days. */
import type { Request, Response } from "express";
import { SESSION_IDLE_MS, SESSION_LIFE_MS } from "../../approval/sign-in.ts";
import type { SessionToken, SessionTokens } from "../../tokens/session.ts";
import { createCookie } from "../http/cookies.ts";

export interface SessionCookie {
  /** What the browser's cookie says; undefined if it has none that is good. */
  read(req: Request): SessionToken | undefined;
  put(res: Response, session: Pick<SessionToken, "name" | "nonce" | "startedAtMs">): void;
  /** Replaces the cookie if it is getting old. */
  renew(res: Response, session: SessionToken): void;
  clear(res: Response): void;
}

/** A cookie older than this is replaced: not with each page, but often enough to tell idle sessions from used ones. */
const RENEWED_AFTER_MS = 10 * 60_000;

export function createSessionCookie(
  name: string,
  {
    tokens,
    clock,
    https,
  }: {
    readonly tokens: SessionTokens;
    /** Milliseconds since 1970. */
    readonly clock: () => number;
    readonly https: boolean;
  },
): SessionCookie {
  const cookie = createCookie(name, { https });
  const put: SessionCookie["put"] = (res, { name: session, nonce, startedAtMs }) => {
    const issuedAtMs = clock();
    const expiresAtMs = Math.min(issuedAtMs + SESSION_IDLE_MS, startedAtMs + SESSION_LIFE_MS);
    const token = tokens.issue({ name: session, nonce, startedAtMs, issuedAtMs, expiresAtMs });
    cookie.set(res, token, expiresAtMs - issuedAtMs);
  };
  return {
    read(req) {
      const verified = tokens.verify(cookie.read(req) ?? "", clock());
      return verified.ok ? verified.value : undefined;
    },
    put,
    renew(res, session) {
      if (clock() - session.issuedAtMs > RENEWED_AFTER_MS) put(res, session);
    },
    clear: (res) => cookie.clear(res),
  };
}
