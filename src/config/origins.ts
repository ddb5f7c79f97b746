/** Origins, ours and other sites': where links lead, and whose pages may use the API. */
import { isLoopback } from "../lib/loopback.ts";
import * as read from "./read.ts";

export function formerPublicUrls(source: read.Source): readonly string[] {
  const given = read.text(source, "FORMER_PUBLIC_URLS");
  if (given === undefined) return [];
  const origins = given.split(",").map((entry) => URL.parse(entry.trim()));
  const isSound = (url: URL | null): url is URL =>
    url !== null && /^https?:$/u.test(url.protocol) && url.href === `${url.origin}/`;
  if (origins.length <= FORMER_ORIGINS_MAX && origins.every(isSound))
    return origins.map(({ origin }) => origin);
  source.problems.push(
    `FORMER_PUBLIC_URLS must be a list of at most ${FORMER_ORIGINS_MAX} origins such as https://old.example.com, without path, query or user`,
  );
  return [];
}

/** More moves than within the life of one link. */
const FORMER_ORIGINS_MAX = 10;

/** A list and nothing else: a pattern lets in what nobody thought of. */
export function corsOrigins(source: read.Source): readonly string[] {
  const given = read.text(source, "CORS_ORIGINS");
  if (given === undefined) return [];
  const origins = given.split(",").map((entry) => entry.trim());
  // A page that came in the clear can be anybody's who is in between; on the loopback nobody is.
  const isSound = (text: string) => {
    const url = URL.parse(text);
    return (
      url?.origin === text &&
      (url.protocol === "https:" || (url.protocol === "http:" && isLoopback(url.hostname)))
    );
  };
  if (origins.length <= CORS_ORIGINS_MAX && origins.every(isSound)) return origins;
  source.problems.push(
    `CORS_ORIGINS must be a list of at most ${CORS_ORIGINS_MAX} origins such as https://tools.example.com, without path or *`,
  );
  return [];
}

const CORS_ORIGINS_MAX = 20;

/** The origin that links have when nothing else is said; undefined while the port is unknown. */
export function defaultOrigin(host: string, port: number): string | undefined {
  return port === 0 ? undefined : originOf(host, port);
}

/** `http://host:port`, for a process that learnt its port by listening. */
export function originOf(host: string, port: number): string {
  const reachable = isLoopback(host) ? host : "127.0.0.1";
  return new URL(`http://${reachable.includes(":") ? `[${reachable}]` : reachable}:${port}`).origin;
}

export function isPlainAndRemote(origin: string): boolean {
  const { protocol, hostname } = new URL(origin);
  return protocol === "http:" && !isLoopback(hostname) && !hostname.endsWith(".localhost");
}
