/** Tries the features that we need on a Resonate server that is not ours. */
import { randomBytes } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import type { Network } from "@resonatehq/sdk";
import { ServiceError } from "../lib/errors.ts";
import { engineTimeOf } from "./engine-time.ts";
import { createHttpNetwork } from "./http-network.ts";
import { EXTERNAL, lineage, ofTree, PROTOCOL_VERSION } from "./lineage.ts";
import { ask } from "./protocol-client.ts";

export interface Endpoint {
  readonly url: string;
  readonly token: string | undefined;
}

export interface ServerFindings {
  /** Whether a request without a token is refused, and one with a forged token. */
  readonly wantsToken: boolean;
  /** Whether it accepts ids with `:`, as the SDK makes them. */
  readonly takesIds: boolean;
  /** Whether the deadline of a promise without a target is announced when it comes. */
  readonly keepsDeadlines: boolean;
  /** Its clock minus ours, in ms, accurate to the time of a request. */
  readonly clockAheadMs: number;
  readonly searches: boolean;
}

interface ProbeLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

export interface ProbeTimes {
  /** After the deadline of the trial promise. Servers check deadlines every second. */
  readonly patienceMs: number;
  /** Between attempts at a server that does not answer yet. */
  readonly retryMs: number;
  /** Between two checks of a server that accepts requests without a token. */
  readonly openMs: number;
}

const TIMES: ProbeTimes = { patienceMs: 4_000, retryMs: 5_000, openMs: 60_000 };
const DEADLINE_MS = 1_000;
/** The server's clock decides about links and deadlines. People would notice a minute. */
const CLOCK_OFF_MS = 60_000;

export interface ProbeOptions {
  /** Whether a server without authentication is allowed: on loopback, for trying things out. */
  readonly mayBeOpen?: boolean;
  readonly times?: ProbeTimes;
}

export interface Looking {
  /** Whether the server accepts requests without a token although it must not. False until it was checked. */
  isOpen(): boolean;
  stop(): void;
}

/**
 * Checks the server once, in the background, and logs the findings. Retries until the server answers. If it accepts
 * requests without a token and must not, this logs an error each minute until that is fixed.
 */
export function probeInBackground(
  endpoint: Endpoint,
  log: ProbeLog,
  { mayBeOpen = false, times = TIMES }: ProbeOptions = {},
): Looking {
  const stopped = new AbortController();
  const { signal } = stopped;
  let isOpen = false;
  const sleep = (ms: number) => pause(ms, undefined, { signal, ref: false }).catch(() => undefined);
  const untilClosed = async (): Promise<void> => {
    while (isOpen && !signal.aborted) {
      log.error({ url: endpoint.url }, `The Resonate server ${IS_OPEN}`);
      await sleep(times.openMs);
      // No answer says nothing about its authentication.
      isOpen = await refusesStrangers(endpoint, "countersign-probe").then(
        (refuses) => !refuses,
        () => true,
      );
    }
    if (!signal.aborted) log.info({ url: endpoint.url }, "The Resonate server asks for a token now");
  };
  const run = async (): Promise<void> => {
    while (!signal.aborted) {
      try {
        const findings = await probe(endpoint, times, signal);
        if (signal.aborted) return;
        report(endpoint.url, findings, log, mayBeOpen);
        isOpen = !findings.wantsToken && !mayBeOpen;
        if (isOpen) await untilClosed();
        return;
      } catch {
        // It is not up yet, or went down. Requests report that themselves.
        await sleep(times.retryMs);
      }
    }
  };
  void run();
  return { isOpen: () => isOpen, stop: () => stopped.abort() };
}

const IS_OPEN =
  "answers without a token, or with a forged one: whoever reaches it can decide anything. Switch on its authentication and set RESONATE_TOKEN";

