/**
 * Who calls the API, and what they may do.
 *
 * A1 A route for programs names the scope it needs, and its handler runs only for a caller that has it. Before that no
 *    byte of the body is read.
 * A2 The credential is the one `Authorization: Bearer` header: a key, or where it is set up the token of a person's
 *    tool. Nothing in the address or in a cookie counts.
 * A3 Without any keys the API is open to calls that come from this machine to a loopback name. What came through a
 *    proxy may be anybody's, unless the proxy is a known one and says that it came from this machine.
 */
import type { Request, RequestHandler, Response } from "express";
import type { Authenticate, Caller } from "../../auth/authenticate.ts";
import { allows, type Scope } from "../../auth/scopes.ts";
import { isLocalRequest } from "../../lib/caller-address.ts";
import { ServiceError } from "../../lib/errors.ts";
import { stateOf } from "./request-state.ts";

/** Makes a handler one for callers who have the scope, or one of the scopes. */
export type Needs = (scope: Scope | readonly Scope[], handler: RequestHandler) => RequestHandler;

export function createNeeds(authenticate: Authenticate, trustProxyHops = 0): Needs {
  return (scope, handler) => {
    const needed = typeof scope === "string" ? [scope] : scope;
    return async (req, res, next) => {
      const caller = await identify(authenticate, trustProxyHops, req, res);
      stateOf(res).caller = caller;
      assertMay(res, needed);
      await handler(req, res, next);
    };
  };
}

/** Who made this request; undefined where no key is needed, or before it is known. */
export function callerOf(res: Response): Caller | undefined {
  return stateOf(res).caller;
}

/** @throws ServiceError FORBIDDEN unless the caller has one of the scopes */
export function assertMay(res: Response, needed: readonly Scope[]): void {
  if (allows(callerOf(res)?.scopes ?? [], needed)) return;
  res.set("WWW-Authenticate", `${CHALLENGE}, error="insufficient_scope", scope="${needed.join(" ")}"`);
  throw new ServiceError("FORBIDDEN", `This key may not do that: it needs the scope ${needed.join(" or ")}`);
}

const CHALLENGE = 'Bearer realm="countersign"';

async function identify(
  authenticate: Authenticate,
  trustProxyHops: number,
  req: Request,
  res: Response,
): Promise<Caller> {
  const open = authenticate.open();
  if (open !== undefined) {
    if (isLocalRequest(req, trustProxyHops)) return open;
    res.set("WWW-Authenticate", CHALLENGE);
    throw new ServiceError(
      "UNAUTHENTICATED",
      "This service has no API keys, so it answers programs on its own machine only: make a key with countersign keys create",
    );
  }
  const { authorization } = req.headers;
  if (authorization === undefined) {
    res.set("WWW-Authenticate", CHALLENGE);
    throw new ServiceError(
      "UNAUTHENTICATED",
      "An API key is required: send Authorization: Bearer with the key",
    );
  }
  const bearer = /^Bearer +([^\s,]+)$/i.exec(authorization)?.[1];
  const caller = bearer === undefined ? undefined : await authenticate.identify(bearer);
  if (caller === undefined) {
    res.set("WWW-Authenticate", `${CHALLENGE}, error="invalid_token"`);
    throw new ServiceError("UNAUTHENTICATED", "The key is unknown or revoked");
  }
  return caller;
}
