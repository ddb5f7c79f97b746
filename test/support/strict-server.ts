/**
 * A server of the protocol that is stricter than our engine, and does less: our engine behind the rules of Resonate Server
 * from 0.10 on, as far as they are known, and with what 0.9.8 leaves out.
 *
 * S1 A heartbeat is of one tree of workflows, and not empty.
 * S2 Origins have no colon, waits stay within one tree, schedules need a target: our engine has these rules itself.
 * S3 Deadlines are kept of promises with a target. Others stay open.
 * S4 A message goes to whoever is connected at that moment, once. Of a task that nobody took there is another after 30 s.
 * S5 The task of a timer is offered as any other, and again when its lease is over.
 * S6 With a task come ten promises of its own branch at most.
 * S7 Streams are silent while there is nothing to say. Replies tell the time in seconds, and not whose they are.
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { onTestFinished } from "vitest";
import type { Engine } from "../../src/engine/engine.ts";
import { originOf } from "../../src/protocol/ids.ts";
import type { Message, PromiseRecord } from "../../src/protocol/records.ts";
import { isTimer, TAG } from "../../src/protocol/tags.ts";
import { request } from "./engine-requests.ts";

export interface StrictServer {
  readonly url: string;
  /** Kinds and ids of requests, in the order in which they came. */
  readonly asked: readonly { readonly kind: string; readonly id: string }[];
  /** Requests that broke a rule. */
  readonly refused: readonly string[];
  /** Heartbeats that were taken, by tree. */
  readonly beats: ReadonlyMap<string, number>;
  /** How often it has looked for tasks of timers to offer. */
  readonly looks: () => number;
  /** Streams that are open now. */
  readonly streams: () => number;
  /** Ends all streams, and takes none until the returned function is called. Requests are answered meanwhile. */
  cutStreams(): () => void;
}

interface Stream {
  readonly group: string;
  readonly pid: string;
  readonly response: ServerResponse;
}

interface Envelope {
  readonly kind: string;
  readonly head: { readonly corrId: string; readonly version: string };
  readonly data: Record<string, unknown>;
}

const PRELOAD_MAX = 10;
/** S3: long after any test. */
const NEVER_MS = 10 * 365 * 24 * 3_600_000;
/** S5: how often tasks of timers are looked at. */
const TIMERS_EVERY_MS = 100;

