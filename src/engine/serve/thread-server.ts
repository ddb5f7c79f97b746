import type { Engine } from "../engine.ts";
import type { Line } from "./thread-client.ts";
import { type Asked, halvesOf, inPieces, type PortNews, type PortOrder, type Told } from "./thread-port.ts";

/** Serves one other thread, at the engine's end of the line. */
export class ThreadServer {
  readonly #engine: Engine;
  readonly #line: Line;
  /** How to end the deliveries of each connection. */
  readonly #disconnects = new Map<number, () => void>();
  #told: Told = { replies: [], messages: [] };
  #isTelling = false;

  constructor(engine: Engine, line: Line) {
    this.#engine = engine;
    this.#line = line;
  }

  /** What the other thread asks on this line. */
  hear(order: PortOrder): void {
    switch (order.kind) {
      case "ask":
        for (const [n, request] of JSON.parse(order.requests) as Asked[]) {
          void this.#engine.local.send(request).then((reply) => {
            this.#told.replies.push([n, reply]);
            this.#tellSoon();
          });
        }
        return;
      case "connect":
        this.#connect(order);
        return;
      case "disconnect":
        this.#disconnects.get(order.connection)?.();
        this.#disconnects.delete(order.connection);
        return;
    }
  }

  /** The other thread is gone: nothing more is delivered to it. */
  leave(): void {
    for (const disconnect of this.#disconnects.values()) disconnect();
    this.#disconnects.clear();
  }

  /** All that one commit brings about leaves in one piece: its replies, and its messages, which are handed out a turn later. */
  #tellSoon(): void {
    if (this.#isTelling) return;
    this.#isTelling = true;
    setImmediate(() => this.tellNow());
  }

  tellNow(): void {
    if (!this.#isTelling) return;
    this.#isTelling = false;
    for (const piece of inPieces(this.#told, halvesOfTold)) this.#tell({ kind: "tell", told: piece });
    this.#told = { replies: [], messages: [] };
  }

  #connect({ connection, group, pid }: Extract<PortOrder, { kind: "connect" }>): void {
    const disconnect = this.#engine.local.messenger.connect({
      group,
      pid,
      deliver: (message) => {
        this.#told.messages.push([connection, message]);
        this.#tellSoon();
        return true;
      },
      replaced: () => {
        this.#disconnects.delete(connection);
        this.#tell({ kind: "replaced", connection });
      },
    });
    this.#disconnects.set(connection, disconnect);
  }

  #tell(news: PortNews): void {
    this.#line.postMessage(news);
  }
}

/** Replies first, as in one piece. */
function halvesOfTold({ replies, messages }: Told): Told[] {
  if (replies.length > 1) {
    const [first = [], ...rest] = halvesOf(replies);
    return [{ replies: first, messages: [] }, ...rest.map((half) => ({ replies: half, messages }))];
  }
  const halves = halvesOf(messages).map((half) => ({ replies: [], messages: half }));
  return replies.length === 0 ? halves : [{ replies, messages: [] }, ...halves];
}
