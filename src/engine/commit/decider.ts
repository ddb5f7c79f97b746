import type { Request } from "../../protocol/requests.ts";
import { apply } from "../decide/apply.ts";
import { type EngineResponse, ok, refuse } from "../decide/response.ts";
import type { View } from "../decide/state.ts";
import type { EngineLog } from "../log.ts";
import type { Projector } from "../store/projector.ts";
import type { TrailKeeper } from "../store/trail-keeper.ts";
import type { DebugControls } from "./debug.ts";
import type { SteadyClock } from "./steady-clock.ts";
import type { Sweeper } from "./sweeper.ts";
import type { Write } from "./transactions.ts";

/** A request, and how it arrived. */
export interface Arrived {
  readonly request: Request;
  /** Through the network of this process. */
  readonly local: boolean;
  /** The request's own time, if it has one. Only an engine with `debug` uses it. */
  readonly debugTime?: number | undefined;
}

export interface DeciderParts {
  readonly view: View;
  readonly clock: SteadyClock;
  readonly sweeper: Sweeper;
  readonly debug: DebugControls | undefined;
  readonly projector: Pick<Projector, "read"> | undefined;
  readonly trail: Pick<TrailKeeper, "read"> | undefined;
  readonly log: EngineLog;
}

/**
 * Computes a turn: the changes of the clock and then of each request. The next request reads what the one before wrote.
 */
export class Decider {
  readonly #view: View;
  readonly #clock: SteadyClock;
  readonly #sweeper: Sweeper;
  readonly #debug: DebugControls | undefined;
  readonly #projector: DeciderParts["projector"];
  readonly #trail: DeciderParts["trail"];
  readonly #log: EngineLog;

  constructor({ view, clock, sweeper, debug, projector, trail, log }: DeciderParts) {
    this.#view = view;
    this.#clock = clock;
    this.#sweeper = sweeper;
    this.#debug = debug;
    this.#projector = projector;
    this.#trail = trail;
    this.#log = log;
  }

  /**
   * Appends the responses to `responses`, in the order of the requests.
   * @throws Error of SQLite, after which the changes of other requests may be lost, too
   */
  decide(requests: readonly Arrived[], write: Write, responses: EngineResponse[]): void {
    const now = this.#clock.read();
    // Overdue work comes first, so that each request sees the state at its own time.
    if (this.#sweeper.isDue(now)) this.#sweeper.sweep(write, now);
    for (const arrived of requests) responses.push(this.#respond(write, arrived));
  }

  /** One request of a turn. A bug in deciding it fails only this request. */
  #respond(write: Write, { request, local, debugTime }: Arrived): EngineResponse {
    let applied: ReturnType<typeof apply>;
    try {
      const debugged = this.#debug?.respond(request, debugTime, write);
      if (debugged !== undefined) return debugged;
      if (request.kind === "projection.read" && this.#projector !== undefined) {
        return ok(this.#projector.read(request.data.query));
      }
      if (request.kind === "trail.read" && this.#trail !== undefined) {
        return ok(this.#trail.read(request.data.query));
      }
      const now = this.#debug === undefined ? this.#clock.read() : (debugTime ?? this.#clock.read());
      applied = apply(this.#view, request, { now, local });
    } catch (error) {
      if (isFaultOfDatabase(error)) throw error;
      this.#log.error({ err: error, kind: request.kind }, "Request failed");
      return refuse(500, "The engine failed: see its log");
    }
    write(applied);
    return applied.response;
  }
}

/** After such an error, the changes of other requests may be lost, too. */
function isFaultOfDatabase(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ERR_SQLITE_ERROR";
}
