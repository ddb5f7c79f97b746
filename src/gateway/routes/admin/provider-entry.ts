/**
 * `/admin/sign-in/provider` and `/admin/sign-in/return`: to the identity provider, and back.
 *
 * E4 A browser that is sent away gets a cookie, good for ten minutes, from which state, nonce and verifier follow. Only that
 *    browser can come back with what the provider gives it, and once: the session has the name of the entry.
 * E5 The way there is a link, because a form may not lead to another site. It only begins an entry.
 */
import type { IRouter, Request, Response } from "express";
import { operatorCaller, operatorNamed } from "../../../approval/operator.ts";
import { EntryRefused, type Provider } from "../../../auth/entry.ts";
import type { Durable } from "../../../durable/durable.ts";
import type { Logger } from "../../../lib/log.ts";
import { openAdminSession } from "../../../service/admin/session.ts";
import type { AdminTokens } from "../../../tokens/admin.ts";
import { audit } from "../../http/audit.ts";
import { requestIdOf } from "../../http/context.ts";
import { createCookie } from "../../http/cookies.ts";
import { addRoute } from "../../http/routes.ts";
import { seeOther } from "../../http/see-other.ts";
import type { Operators } from "./operators.ts";

export const RETURN_PATH = "/admin/sign-in/return";

export interface ProviderEntryOptions {
  readonly durable: Durable;
  readonly operators: Operators;
  readonly admin: AdminTokens;
  readonly provider: Provider;
  readonly log: Logger;
  /** Shows the ways in, and why nobody came in. */
  readonly show: (req: Request, res: Response, problem: string) => void;
  /** Counts one that was refused. False if that were too many of this network, which was then told so. */
  readonly mayFail: (req: Request, res: Response) => boolean;
  /** The engine's, in milliseconds since 1970. */
  readonly clock: () => number;
  readonly newNonce: () => string;
  /** Whether browsers reach this service by https. */
  readonly https: boolean;
}

const ENTRY_LIFE_MS = 10 * 60_000;

export function addProviderEntryRoutes(router: IRouter, options: ProviderEntryOptions): void {
  const { operators, admin, provider, log, show, mayFail, clock, newNonce } = options;
  const cookie = createCookie("countersign-admin-entry", options);

  addRoute(router, "/admin/sign-in/provider", {
    GET: async (_req, res) => {
      const name = newNonce();
      const address = await provider.entryUrl(admin.secretsOf(name));
      const issuedAtMs = clock();
      const expiresAtMs = issuedAtMs + ENTRY_LIFE_MS;
      cookie.set(res, admin.issueEntry({ name, issuedAtMs, expiresAtMs }), ENTRY_LIFE_MS);
      seeOther(res, address);
    },
  });

  addRoute(router, RETURN_PATH, {
    GET: async (req, res) => {
      const refuse = (problem: string, reason: string) => {
        if (!mayFail(req, res)) return;
        log.info({ requestId: requestIdOf(res), reason }, "operator refused");
        audit(res, { who: "anyone", what: "admin-sign-in", by: "provider", outcome: "refused" });
        show(req, res, problem);
      };
      const entry = admin.verifyEntry(cookie.read(req) ?? "", clock());
      const secrets = entry.ok ? admin.secretsBehind(entry.value.name, stateIn(req)) : undefined;
      if (!entry.ok || secrets === undefined) return refuse(NOT_BEGUN, "no entry of this browser");
      try {
        const { search } = new URL(req.originalUrl, "http://localhost");
        const person = await provider.whoCame(search.slice(1), secrets);
        const { subject, values } = person;
        const name = operatorNamed(person.name, person.own);
        const role = provider.roleOf(values);
        if (role === undefined) return refuse(noRole(name), "no role");
        const by = { kind: "provider", role, provider: provider.id, values, subject } as const;
        const session = await openAdminSession(options, { name: entry.value.name, operator: name, by });
        if (session === undefined) return refuse(NOT_BEGUN, "used");
        const what = "admin-sign-in";
        audit(res, { who: operatorCaller(name), what, by: by.kind, subject, outcome: "signed in" });
        cookie.clear(res);
        operators.enter(res, session);
        seeOther(res, "/admin");
      } catch (error) {
        if (!(error instanceof EntryRefused)) throw error;
        refuse(error.message, error.cause instanceof Error ? error.cause.message : error.message);
      }
    },
  });
}

const NOT_BEGUN =
  "This sign-in was not begun in this browser, took longer than ten minutes, or was used before. Begin again.";

function noRole(name: string): string {
  return `You are ${name}, and your account has no role here. Ask whoever looks after accounts.`;
}

function stateIn({ query }: Request): string {
  const { state } = query;
  return typeof state === "string" ? state : "";
}
