import type { Request } from "../../protocol/requests.ts";
import { type EngineResponse, ok, refuse } from "../decide/response.ts";
import type { Transition } from "../decide/state.ts";
import { sweep } from "../decide/sweep.ts";
import type { Store } from "../store/store.ts";

/** Deadlines of one round of a tick; there are as many rounds as it takes. */
const DUE_MAX = 512;

/**
 * Debug requests for tests: stop the clock, advance it, read everything, reset. Other requests then carry their own
 * time.
 */
export class DebugControls {
  readonly #store: Store;
  /** The clock is stopped. */
  isPaused = false;

  constructor(store: Store) {
    this.#store = store;
  }

  /** Undefined for requests that are not of the kind `debug.*`. */
  respond(
    request: Request,
    debugTime: number | undefined,
    write: (transition: Transition) => void,
  ): EngineResponse | undefined {
    switch (request.kind) {
      case "debug.start":
      case "debug.stop":
        this.isPaused = request.kind === "debug.start";
        return ok({});
      case "debug.reset":
        write({ changes: [{ kind: "reset" }], messages: [] });
        return ok({});
      case "debug.snap":
        return ok(this.#store.snapshot());
      case "debug.tick": {
        const { time } = request.data;
        if (debugTime !== undefined && debugTime !== time) {
          return refuse(400, 'data.time must be that of head["resonate:debug_time"]');
        }
        this.#tick(time, write);
        return ok([]);
      }
      default:
        return undefined;
    }
  }

  #tick(now: number, write: (transition: Transition) => void): void {
    for (let isAgain = true; isAgain; ) {
      isAgain = false;
      for (const part of sweep(this.#store, now, DUE_MAX, () => true)) {
        write(part);
        isAgain ||= part.changes.length > 0;
      }
    }
  }
}
