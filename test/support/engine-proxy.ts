import { Agent, createServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { promisify } from "node:util";
import { STEP_TAG } from "../../src/durable/step-record.ts";
import { eventually } from "./eventually.ts";

/** A request of the protocol on its way from a gateway or worker to the engine. */
export interface Asked {
  readonly kind: string;
  /** Of a fenced request: the kind within it. */
  readonly action: string | undefined;
  /** The promise or task that it is about; of a fenced one, the promise within. */
  readonly id: string;
  readonly data: Readonly<Record<string, unknown>>;
}

interface Replied {
  readonly asked: Asked;
  readonly status: number;
}

/** `request`: the engine has not heard of it. `reply`: its change is on disk, and whoever asked does not know it yet. */
export type Moment = "request" | "reply";

/** Whether a step's result is stored by it, at this position of its workflow: with its promise, or in one that is there. */
export function storesStep(position: number): (asked: Asked) => boolean {
  return ({ action, id, data }) => {
    if (!id.endsWith(`:${position}`)) return false;
    if (action === "promise.settle") return true;
    const { tags } = ((data["action"] as { data?: object } | undefined)?.data ?? {}) as { tags?: object };
    return action === "promise.create" && tags !== undefined && STEP_TAG in tags;
  };
}

/** Awaited at each moment; "cut" ends the connection there, as a network does that fails. */
type Watcher = (moment: Moment, asked: Asked) => void | "cut" | Promise<void | "cut">;

/**
 * Stands between one process and the engine (as its `RESONATE_URL`), so that a test sees every request and can stop the
 * world between any two of them.
 */
export interface EngineProxy extends AsyncDisposable {
  readonly url: string;
  watcher: Watcher | undefined;
  /** Requests in the order in which they came. */
  readonly asked: readonly Asked[];
  /** Answers of the engine in their order. */
  readonly replies: readonly Replied[];
  /** Holds the first request that matches, at that moment. */
  hold(moment: Moment, matches: (asked: Asked) => boolean): HeldRequest;
  /**
   * When the process is dead: waits until the engine has answered all that it had sent, but what is held. On a busy machine a
   * task may be given to a worker that has been dead for a while, and its lease begins then.
   */
  drained(): Promise<void>;
}

interface HeldRequest {
  readonly reached: Promise<Asked>;
  /** Lets it go on, or ends its connection. */
  release(how?: "cut"): void;
}

/** Ids in `src/durable/engine-look.ts` and `probe.ts`. */
const OF_NOBODY = /^(?:countersign-probe|countersign-look|look-countersign)/u;

export async function startEngineProxy(engineUrl: string): Promise<EngineProxy> {
  const asked: Asked[] = [];
  const replies: Replied[] = [];
  const holds: Hold[] = [];
  let underWay = 0;
  const agent = new Agent({ keepAlive: true });
  const server = createServer((incoming, outgoing) => {
    underWay += 1;
    void forward(incoming, outgoing)
      .catch(() => outgoing.destroy())
      .finally(() => (underWay -= 1));
  });
  // Streams stay open for good, and processes may take their time.
  server.requestTimeout = 0;
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;

  async function forward(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    if (incoming.method !== "POST") return stream(engineUrl, incoming, outgoing);
    const body = await text(incoming);
    const about = readAsked(body);
    // A process looks at its engine every few seconds, and examines it once: that is nobody's call.
    if (OF_NOBODY.test(about.id)) {
      const answer = await pass({ engineUrl, agent, incoming, body });
      outgoing.writeHead(answer.status, answer.headers).end(answer.body);
      return;
    }
    asked.push(about);
    if ((await met("request", about)) === "cut") return void outgoing.destroy();
    const answer = await pass({ engineUrl, agent, incoming, body });
    const { head } = JSON.parse(answer.body) as { head: { status: number } };
    replies.push({ asked: about, status: head.status });
    if ((await met("reply", about)) === "cut") return void outgoing.destroy();
    outgoing.writeHead(answer.status, answer.headers).end(answer.body);
  }

  async function met(moment: Moment, about: Asked): Promise<void | "cut"> {
    const at = holds.findIndex((hold) => hold.moment === moment && hold.matches(about));
    const [hold] = at === -1 ? [] : holds.splice(at, 1);
    if (hold === undefined) return proxy.watcher?.(moment, about);
    hold.reached.resolve(about);
    underWay -= 1;
    const how = await hold.released.promise;
    underWay += 1;
    return how ?? proxy.watcher?.(moment, about);
  }

  const proxy: EngineProxy = {
    url: `http://127.0.0.1:${port}`,
    watcher: undefined,
    asked,
    replies,
    hold(moment, matches) {
      const hold: Hold = {
        moment,
        matches,
        reached: Promise.withResolvers(),
        released: Promise.withResolvers(),
      };
      holds.push(hold);
      return { reached: hold.reached.promise, release: hold.released.resolve };
    },
    drained: async () => {
      const connections = promisify(server.getConnections.bind(server));
      const isOver = async () => (await connections()) === 0 && underWay === 0;
      await eventually("all that the dead process had sent is answered", isOver);
    },
    async [Symbol.asyncDispose]() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      agent.destroy();
      await closed;
    },
  };
  return proxy;
}