/** Ends with the test. `workerGroup` is whose tasks it offers. */
export async function startStrictServer(engine: Engine, workerGroup: string): Promise<StrictServer> {
  const streams = new Set<Stream>();
  const known = new Set<string>();
  const asked: { kind: string; id: string }[] = [];
  const refused: string[] = [];
  const beats = new Map<string, number>();
  /** Deadlines that are not kept, by promise. */
  const unkept = new Map<string, number>();
  const timers = new Set<string>();
  let takesStreams = true;
  let looks = 0;

  const tell = (message: Message, to: (stream: Stream) => boolean) => {
    const listeners = [...streams].filter(to);
    const one = listeners[Math.floor(Math.random() * listeners.length)];
    one?.response.write(`data: ${JSON.stringify(message)}\n\n`);
  };
  /** What the engine hands out is handed out, whether or not anybody is there (S4). */
  const connect = (group: string, pid: string, to: (stream: Stream) => boolean) => {
    if (known.has(`${group}/${pid}`)) return;
    known.add(`${group}/${pid}`);
    engine.messenger.connect({
      group,
      pid,
      deliver: (message) => {
        tell(message, to);
        return true;
      },
      replaced: () => undefined,
    });
  };
  connect(workerGroup, "the-server", ({ group }) => group === workerGroup);

  const offerTimers = async () => {
    for (const id of timers) {
      const { data } = await engine.send(request("task.get", { id }));
      const { task } = Object(data) as { task?: { readonly state: string; readonly version: number } };
      // Absent: its creation is under way.
      if (task?.state !== "pending") continue;
      const { version } = task;
      const message = { kind: "execute", head: {}, data: { task: { id, version } } } as const;
      tell(message, ({ group }) => group === workerGroup);
    }
    looks += 1;
  };
  const offering = setInterval(() => void offerTimers(), TIMERS_EVERY_MS);

  const post = async (incoming: IncomingMessage, response: ServerResponse) => {
    const envelope = JSON.parse(await text(incoming)) as Envelope;
    const { kind, head, data } = envelope;
    asked.push({ kind, id: aboutIn(data) });
    const problem =
      kind === "task.heartbeat" ? heartbeatProblem(data) : kind === "projection.read" ? kind : undefined;
    if (problem !== undefined) {
      refused.push(problem);
      return reply(response, engine, { kind, head: { ...head, status: 400 }, data: problem });
    }
    if (kind === "task.heartbeat")
      for (const origin of originsIn(data)) beats.set(origin, (beats.get(origin) ?? 0) + 1);
    for (const create of createsIn(envelope)) {
      if (create.tags[TAG.target] !== undefined) {
        if (isTimer(create.tags)) timers.add(create.id);
        continue;
      }
      unkept.set(create.id, create.timeoutAt);
      create.timeoutAt += NEVER_MS;
    }
    const answer = await engine.send(envelope);
    for (const record of recordsIn(answer.data)) record.timeoutAt = unkept.get(record.id) ?? record.timeoutAt;
    trimPreload(answer.data, aboutTask(data));
    return reply(response, engine, answer);
  };

  const server = createServer((incoming, response) => {
    if (incoming.method === "POST") return void post(incoming, response);
    const [, , group = "", pid = ""] = (incoming.url ?? "").split("/");
    if (!takesStreams) return void response.writeHead(503).end();
    if (group !== workerGroup) connect(group, pid, (stream) => stream.group === group && stream.pid === pid);
    const stream = { group, pid, response };
    streams.add(stream);
    response.on("close", () => streams.delete(stream));
    response.writeHead(200, { "content-type": "text/event-stream" }).flushHeaders();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(async () => {
    clearInterval(offering);
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    refused,
    beats,
    looks: () => looks,
    streams: () => streams.size,
    cutStreams() {
      takesStreams = false;
      for (const { response } of streams) response.destroy();
      return () => {
        takesStreams = true;
      };
    },
  };
}

function reply(
  response: ServerResponse,
  engine: Engine,
  answer: { readonly kind: string; readonly head: { readonly status: number }; readonly data: unknown },
): void {
  response.writeHead(answer.head.status, {
    "content-type": "application/json",
    date: new Date(engine.now()).toUTCString(),
  });
  response.end(JSON.stringify(answer));
}

function originsIn(data: Record<string, unknown>): Set<string> {
  return new Set((data["tasks"] as { id: string }[]).map(({ id }) => originOf(id)));
}

function heartbeatProblem(data: Record<string, unknown>): string | undefined {
  const origins = originsIn(data);
  if (origins.size === 1) return undefined;
  return origins.size === 0 ? "heartbeat of no task" : `heartbeat of ${origins.size} trees`;
}

function aboutTask(data: Record<string, unknown>): string {
  return typeof data["id"] === "string" ? data["id"] : "";
}

function aboutIn(data: Record<string, unknown>): string {
  const { action } = data as { action?: { data: { id?: string } } };
  const { awaited } = data;
  return action?.data.id ?? (aboutTask(data) || (typeof awaited === "string" ? awaited : ""));
}

interface Create {
  readonly id: string;
  readonly tags: Record<string, string>;
  timeoutAt: number;
}

/** The promise that a request creates, alone or within. */
function createsIn({ kind, data }: Envelope): Create[] {
  if (kind === "promise.create") return [data as unknown as Create];
  const { action } = data as { action?: { kind: string; data: Create } };
  return action?.kind === "promise.create" ? [action.data] : [];
}

/** All records in a reply, however deep. */
function recordsIn(data: unknown): { id: string; timeoutAt: number }[] {
  if (typeof data !== "object" || data === null) return [];
  const below = Object.values(data).flatMap(recordsIn);
  return "id" in data && "timeoutAt" in data ? [data as { id: string; timeoutAt: number }, ...below] : below;
}

/** S6 */
function trimPreload(data: unknown, branch: string): void {
  const { preload } = Object(data) as { preload?: PromiseRecord[] };
  if (preload === undefined) return;
  const own = preload
    .filter(({ tags }) => tags[TAG.branch] === branch)
    .toSorted((a, b) => (a.id < b.id ? -1 : 1));
  Object.assign(data as object, { preload: own.slice(0, PRELOAD_MAX) });
}
