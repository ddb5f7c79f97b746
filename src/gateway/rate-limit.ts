import type { Request } from "express";

/** Counts refusals, so that whoever collects them is told to slow down. What succeeds is never counted. */
export interface FailureLimit {
  /** Counts one for each of the names; answers how many seconds to wait once one has too many, else undefined. */
  count(names: readonly string[]): number | undefined;
}

/** People mistype, scanners open old links; more than this in a minute is neither. */
const PER_MINUTE = 100;
const WINDOW_MS = 60_000;
/** Names counted at once. Somebody with more addresses than this makes the oldest counts start anew, and no more. */
const NAMES_MAX = 10_000;

export function createFailureLimit({ clock }: { readonly clock: () => number }): FailureLimit {
  // In the order in which windows began, so that the first is the oldest.
  const windows = new Map<string, { readonly endsAt: number; failures: number }>();

  const countOne = (name: string, now: number): number => {
    let window = windows.get(name);
    if (window === undefined || now >= window.endsAt) {
      windows.delete(name);
      const [oldest] = windows.keys();
      if (windows.size >= NAMES_MAX && oldest !== undefined) windows.delete(oldest);
      window = { endsAt: now + WINDOW_MS, failures: 0 };
      windows.set(name, window);
    }
    window.failures += 1;
    return window.failures > PER_MINUTE ? Math.ceil((window.endsAt - now) / 1000) : 0;
  };

  return {
    count(names) {
      const now = clock();
      const seconds = Math.max(0, ...names.map((name) => countOne(name, now)));
      return seconds === 0 ? undefined : seconds;
    },
  };
}

/**
 * The address a request came from, as told by the outermost of so many proxies in front; what callers write into the
 * header themselves stands further left and is not believed.
 */
export function addressOf(req: Request, trustProxyHops: number): string | undefined {
  const told = trustProxyHops === 0 ? [] : [req.headers["x-forwarded-for"] ?? []].flat().join(",").split(",");
  const path = [...told.map((part) => part.trim()).filter((part) => part !== ""), req.socket.remoteAddress];
  return path.at(-1 - trustProxyHops) ?? path[0];
}

/** One subscriber's network: an IPv4 address, or the /64 of an IPv6 one, which a single host has all to itself. */
export function networkOf(address: string | undefined): string {
  const plain = (address ?? "unknown").replace(/^::ffff:(?=\d+\.)/iu, "").replace(/%.*$/u, "");
  if (!plain.includes(":")) return plain;
  const [head = "", tail] = plain.toLowerCase().split("::");
  const left = head.split(":").filter((group) => group !== "");
  const right = (tail ?? "").split(":").filter((group) => group !== "");
  const zeros =
    tail === undefined ? [] : Array.from({ length: Math.max(0, 8 - left.length - right.length) }, () => "0");
  const groups = [...left, ...zeros, ...right].slice(0, 4).map((group) => group.replace(/^0+(?=.)/u, ""));
  return `${groups.join(":")}::/64`;
}
