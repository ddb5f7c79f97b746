import type { Network, Request, Response } from "@resonatehq/sdk";
import type { EngineNetwork } from "../../src/engine/deliver/network.ts";

/** Turns of the event loop in which nothing happens until it is quiet: the engine commits once in a turn. */
const QUIET_TURNS = 6;

/** A worker's network that knows whether the worker is at work. */
export class WatchedNetwork {
  readonly network: Network;
  readonly #tasks = new Set<string>();
  #requests = 0;
  #happened = 0;

  constructor(inner: EngineNetwork) {
    this.network = {
      ...inner,
      // The SDK takes `send` off the object. A reply is shaped by the request's kind, which no type can follow here.
      send: ((request: Request) => this.#send(inner, request)) as Network["send"],
    };
  }

  /** Answers when the worker rests: no step runs, and nothing has happened for some turns. `check` may throw. */
  async quiet(check: () => void): Promise<void> {
    for (let turns = 0; turns < QUIET_TURNS; turns += 1) {
      const before = this.#happened;
      await new Promise((resolve) => setImmediate(resolve));
      check();
      if (this.#requests > 0 || this.#tasks.size > 0 || before !== this.#happened) turns = -1;
    }
  }

  async #send(inner: EngineNetwork, request: Request): Promise<Response> {
    this.#requests += 1;
    this.#happened += 1;
    try {
      const response = await inner.send(request);
      if (response.head.status === 200) this.#note(request);
      return response;
    } finally {
      this.#requests -= 1;
    }
  }

  #note(request: Request): void {
    switch (request.kind) {
      case "task.acquire":
        this.#tasks.add(request.data.id);
        break;
      case "task.suspend":
      case "task.release":
      case "task.fulfill":
        this.#tasks.delete(request.data.id);
        break;
      default:
    }
  }
}
