import { ServiceError } from "../../lib/errors.ts";
import { parseEnvelope } from "../../protocol/parse.ts";
import { type Reply, refuse, reply } from "../decide/response.ts";
import type { Connection } from "../deliver/group.ts";
import { createNetwork, type EngineNetwork, type NetworkOptions } from "../deliver/network.ts";
import { readTime } from "./shared-time.ts";
import {
  type Asked,
  type EngineKnown,
  halvesOf,
  inPieces,
  type PortNews,
  type PortOrder,
  type Told,
} from "./thread-port.ts";

/** Either end of a line between two threads: a `MessagePort`, or a `Worker` itself. */
export interface Line {
  postMessage(message: unknown): void;
}

/** The engine, seen from another thread: turns calls into messages to it, and its messages into replies. */
export class EngineClient {
  readonly #line: Line;
  readonly #bootId: string;
  readonly #now: () => number;
  readonly #asked = new Map<number, (reply: Reply) => void>();
  readonly #connections = new Map<number, Connection>();
  /** Requests that wait to go over. */
  #requests: Asked[] = [];
  /** Requests that went over and are not answered. */
  #away = 0;
  #count = 0;
  #isClosed = false;

  constructor(line: Line, { bootId, time }: EngineKnown) {
    this.#line = line;
    this.#bootId = bootId;
    this.#now = readTime(time);
  }

  /** The SDK's `Network` in this thread; `start()` begins deliveries. */
  network(options: NetworkOptions): EngineNetwork {
    if (this.#isClosed) throw new ServiceError("ENGINE_UNAVAILABLE", "The engine is closed");
    const messenger = { connect: (connection: Connection) => this.#connect(connection) };
    const send = (request: unknown) => this.#send(request);
    return createNetwork({ bootId: this.#bootId, messenger, now: this.#now, send }, options);
  }

  /** What the engine's thread says on this line. */
  hear(news: PortNews): void {
    if (news.kind === "tell") return this.#hearTold(JSON.parse(news.told) as Told);
    this.#connections.get(news.connection)?.replaced();
    this.#connections.delete(news.connection);
  }

  /** Sends what waits, and refuses what comes from now on. */
  close(): void {
    this.#isClosed = true;
    this.#sendRequests();
  }

  #hearTold({ replies, messages }: Told): void {
    for (const [n, result] of replies) {
      this.#asked.get(n)?.(result);
      this.#asked.delete(n);
    }
    this.#away -= replies.length;
    if (this.#requests.length > 0) setImmediate(this.#sendInTurn);
    for (const [connection, message] of messages) this.#connections.get(connection)?.deliver(message);
  }

  #send(request: unknown): Promise<Reply> {
    if (this.#isClosed)
      return Promise.resolve(reply(parseEnvelope(request), refuse(503, "The engine is closed")));
    return new Promise((resolve) => {
      const n = (this.#count += 1);
      this.#asked.set(n, resolve);
      this.#requests.push([n, request]);
      if (this.#requests.length === 1) setImmediate(this.#sendInTurn);
    });
  }

  // Each trip wakes the thread, and ends in a write to disk. So what is asked in one turn of the event loop goes together,
  // and what is asked while the thread is at work shares the next trip.
  readonly #sendInTurn = (): void => {
    if (this.#away === 0) this.#sendRequests();
  };

  #sendRequests(): void {
    if (this.#requests.length === 0) return;
    this.#away += this.#requests.length;
    for (const piece of inPieces(this.#requests, halvesOf)) this.#order({ kind: "ask", requests: piece });
    this.#requests = [];
  }

  #connect(connection: Connection): () => void {
    const name = (this.#count += 1);
    this.#connections.set(name, connection);
    this.#order({ kind: "connect", connection: name, group: connection.group, pid: connection.pid });
    return () => {
      if (this.#connections.delete(name)) this.#order({ kind: "disconnect", connection: name });
    };
  }

  #order(what: PortOrder): void {
    this.#line.postMessage(what);
  }
}
