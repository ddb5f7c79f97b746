/** Settings of outgoing callbacks: where they may go, and when they are tried again. */
import { isIP } from "node:net";
import * as read from "./read.ts";
import type { Secret } from "./secret.ts";

export interface CallbackConfig {
  /** `whsec_…[,whsec_…]`; undefined: made once in the data folder. See `loadCallbackSecrets`. */
  readonly secrets: Secret | undefined;
  /** Path of the file of endpoints. See `loadCallbackEndpoints`. */
  readonly endpointsFile: string | undefined;
  readonly ports: readonly number[];
  /** Inside targets that may be called all the same. */
  readonly allow: {
    /** As `hostAndPort` writes them. */
    readonly hosts: readonly string[];
    readonly networks: readonly { readonly address: string; readonly prefix: number }[];
  };
  /** Pauses between attempts in milliseconds; undefined: the published schedule. */
  readonly retriesMs: readonly number[] | undefined;
}

export function callbackConfig(source: read.Source): CallbackConfig {
  return {
    secrets: read.secret(source, "CALLBACK_SECRETS"),
    endpointsFile: read.text(source, "CALLBACK_ENDPOINTS_FILE"),
    ports: read.list(source, "CALLBACK_PORTS", PORTS_MAX, parsePort, "ports such as 443,8443") ?? [443],
    allow: allowed(source),
    retriesMs: read.list(
      source,
      "CALLBACK_RETRIES",
      RETRIES_MAX,
      parsePause,
      "pauses such as 5s,5m,2h, each from 1s to 7d",
    ),
  };
}

/** More ports than any company serves https on. */
const PORTS_MAX = 20;
/** More would outlive the callback's workflow. */
const RETRIES_MAX = 20;
/** Many single hosts are a network. */
const ALLOW_MAX = 100;

type Allowed =
  | { readonly host: string }
  | { readonly network: { readonly address: string; readonly prefix: number } };

function allowed(source: read.Source): CallbackConfig["allow"] {
  const hint = "targets such as hooks.example.internal:8443 or networks such as 10.1.0.0/16";
  const entries = read.list(source, "CALLBACK_ALLOW", ALLOW_MAX, parseAllowed, hint) ?? [];
  return {
    hosts: entries.flatMap((entry) => ("host" in entry ? [entry.host] : [])),
    networks: entries.flatMap((entry) => ("network" in entry ? [entry.network] : [])),
  };
}

function parseAllowed(text: string): Allowed | undefined {
  const [, address = "", prefix = ""] = /^\[?([0-9A-Fa-f.:]+)\]?\/(\d{1,3})$/.exec(text) ?? [];
  const family = isIP(address);
  if (family !== 0) {
    const bits = Number(prefix);
    return bits <= (family === 4 ? 32 : 128) ? { network: { address, prefix: bits } } : undefined;
  }
  // Two ports that no URL would leave out, so that both spellings of a host read alike.
  const [, port = ""] = /:(\d{1,5})$/.exec(text) ?? [];
  const url = /^[^\s/?#@\\]+:\d{1,5}$/.test(text) ? URL.parse(`http://${text}/`) : null;
  if (url === null || parsePort(port) === undefined || url.hostname.includes("*")) return undefined;
  return { host: `${url.hostname.replace(/\.$/, "")}:${Number(port)}` };
}

function parsePort(text: string): number | undefined {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  return port >= 1 && port <= 65_535 ? port : undefined;
}

const UNITS = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

function parsePause(text: string): number | undefined {
  const [, amount, unit] = /^(\d{1,6})([smhd])$/.exec(text) ?? [];
  const ms = Number(amount) * (unit === undefined ? Number.NaN : UNITS[unit as keyof typeof UNITS]);
  return ms >= UNITS.s && ms <= 7 * UNITS.d ? ms : undefined;
}
