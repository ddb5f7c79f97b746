/** Checks that hold for every request, before any route sees it. */
import type { Request, RequestHandler } from "express";
import { ServiceError } from "../../lib/errors.ts";
import { hostNameOf } from "../../lib/host-name.ts";

/** Refuses addresses whose percent-escapes are no text: routes and query readers would each read them differently. */
export const wellFormedAddress: RequestHandler = (req, _res, next) => {
  if (req.url.includes("%")) {
    try {
      decodeURIComponent(req.url);
    } catch {
      throw new ServiceError("INVALID_REQUEST", "The address has a malformed percent-escape");
    }
  }
  next();
};

/**
 * Answers only to its own names. A page elsewhere can point its own host name at this machine, and the browser would
 * then let it read everything that a service without keys shows to the loopback.
 */
export function ownNamesOnly(publicUrl: string, formerUrls: readonly string[]): RequestHandler {
  const publicNames = [publicUrl, ...formerUrls].map((url) => new URL(url).hostname);
  return (req, _res, next) => {
    const { name, isLocal } = hostNameOf(req);
    if (!isLocal && !publicNames.some((each) => each === name)) {
      throw new ServiceError(
        "MISDIRECTED",
        `This service does not answer for ${name ?? "a host without a name"}: its address is ${publicUrl}`,
      );
    }
    next();
  };
}

/**
 * Keeps pages of other sites from pressing for the people that they lure. Browsers that do not say where a press comes
 * from are let in: what counts is the link, or what the form of a session carries. Under our own `no-referrer`, old ones send
 * `Origin: null` for our own form; another site that they name is none of ours.
 */
export function noCrossSitePresses(publicUrls: readonly string[]): RequestHandler {
  return (req, _res, next) => {
    const { origin } = req.headers;
    const isNamed = origin !== undefined && origin !== "null" && !publicUrls.includes(origin);
    const isOther =
      req.headers["sec-fetch-site"] === undefined ? isNamed && !isOwnHost(req) : saysOtherSite(req);
    if (!isRead(req) && isOther) {
      throw new ServiceError("FORBIDDEN", "Pages of other sites cannot use this form");
    }
    next();
  };
}

/**
 * Keeps pages of other sites from starting things through a visitor's browser, which can reach the loopback where
 * they cannot; but for the `origins` that may. Programs send neither `Sec-Fetch-Site` nor `Origin`; browsers too old
 * for the first send the second, `null` included, and no page of ours calls the API.
 */
export function noCrossSiteWrites(publicUrl: string, origins: readonly string[]): RequestHandler {
  return (req, _res, next) => {
    if (isRead(req)) return next();
    const { origin } = req.headers;
    const isOurs = origin === undefined || origin === publicUrl || isOwnHost(req);
    const isOther = req.headers["sec-fetch-site"] === undefined ? !isOurs : saysOtherSite(req);
    if (isOther && !(origin !== undefined && origins.includes(origin))) {
      throw new ServiceError("FORBIDDEN", "Pages of other sites cannot use this API");
    }
    next();
  };
}

function isOwnHost({ headers: { origin = "", host } }: Request): boolean {
  return URL.parse(origin)?.host === host;
}

function isRead({ method }: Request): boolean {
  return method === "GET" || method === "HEAD" || method === "OPTIONS";
}

function saysOtherSite(req: Request): boolean {
  const site = req.headers["sec-fetch-site"];
  return site !== undefined && site !== "same-origin" && site !== "none";
}
