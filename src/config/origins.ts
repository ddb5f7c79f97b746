/** Origins, ours and other sites': where links lead, and whose pages may use the API. */
import { isLoopback } from "../lib/loopback.ts";
import * as read from "./read.ts";

/** Origins that were `PUBLIC_URL` before. */
export function formerPublicUrls(source: read.Source): readonly string[] {
  const right = "origins such as https://old.example.com, without path, query or user";
  return read.list(source, "FORMER_PUBLIC_URLS", FORMER_ORIGINS_MAX, parseFormerOrigin, right) ?? [];
}

/** More moves than within the life of one link. */
const FORMER_ORIGINS_MAX = 10;

function parseFormerOrigin(text: string): string | undefined {
  const url = URL.parse(text);
  const isSound = url !== null && /^https?:$/u.test(url.protocol) && url.href === `${url.origin}/`;
  return isSound ? url.origin : undefined;
}

/** A list and nothing else: a pattern lets in what nobody thought of. */
export function corsOrigins(source: read.Source): readonly string[] {
  const right = "origins such as https://tools.example.com, without path or *";
  return read.list(source, "CORS_ORIGINS", CORS_ORIGINS_MAX, parseCorsOrigin, right) ?? [];
}

const CORS_ORIGINS_MAX = 20;

/** A page that came in the clear can be anybody's who is in between; on the loopback nobody is. */
function parseCorsOrigin(text: string): string | undefined {
  const url = URL.parse(text);
  if (url === null || url.origin !== text) return undefined;
  const isSafe = url.protocol === "https:" || (url.protocol === "http:" && isLoopback(url.hostname));
  return isSafe ? text : undefined;
}

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
