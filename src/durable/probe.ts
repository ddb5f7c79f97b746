/** Tries the features that we need on a Resonate server that is not ours. */
import { randomBytes } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import type { Network } from "@resonatehq/sdk";
import { ServiceError } from "../lib/errors.ts";
import type { Endpoint } from "./engine-look.ts";
import { engineTimeOf } from "./engine-time.ts";
import { createHttpNetwork, type HttpEngineNetwork } from "./http-network.ts";
import { EXTERNAL, lineage, ofTree, PROTOCOL_VERSION } from "./lineage.ts";
import { ask, stored } from "./protocol-client.ts";
import { tokenNow } from "./token.ts";
import { encodeValue } from "./value.ts";

export interface ServerFindings {
  /** Whether a request without a token is refused, and one with a forged token. */
  readonly wantsToken: boolean;
  /**
   * Whether the deadline of a promise without a target is announced when it comes. Undefined: it could not have been heard, in
   * this trial or in all that there may be this month.
   */
  readonly keepsDeadlines: boolean | undefined;
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

/** Throws while the server does not answer. */
export async function probe(
  endpoint: Endpoint,
  { patienceMs }: Pick<ProbeTimes, "patienceMs"> = TIMES,
  signal?: AbortSignal,
): Promise<ServerFindings> {
  const pid = `probe-${randomBytes(8).toString("hex")}`;
  const network = createHttpNetwork({ ...endpoint, group: "countersign-probe", pid });
  try {
    const wantsToken = await refusesStrangers(endpoint, pid);
    const trial = trialAt(await engineTimeOf(network).current());
    return {
      wantsToken,
      searches: await hasSearch(network, trial),
      keepsDeadlines: await announces(network, trial, { patienceMs, signal }),
    };
  } finally {
    await network.stop();
  }
}

/**
 * The same all month: a server deletes nothing, so whatever each start left behind would pile up. The trial and what came
 * of it are two promises a month.
 */
function trialAt(nowMs: number): string {
  return `countersign-probe-${new Date(nowMs).toISOString().slice(0, 7)}`;
}

/** Trials a month: another one where what came of the one before is not known. */
const TRIALS_MAX = 5;

async function announces(network: HttpEngineNetwork, id: string, until: Until): Promise<boolean | undefined> {
  const ear = listenWith(network);
  await network.init();
  for (let n = 1; n <= TRIALS_MAX; n += 1) {
    const isAnnounced = await tried(network, ear, n === 1 ? id : `${id}-${n}`, until);
    if (isAnnounced !== "unknown") return isAnnounced;
  }
  return undefined;
}

interface Until {
  readonly patienceMs: number;
  readonly signal: AbortSignal | undefined;
}

/** What is heard on the stream. */
interface Ear {
  isOpen: boolean;
  breaks: number;
  /** Called with the id of each promise whose end is announced. */
  onEnd: (id: string) => void;
}

function listenWith(network: HttpEngineNetwork): Ear {
  const ear: Ear = { isOpen: false, breaks: 0, onEnd: () => undefined };
  network.onListening((isOpen) => {
    ear.isOpen = isOpen;
    if (!isOpen) ear.breaks += 1;
  });
  network.recv((message) => {
    if (message.kind === "unblock") ear.onEnd(message.data.promise.id);
  });
  return ear;
}

/**
 * Lets a trial's deadline come, and listens. Where another process has done so before, reads what came of it. Silence
 * says something only where an announcement would have been heard: with a listener on a trial that was pending, and a
 * stream that was open all the time.
 *
 * @returns undefined if it could not be heard; "unknown" if another process tried it and did not say what came of it
 */
async function tried(
  network: HttpEngineNetwork,
  ear: Ear,
  id: string,
  { patienceMs, signal }: Until,
): Promise<boolean | "unknown" | undefined> {
  const heard = Promise.withResolvers<boolean>();
  ear.onEnd = (ended) => {
    if (ended === id) heard.resolve(true);
  };
  const tags = { ...lineage(id), ...EXTERNAL };
  // Only now: whatever took its time before would take it from the trial.
  const timeoutAt = (await engineTimeOf(network).current()) + DEADLINE_MS;
  const trial = await ask(network, "promise.create", { id, timeoutAt, param: {}, tags });
  if (!trial.ok) throw new Error(`The server answers ${trial.status} to a creation`);
  const result = `${id}:0`;
  const { state, timeoutAt: endedAt } = trial.data.promise;
  if (state !== "pending") {
    const known = await resultAt(network, result);
    // Another process may be about to say.
    const isFresh = timeoutAt - DEADLINE_MS < endedAt + patienceMs;
    if (known !== undefined || !isFresh) return known ?? "unknown";
    await pause(patienceMs, undefined, { signal }).catch(() => undefined);
    return (await resultAt(network, result)) ?? "unknown";
  }
  const before = { ...ear };
  const listening = await ask(network, "promise.register_listener", {
    awaited: id,
    address: network.unicast,
  });
  const isListening = listening.ok && listening.data.promise.state === "pending" && before.isOpen;
  if (!listening.ok) heard.resolve(false);
  const timer = setTimeout(() => heard.resolve(false), DEADLINE_MS + patienceMs);
  signal?.addEventListener("abort", () => heard.resolve(false), { once: true });
  const isAnnounced = await heard.promise;
  clearTimeout(timer);
  if (signal?.aborted === true) return undefined;
  if (!isAnnounced && (!isListening || ear.breaks > before.breaks)) return undefined;
  // Born with its end, so that nothing waits for it. The first one counts.
  const param = encodeValue(isAnnounced);
  await ask(network, "promise.create", {
    id: result,
    timeoutAt: 1,
    param,
    tags: { ...lineage(result), ...EXTERNAL },
  });
  return isAnnounced;
}

async function resultAt(network: Network, id: string): Promise<boolean | undefined> {
  const known = await ask(network, "promise.get", { id });
  const param: unknown = known.ok ? stored(known.data.promise).param : undefined;
  return typeof param === "boolean" ? param : undefined;
}

/** Some servers that are configured to require tokens accept any token, even an unsigned one. */
async function refusesStrangers({ url, token }: Endpoint, id: string): Promise<boolean> {
  return (await refuses(url, id, undefined)) && (await refuses(url, id, forged(tokenNow(token))));
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
  if (found.keepsDeadlines === false) {
    said.push(
      "does not announce that a promise without a target has timed out. Approvals still end in time, because they use a timer. A workflow of your own that waits for a promise wakes up only when a program reads that promise",
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