interface Hold {
  readonly moment: Moment;
  readonly matches: (asked: Asked) => boolean;
  readonly reached: PromiseWithResolvers<Asked>;
  readonly released: PromiseWithResolvers<"cut" | undefined>;
}

function readAsked(body: string): Asked {
  const { kind, data } = JSON.parse(body) as { kind: string; data: Record<string, unknown> };
  const action = data["action"] as { kind: string; data: Record<string, unknown> } | undefined;
  const id = [action?.data["id"], data["id"], data["awaited"]].find((name) => typeof name === "string") ?? "";
  return { kind, action: action?.kind, id, data };
}

interface PassedOn {
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly body: string;
}

function pass(way: {
  readonly engineUrl: string;
  readonly agent: Agent;
  readonly incoming: IncomingMessage;
  readonly body: string;
}): Promise<PassedOn> {
  const { engineUrl, agent, incoming, body } = way;
  return new Promise((resolve, reject) => {
    const headers = { ...headersFor(incoming), "content-length": Buffer.byteLength(body) };
    const sent = request(engineUrl, { method: "POST", headers, agent }, (answer) => {
      const status = answer.statusCode ?? 0;
      text(answer).then((body) => resolve({ status, headers: timeOf(answer), body }), reject);
    });
    sent.on("error", reject);
    sent.end(body);
  });
}

/** The event stream, ended on both sides when one ends. */
function stream(engineUrl: string, incoming: IncomingMessage, outgoing: ServerResponse): void {
  const { method = "GET", url = "/" } = incoming;
  const sent = request(
    new URL(url, engineUrl),
    { method, headers: headersFor(incoming), agent: false },
    (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      outgoing.flushHeaders();
      answer.pipe(outgoing);
      answer.on("close", () => outgoing.destroy());
    },
  );
  sent.on("error", () => outgoing.destroy());
  outgoing.on("close", () => sent.destroy());
  sent.end();
}

/** What an answer is, and when the engine wrote it: by its clock, which need not be that of this machine. */
function timeOf({ headers }: IncomingMessage): Record<string, string> {
  const kept: Record<string, string> = { "content-type": "application/json" };
  for (const name of ["date", "countersign-time"]) {
    const value = headers[name];
    if (typeof value === "string") kept[name] = value;
  }
  return kept;
}

function headersFor({ headers }: IncomingMessage): Record<string, string> {
  const kept: Record<string, string> = { "content-type": "application/json" };
  for (const name of ["authorization", "accept"]) {
    const value = headers[name];
    if (typeof value === "string") kept[name] = value;
  }
  return kept;
}
