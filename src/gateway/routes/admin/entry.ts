/**
 * `/admin/sign-in`, `/admin/sign-out`: in and out of the administration.
 *
 * E1 Somebody signs in with an API key only where that is allowed, and the key must have the scopes for what they then see.
 * E2 GET changes nothing. Each POST comes from a form of ours: no other site makes one (`noCrossSitePresses`, and
 *    `SameSite`), and the forms of a session carry a value that follows from its cookie.
 * E3 A session begins with a name and a cookie of its own. Nothing that a browser had before signs it in.
 */
import type { IRouter, Request, Response } from "express";
import type { SignedInBy } from "../../../approval/admin-session.ts";
import { operatorCaller, operatorName } from "../../../approval/operator.ts";
import type { Authenticate, Caller } from "../../../auth/authenticate.ts";
import type { Provider } from "../../../auth/entry.ts";
import type { Durable } from "../../../durable/durable.ts";
import { callerAddress, isLocalRequest, networkOf } from "../../../lib/caller-address.ts";
import type { Logger } from "../../../lib/log.ts";
import { endAdminSession, openAdminSession } from "../../../service/admin/session.ts";
import type { AdminTokens } from "../../../tokens/admin.ts";
import { audit } from "../../http/audit.ts";
import { createRateLimit } from "../../http/rate-limit.ts";
import { addRoute } from "../../http/routes.ts";
import { seeOther } from "../../http/see-other.ts";
import { ADMIN_FORM } from "../../pages/admin/admin-page.ts";
import type { Pages } from "../../pages/pages.ts";
import { formReader } from "../../pages/posted-form.ts";
import { type Operators, roleWith, VIEWER_SCOPES } from "./operators.ts";
import { addProviderEntryRoutes } from "./provider-entry.ts";
import { assertOwnForm } from "./signed-in.ts";

export interface AdminEntryOptions {
  readonly durable: Durable;
  readonly operators: Operators;
  readonly pages: Pages;
  readonly authenticate: Authenticate;
  /** Whether an API key signs in. */
  readonly byKey: boolean;
  /** What signs in besides; undefined: there is no identity provider. */
  readonly provider?: Provider | undefined;
  readonly admin: AdminTokens;
  readonly log: Logger;
  /** Whether browsers reach this service by https. */
  readonly https: boolean;
  readonly trustProxyHops: number;
  /** The engine's, in milliseconds since 1970. */
  readonly clock: () => number;
  readonly newNonce: () => string;
}

/** Of one network: nobody mistypes more often, and keys cannot be guessed anyway. */
const TRIES_OF_NETWORK = { windowMs: 10 * 60_000, most: 30 };

const readForm = formReader({ bytesMax: 4 * 1024, controlsMax: 8 });

export function addAdminEntryRoutes(router: IRouter, options: AdminEntryOptions): void {
  const { durable, operators, pages, authenticate, byKey, provider, trustProxyHops } = options;
  const tries = createRateLimit({ ...options, ...TRIES_OF_NETWORK });

  /** Everybody at this machine, while nobody needs a key; undefined otherwise. */
  const everybody = (req: Request): Caller | undefined =>
    isLocalRequest(req, trustProxyHops) ? authenticate.open() : undefined;

  const show = (req: Request, res: Response, problem?: string) => {
    const key = everybody(req) === undefined ? ("needed" as const) : ("not needed" as const);
    const data = {
      provider: provider !== undefined,
      ...(byKey ? { key } : {}),
      ...(problem === undefined ? {} : { problem }),
    };
    pages.render(res, { status: problem === undefined ? 200 : 401, view: "adminSignIn", data });
  };

  /** Counts one that is tried, or failed. False if that were too many of its network: the answer then says so. */
  const mayTry = (req: Request, res: Response): boolean => {
    const seconds = tries.count([networkOf(callerAddress(req))]);
    if (seconds === undefined) return true;
    res.set("Retry-After", String(seconds));
    const message = `Too many people try from your network: wait ${seconds} seconds`;
    pages.render(res, { status: 429, view: "error", data: { title: "Too many sign-ins", message } });
    return false;
  };

  if (provider !== undefined) addProviderEntryRoutes(router, { ...options, provider, show, mayFail: mayTry });

  addRoute(router, "/admin/sign-in", {
    GET: async (req, res) => {
      if ((await operators.operatorOf(req, res)) !== undefined) return seeOther(res, "/admin");
      show(req, res);
    },
    POST: async (req, res) => {
      if (!byKey) return show(req, res, "Nobody can sign in with an API key here.");
      if (!mayTry(req, res)) return;
      const text = ((await readForm(req, res)).text(ADMIN_FORM.key) ?? "").trim();
      const caller = everybody(req) ?? (await keyHolder(authenticate, text));
      const role = caller && roleWith(caller.scopes);
      if (caller === undefined || role === undefined) {
        audit(res, { who: caller?.id ?? "anyone", what: "admin-sign-in", outcome: "refused" });
        return show(req, res, caller === undefined ? UNKNOWN_KEY : POOR_KEY);
      }
      await enter(res, { operator: nameOf(caller), by: { kind: "key", id: caller.id } });
    },
  });

  async function enter(res: Response, who: { readonly operator: string; readonly by: SignedInBy }) {
    const session = await openAdminSession(options, { name: options.newNonce(), ...who });
    if (session === undefined) throw new Error("Cannot sign in: the name of the session is taken");
    audit(res, {
      who: operatorCaller(who.operator),
      what: "admin-sign-in",
      by: who.by.kind,
      outcome: "signed in",
    });
    operators.enter(res, session);
    seeOther(res, "/admin");
  }

  addRoute(router, "/admin/sign-out", {
    GET: async (req, res) => {
      if ((await operators.operatorOf(req, res)) !== undefined) return seeOther(res, "/admin");
      pages.render(res, { status: 200, view: "adminSignedOut" });
    },
    POST: async (req, res) => {
      const operator = await operators.operatorOf(req, res);
      // An operator who is signed out already has nothing left to do.
      if (operator === undefined) return seeOther(res, "/admin/sign-out");
      assertOwnForm(await readForm(req, res), operator);
      await endAdminSession(durable, operator.session);
      audit(res, { who: operator.caller, what: "admin-sign-out", outcome: "signed out" });
      operators.leave(res);
      seeOther(res, "/admin/sign-out");
    },
  });
}

const UNKNOWN_KEY = "This is no API key of this service, or it was revoked.";
const POOR_KEY = `This key is not enough: it needs the scopes ${VIEWER_SCOPES.join(", ")}.`;

/** Tokens of people's tools are none of these: their scopes are for tools. */
async function keyHolder(authenticate: Authenticate, text: string): Promise<Caller | undefined> {
  const caller = text === "" ? undefined : await authenticate.identify(text);
  return caller !== undefined && authenticate.again(caller.id) !== undefined ? caller : undefined;
}

/** The client that the key belongs to. */
function nameOf({ client = "client:somebody at this machine" }: Caller): string {
  return operatorName(client.slice("client:".length));
}