/** Leaves two promises behind, which time out within a second. Throws while the server does not answer. */
export async function probe(
  endpoint: Endpoint,
  { patienceMs }: Pick<ProbeTimes, "patienceMs"> = TIMES,
  signal?: AbortSignal,
): Promise<ServerFindings> {
  const id = `countersign-probe-${randomBytes(8).toString("hex")}`;
  const network = createHttpNetwork({ ...endpoint, group: "countersign-probe", pid: id });
  try {
    const wantsToken = await refusesStrangers(endpoint, id);
    const heard = Promise.withResolvers<boolean>();
    network.recv((message) => {
      if (message.kind === "unblock" && message.data.promise.id === id) heard.resolve(true);
    });
    await network.init();
    const timeoutAt = (await engineTimeOf(network).current()) + DEADLINE_MS;
    const askedAt = Date.now();
    const root = await ask(network, "promise.create", {
      id,
      timeoutAt,
      param: {},
      tags: { ...lineage(id), ...EXTERNAL },
    });
    if (!root.ok) throw new Error(`The server answers ${root.status} to a creation`);
    const { createdAt } = root.data.promise;
    const clockAheadMs = Math.round(createdAt - (askedAt + Date.now()) / 2);
    const listening = await ask(network, "promise.register_listener", {
      awaited: id,
      address: network.unicast,
    });
    const takesIds = await isTaken(network, `${id}:0`, timeoutAt);
    const searches = await hasSearch(network, id);
    const timer = setTimeout(() => heard.resolve(false), DEADLINE_MS + patienceMs);
    signal?.addEventListener("abort", () => heard.resolve(false), { once: true });
    if (!listening.ok) heard.resolve(false);
    const keepsDeadlines = await heard.promise;
    clearTimeout(timer);
    return { wantsToken, takesIds, keepsDeadlines, clockAheadMs, searches };
  } finally {
    await network.stop();
  }
}

/** Some servers that are configured to require tokens accept any token, even an unsigned one. */
async function refusesStrangers({ url, token }: Endpoint, id: string): Promise<boolean> {
  return (await refuses(url, id, undefined)) && (await refuses(url, id, forged(token)));
}

/** Like our token as far as it can be decoded, valid for a few minutes, with an invalid signature. */
function forged(token: string | undefined): string {
  const part = (content: object) => Buffer.from(JSON.stringify(content)).toString("base64url");
  const exp = Math.floor(Date.now() / 1000) + 300;
  const claims = { role: "admin", prefix: "", ...claimsIn(token), exp };
  return `${part({ alg: "HS256", typ: "JWT" })}.${part(claims)}.${randomBytes(32).toString("base64url")}`;
}

function claimsIn(token = ""): object {
  try {
    const claims: unknown = JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString("utf8"));
    return typeof claims === "object" && claims !== null ? claims : {};
  } catch {
    return {};
  }
}

async function refuses(url: string, id: string, auth: string | undefined): Promise<boolean> {
  const head = { corrId: "probe", version: PROTOCOL_VERSION, ...(auth !== undefined && { auth }) };
  const response = await fetch(url, {
    method: "POST",
    headers: { "Content-Type": "application/json", ...(auth && { Authorization: `Bearer ${auth}` }) },
    body: JSON.stringify({ kind: "promise.get", head, data: { id } }),
    signal: AbortSignal.timeout(10_000),
  });
  await response.body?.cancel();
  if (response.status >= 500) throw new Error(`The server answers ${response.status}`);
  return response.status === 401 || response.status === 403;
}

async function isTaken(network: Network, id: string, timeoutAt: number): Promise<boolean> {
  try {
    return (
      await ask(network, "promise.create", {
        id,
        timeoutAt,
        param: {},
        tags: { ...lineage(id), ...EXTERNAL },
      })
    ).ok;
  } catch (error) {
    if (error instanceof ServiceError && error.code === "INVALID_REQUEST") return false;
    throw error;
  }
}

async function hasSearch(network: Network, origin: string): Promise<boolean> {
  try {
    return (await ask(network, "promise.search", { tags: ofTree(origin), limit: 1 })).ok;
  } catch (error) {
    if (error instanceof ServiceError && error.code === "INVALID_REQUEST") return false;
    throw error;
  }
}

/** What the findings mean, each with what to do. */
export function consequences(found: ServerFindings): string[] {
  const said: string[] = [];
  if (!found.wantsToken) {
    said.push(IS_OPEN);
  }
  if (!found.takesIds) {
    said.push(
      "refuses ids such as order:0, which the SDK uses, so no workflow can take a step. Builds between 0.9.8 and 0.10.0 do that. Use a released version",
    );
  }
  if (!found.keepsDeadlines) {
    said.push(
      "does not announce that a promise without a target has timed out. Approvals still end in time, because they use a timer. A workflow of your own that waits for a promise wakes up only when a program reads that promise",
    );
  }
  if (Math.abs(found.clockAheadMs) > CLOCK_OFF_MS) {
    const minutes = Math.round(Math.abs(found.clockAheadMs) / 60_000);
    said.push(
      `has a clock that is ${minutes} min ${found.clockAheadMs > 0 ? "ahead" : "behind"}: deadlines follow it`,
    );
  }
  return said;
}

function report(url: string, findings: ServerFindings, log: ProbeLog, mayBeOpen: boolean): void {
  // A missing authentication is logged separately, every minute.
  const toTell = mayBeOpen ? findings : { ...findings, wantsToken: true };
  for (const consequence of consequences(toTell)) log.warn({ url }, `The Resonate server ${consequence}`);
  log.info({ url, ...findings }, "checked the Resonate server");
}
