/**
 * Who is signed in to `/admin`, and what they may do.
 *
 * O1 The role of somebody who came with an API key follows from the key's scopes at each request: a key that is revoked
 *    ends its sessions at the next one, and so does the first key ever made for who came without.
 * O2 The role of somebody whom the identity provider sent follows, at each request, from the values of the claim that it sent
 *    with them, and from the settings. What the provider says meanwhile counts from the next sign-in.
 * O3 Nobody stays by a way that is switched off, or leads to another provider by now.
 */
import type { Request, Response } from "express";
import type { AdminSessionRecord, Role } from "../../../approval/admin-session.ts";
import { operatorCaller } from "../../../approval/operator.ts";
import type { Authenticate, Caller } from "../../../auth/authenticate.ts";
import type { Provider } from "../../../auth/entry.ts";
import { allows, type Scope } from "../../../auth/scopes.ts";
import type { Durable } from "../../../durable/durable.ts";
import { isLocalRequest } from "../../../lib/caller-address.ts";
import {
  type AdminSessionName,
  type NewAdminSession,
  readAdminSession,
} from "../../../service/admin/session.ts";
import { createSessions } from "../../../service/sign-in/sessions.ts";
import type { AdminTokens } from "../../../tokens/admin.ts";
import { createSessionCookie } from "../session-cookie.ts";

export interface Operator {
  readonly name: string;
  /** As records have it. */
  readonly caller: string;
  readonly role: Role;
  readonly session: AdminSessionName;
  /** What each of their forms carries. */
  readonly form: string;
  /** Whether a form of the session was posted, and not one of another. */
  isOwnForm(posted: string | undefined): boolean;
}

export interface Operators {
  /** Undefined for who is not signed in, or not any more. */
  operatorOf(req: Request, res: Response): Promise<Operator | undefined>;
  enter(res: Response, session: NewAdminSession): void;
  leave(res: Response): void;
}

export interface OperatorsOptions {
  readonly durable: Durable;
  readonly admin: AdminTokens;
  readonly authenticate: Pick<Authenticate, "again">;
  /** Whether an API key signs in. */
  readonly byKey: boolean;
  /** Undefined: no identity provider signs in. */
  readonly provider: Pick<Provider, "id" | "roleOf"> | undefined;
  readonly trustProxyHops: number;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
  /** Whether browsers reach this service by https. */
  readonly https: boolean;
}

export function createOperators(options: OperatorsOptions): Operators {
  const { admin, authenticate, byKey, provider, trustProxyHops } = options;
  const cookie = createSessionCookie("countersign-admin", { ...options, tokens: admin.session });
  const sessions = createSessions({ ...options, read: (session) => readAdminSession(options, session) });

  const roleOf = (req: Request, { by }: AdminSessionRecord): Role | undefined => {
    if (by.kind === "provider") {
      return by.provider === provider?.id ? provider?.roleOf(by.values ?? []) : undefined;
    }
    if (!byKey) return undefined;
    const caller = authenticate.again(by.id);
    if (caller === undefined) return undefined;
    return isOpen(caller) && !isLocalRequest(req, trustProxyHops) ? undefined : roleWith(caller.scopes);
  };

  return {
    async operatorOf(req, res) {
      const token = cookie.read(req);
      if (token === undefined) return undefined;
      const { name, nonce } = token;
      const who = await sessions.whoseIs({ name, nonce });
      const role = who && roleOf(req, who);
      if (who === undefined || role === undefined) return undefined;
      cookie.renew(res, token);
      return {
        name: who.name,
        caller: operatorCaller(who.name),
        role,
        session: { name, nonce },
        form: admin.formOf(nonce),
        isOwnForm: (posted = "") => admin.isForm(nonce, posted),
      };
    },
    enter: (res, session) => cookie.put(res, session),
    leave(res) {
      sessions.forget();
      cookie.clear(res);
    },
  };
}

/** Everybody on this machine, as long as nobody needs a key. */
function isOpen({ client }: Caller): boolean {
  return client === undefined;
}

/** What the pages show, and what the acts on them do, by the scopes that programs need for the same. */
export const VIEWER_SCOPES: readonly Scope[] = ["approvals:read", "approvals:read-all", "workflows:read"];
const OPERATOR_SCOPES: readonly Scope[] = [...VIEWER_SCOPES, "approvals:manage", "approvals:cancel"];

/** Undefined if the scopes are not enough even to look. */
export function roleWith(scopes: readonly Scope[]): Role | undefined {
  const has = (needed: readonly Scope[]) => needed.every((scope) => allows(scopes, [scope]));
  if (has(OPERATOR_SCOPES)) return "operator";
  return has(VIEWER_SCOPES) ? "viewer" : undefined;
}
