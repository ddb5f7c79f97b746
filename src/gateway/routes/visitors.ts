/** Who is signed in: reads the cookie of a session, and makes it anew while the session is used. */
import type { Request, Response } from "express";
import { SESSION_IDLE_MS, SESSION_LIFE_MS } from "../../approval/sign-in.ts";
import type { Durable } from "../../durable/durable.ts";
import type { Session, SessionName } from "../../service/sign-in/session.ts";
import { createSessions } from "../../service/sign-in/sessions.ts";
import type { SessionToken, SignInTokens } from "../../tokens/sign-in.ts";
import { createCookie } from "../http/cookies.ts";

/** A person who is signed in. */
export interface Visitor {
  readonly email: string;
  readonly session: SessionName;
  /** What each of their forms carries. */
  readonly form: string;
  /** Whether a form of the session was posted, and not one of another. */
  isOwnForm(posted: string | undefined): boolean;
}

export interface Visitors {
  /** Undefined for who is not signed in, or not any more. */
  visitorOf(req: Request, res: Response): Promise<Visitor | undefined>;
  enter(res: Response, session: Session): void;
  leave(res: Response): void;
}

/** A cookie is made anew when it is older than this: not with each page, and often enough for the end of idle sessions. */
const RENEWED_AFTER_MS = 10 * 60_000;

export function createVisitors(options: {
  readonly durable: Durable;
  readonly signIn: SignInTokens;
  readonly clock: () => number;
  readonly https: boolean;
}): Visitors {
  const { signIn, clock } = options;
  const cookie = createCookie("countersign-session", options);
  const sessions = createSessions(options);

  const put = (res: Response, session: Pick<SessionToken, "name" | "nonce" | "startedAtMs">) => {
    const issuedAtMs = clock();
    const expiresAtMs = Math.min(issuedAtMs + SESSION_IDLE_MS, session.startedAtMs + SESSION_LIFE_MS);
    cookie.set(res, signIn.issueSession({ ...session, issuedAtMs, expiresAtMs }), expiresAtMs - issuedAtMs);
  };

  return {
    async visitorOf(req, res) {
      const verified = signIn.verifySession(cookie.read(req) ?? "", clock());
      if (!verified.ok) return undefined;
      const { name, nonce, startedAtMs, issuedAtMs } = verified.value;
      const email = await sessions.personOf({ name, nonce });
      if (email === undefined) return undefined;
      if (clock() - issuedAtMs > RENEWED_AFTER_MS) put(res, { name, nonce, startedAtMs });
      return {
        email,
        session: { name, nonce },
        form: signIn.formOf("session", nonce),
        isOwnForm: (posted = "") => signIn.isForm("session", nonce, posted),
      };
    },
    enter: put,
    leave(res) {
      sessions.forget();
      cookie.clear(res);
    },
  };
}
