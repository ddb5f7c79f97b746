/** Checks that hold for every request, before any route sees it. */
import type { RequestHandler } from "express";
import { ServiceError } from "../lib/errors.ts";
import { isLoopback } from "../lib/loopback.ts";

/** Refuses addresses whose percent-escapes are no text: routes and query readers would each make their own of them. */
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
 * Answers only to its own names. A page elsewhere can point a name of its own at this machine, and the browser would
 * then hand it everything that a service without keys shows to the loopback.
 */
export function ownNamesOnly(publicUrl: string): RequestHandler {
  const publicName = new URL(publicUrl).hostname;
  return (req, _res, next) => {
    const host = req.headers.host ?? "";
    const name = URL.parse(`http://${host}`)?.hostname;
    if (name === undefined || (name !== publicName && !isLoopback(name) && !name.endsWith(".localhost"))) {
      throw new ServiceError(
        "MISDIRECTED",
        `Cannot answer for ${name ?? "a host without a name"}: this service's address is ${publicUrl}`,
      );
    }
    next();
  };
}

/**
 * Keeps pages of other sites from starting things through a visitor's browser, which can reach the loopback where
 * they cannot. Programs send no `Sec-Fetch-Site`.
 */
export const noCrossSiteWrites: RequestHandler = (req, _res, next) => {
  const site = req.get("sec-fetch-site");
  const isRead = req.method === "GET" || req.method === "HEAD" || req.method === "OPTIONS";
  if (!isRead && site !== undefined && site !== "same-origin" && site !== "none") {
    throw new ServiceError("FORBIDDEN", "Pages of other sites cannot use this API");
  }
  next();
};
