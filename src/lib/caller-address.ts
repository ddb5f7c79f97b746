/** Where a request comes from, by its connection, its `Host`, and the headers of the trusted proxies. */
import { isIP } from "node:net";
import type { Request } from "express";
import ipaddr from "ipaddr.js";
import { hostNameOf } from "./host-name.ts";
import { isLoopback } from "./loopback.ts";

/**
 * The caller's IP address, as the outermost of the trusted proxies reports it (Express's setting `trust proxy`). Entries
 * that callers write into `X-Forwarded-For` are further left and are not believed. Some proxies add the port
 * (`203.0.113.8:40000`, `[2001:db8::1]:40000`); it is removed, because each connection of a caller has another one.
 * Undefined if a proxy writes something that is not an address, such as `unknown`.
 */
export function callerAddress({ ip = "" }: Pick<Request, "ip">): string | undefined {
  const { v4, v6 } = WITH_PORT.exec(ip)?.groups ?? {};
  const address = (v4 ?? v6 ?? ip).trim();
  return isIP(address) === 0 ? undefined : address;
}

const WITH_PORT = /^(?:(?<v4>[\d.]+)|\[(?<v6>[^\]]+)\])(?::\d{1,5})?\s*$/;

/** One subscriber's network: an IPv4 address, or the /64 of an IPv6 one, which a single host has all to itself. */
export function networkOf(address: string | undefined): string {
  if (address === undefined || isIP(address) === 0) return "unknown";
  // An IPv4 address that was written as an IPv6 one (`::ffff:203.0.113.8`) becomes one again.
  const parsed = ipaddr.process(address);
  if (parsed instanceof ipaddr.IPv4) return parsed.toString();
  const groups = parsed.parts.slice(0, 4).map((part) => part.toString(16));
  return `${groups.join(":")}::/64`;
}

/**
 * Whether nothing says that the request comes from further away than this machine: it was sent to a loopback name, and
 * carries no header of a proxy; or as many proxies as are known all say where it comes from, and that is this machine.
 */
export function isLocalRequest(
  req: Pick<Request, "headers" | "ip" | "ips">,
  trustProxyHops: number,
): boolean {
  if (!hostNameOf(req).isLocal) return false;
  if (!Object.keys(req.headers).some(isProxyHeader)) return true;
  // With fewer words than proxies, the last one would be the nearest proxy's own address.
  return trustProxyHops > 0 && req.ips.length >= trustProxyHops && isLoopback(callerAddress(req) ?? "");
}

function isProxyHeader(name: string): boolean {
  return name.startsWith("x-forwarded") || PROXY_HEADERS.has(name);
}

/** By which proxies, tunnels and content networks show themselves; beside all that begin with `x-forwarded`. */
const PROXY_HEADERS: ReadonlySet<string> = new Set([
  "forwarded",
  "via",
  "cdn-loop",
  "cf-connecting-ip",
  "cf-ray",
  "fastly-client-ip",
  "fly-client-ip",
  "true-client-ip",
  "x-client-ip",
  "x-cluster-client-ip",
  "x-envoy-external-address",
  "x-original-forwarded-for",
  "x-original-host",
  "x-real-ip",
]);
