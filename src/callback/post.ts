/**
 * One POST to a receiver that nobody vouches for. It may hang, never end, redirect, or sit where we must not go:
 *
 * P1 no connection is opened to an address that the policy does not permit: literals are judged here, names by all that
 *    DNS answers, and the connection goes to one of those very answers (`lookup` is not asked a second time by anybody);
 * P2 a redirect is an answer like any other, and never followed; proxies of the environment are not used;
 * P3 it is over within `connectMs` without a connection, and within `totalMs` in any case;
 * P4 of the answer's body at most 16 KiB are read, and none is kept.
 */
import { promises as dns, type LookupAddress } from "node:dns";
import type { ClientRequest, IncomingMessage } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import { isIP, type LookupFunction, type Socket } from "node:net";
import { Agent as HttpAgent, request as httpRequest } from "../lib/http.ts";
import { type AddressPolicy, bareHost } from "./address-policy.ts";

export interface PostOptions {
  readonly policy: AddressPolicy;
  /** All addresses of a name. Default: the system's. */
  readonly resolve?: Resolve;
  readonly times?: PostTimes;
  /** Certificates (PEM) to trust instead of the system's. */
  readonly ca?: string;
}

type Resolve = (host: string) => Promise<readonly LookupAddress[]>;

/** In milliseconds. */
interface PostTimes {
  /** For DNS, TCP and TLS together. */
  readonly connectMs: number;
  /** For everything. */
  readonly totalMs: number;
}

const TIMES: PostTimes = { connectMs: 5_000, totalMs: 15_000 };

/** More than any receiver has to say to a machine. */
const BODY_BYTES_MAX = 16 * 1024;

export type PostResult =
  | { readonly kind: "answered"; readonly status: number; readonly retryAfter: string | undefined }
  | { readonly kind: "timeout" | "unreachable" }
  /** `final`: not for what DNS says at the moment, but for the URL itself. */
  | { readonly kind: "blocked"; readonly final: boolean };

export async function post(
  target: string,
  { headers, body }: { readonly headers: Readonly<Record<string, string>>; readonly body: string },
  options: PostOptions,
): Promise<PostResult> {
  const { policy, resolve = systemResolve, times = TIMES, ca } = options;
  const url = URL.parse(target);
  if (url === null || policy.problem(target) !== undefined) return { kind: "blocked", final: true };

  const connecting = AbortSignal.timeout(times.connectMs);
  const total = AbortSignal.timeout(times.totalMs);
  const addresses = await addressesOf(url, resolve, connecting);
  if (addresses === "timeout" || addresses === "unreachable") return { kind: addresses };
  // One bad answer among good ones is how a name is pointed inside at the second look.
  if (!addresses.every(({ address }) => policy.permits(url, address)))
    return { kind: "blocked", final: false };

  const isSecure = url.protocol === "https:";
  const sent = (isSecure ? httpsRequest : httpRequest)({
    method: "POST",
    hostname: bareHost(url),
    port: url.port,
    path: `${url.pathname}${url.search}`,
    headers: { ...headers, host: url.host, "content-length": Buffer.byteLength(body), connection: "close" },
    // An agent of its own: the global one may have been told to use a proxy, or hold a connection made by others.
    agent: isSecure ? new HttpsAgent({ maxCachedSessions: 0 }) : new HttpAgent(),
    lookup: answering(addresses),
    ...(ca === undefined ? {} : { ca }),
  });
  return await outcome(sent, { body, connecting, total, permits: (a) => policy.permits(url, a) });
}

function outcome(
  sent: ClientRequest,
  at: {
    readonly body: string;
    readonly connecting: AbortSignal;
    readonly total: AbortSignal;
    readonly permits: (address: string) => boolean;
  },
): Promise<PostResult> {
  return new Promise((resolve) => {
    let result: PostResult = { kind: "unreachable" };
    const stop = (reason: PostResult) => {
      result = reason;
      sent.destroy();
    };
    const tooSlow = () => stop(result.kind === "answered" ? result : { kind: "timeout" });
    at.connecting.addEventListener("abort", tooSlow, { once: true });
    at.total.addEventListener("abort", tooSlow, { once: true });
    const connected = () => at.connecting.removeEventListener("abort", tooSlow);

    sent.on("socket", (socket: Socket) => {
      socket.once("connect", () => {
        // Cannot happen as long as Node connects where `lookup` said. If it ever does, nothing has been sent yet.
        if (!at.permits(socket.remoteAddress ?? "")) stop({ kind: "blocked", final: false });
        else if (!("encrypted" in socket)) connected();
      });
      socket.once("secureConnect", connected);
    });
    sent.on("response", (response) => {
      const { statusCode: status = 0, headers } = response;
      result = { kind: "answered", status, retryAfter: headers["retry-after"] };
      drain(response, () => sent.destroy());
    });
    // The reason (a name, a port, a certificate) would tell callers about our network; the class must do.
    sent.on("error", () => {});
    sent.on("close", () => {
      connected();
      at.total.removeEventListener("abort", tooSlow);
      resolve(result);
    });
    sent.end(at.body);
  });
}

/** Reads what is polite and lets go. */
function drain(response: IncomingMessage, done: () => void): void {
  let bytes = 0;
  response.on("data", (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > BODY_BYTES_MAX) done();
  });
  response.on("end", done);
  response.on("error", done);
}

async function addressesOf(
  url: URL,
  resolve: Resolve,
  signal: AbortSignal,
): Promise<readonly LookupAddress[] | "timeout" | "unreachable"> {
  const host = bareHost(url);
  const family = isIP(host);
  if (family !== 0) return [{ address: host, family }];
  const late = new Promise<"timeout">((tell) => {
    signal.addEventListener("abort", () => tell("timeout"), { once: true });
  });
  try {
    const found = await Promise.race([resolve(host), late]);
    return found.length === 0 ? "unreachable" : found;
  } catch {
    return "unreachable";
  }
}

const systemResolve: Resolve = (host) => dns.lookup(host, { all: true });

/** A `lookup` that gives out these addresses and asks nobody. */
function answering(addresses: readonly LookupAddress[]): LookupFunction {
  return (_host, options, callback) => {
    const [first] = addresses;
    if (first === undefined) callback(new Error("no address"), "");
    else if (options.all === true) callback(null, [...addresses]);
    else callback(null, first.address, first.family);
  };
}
