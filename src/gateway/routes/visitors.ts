/** Who is signed in: reads the cookie of a session, and renews it while the session is used. */
import type { Request, Response } from "express";
import type { SignedInBy } from "../../approval/approval.ts";
import type { Durable } from "../../durable/durable.ts";
import { personHash } from "../../service/sign-in/person.ts";
import { readSession, type Session, type SessionName } from "../../service/sign-in/session.ts";
import { createSessions } from "../../service/sign-in/sessions.ts";
import type { SignInTokens } from "../../tokens/sign-in.ts";
import { createSessionCookie } from "./session-cookie.ts";

/** A person who is signed in. */
export interface Visitor {
  readonly email: string;
  readonly signedInBy: SignedInBy;
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
  /** Looks at all sessions again: something has ended some of them. */
  forget(): void;
}

/** The person, for the audit record. */
export function whoIs({ email }: Pick<Visitor, "email">): string {
  return `person:${personHash(email)}`;
}

export function createVisitors(options: {
  readonly durable: Durable;
  readonly signIn: SignInTokens;
  readonly clock: () => number;
  readonly https: boolean;
}): Visitors {
  const { durable, signIn } = options;
  const cookie = createSessionCookie("countersign-session", { ...options, tokens: signIn.session });
  const sessions = createSessions({ ...options, read: (session) => readSession(durable, session) });

  return {
    async visitorOf(req, res) {
      const token = cookie.read(req);
      if (token === undefined) return undefined;
      const { name, nonce } = token;
      const who = await sessions.whoseIs({ name, nonce });
      if (who === undefined) return undefined;
      cookie.renew(res, token);
      return {
        ...who,
        session: { name, nonce },
        form: signIn.formOf("session", nonce),
        isOwnForm: (posted = "") => signIn.isForm("session", nonce, posted),
      };
    },
    enter: (res, session) => cookie.put(res, session),
    leave(res) {
      sessions.forget();
      cookie.clear(res);
    },
    forget: () => sessions.forget(),
  };
}
