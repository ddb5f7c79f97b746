import { Trouble } from "../../lib/trouble.ts";
import type { Request } from "../../protocol/requests.ts";
import { type EngineResponse, refuse } from "../decide/response.ts";
import type { EngineLog } from "../log.ts";
import type { Debts } from "./debts.ts";
import type { Arrived, Decider } from "./decider.ts";
import type { Publisher } from "./publisher.ts";
import type { Sweeper } from "./sweeper.ts";
import type { Transactions, Write } from "./transactions.ts";

interface Waiting extends Arrived {
  readonly respond: (response: EngineResponse) => void;
}

/** Maximum queue. Requests beyond it would wait longer than their senders do. */
const QUEUE_MAX = 20_000;
/** Maximum requests in one transaction. More would gain nothing and block the event loop. */
const REQUESTS_MAX = 512;

export interface BatchParts {
  readonly decider: Decider;
  readonly transactions: Transactions;
  readonly sweeper: Sweeper;
  readonly debts: Debts;
  readonly publisher: Publisher;
  readonly log: EngineLog;
  readonly stats: { requests: number; readonly commits: number };
}

/**
 * Collects the requests of one turn of the event loop, decides and commits them together, and then answers all of them.
 * So no reply contains anything that is not on disk. This includes replies to reads, which may have read what an
 * earlier request of the turn wrote. If the turn fails, none of its changes are kept and its requests are refused, except
 * for reads.
 */
export class Batch {
  readonly #decider: Decider;
  readonly #transactions: Transactions;
  readonly #sweeper: Sweeper;
  readonly #debts: Debts;
  readonly #publisher: Publisher;
  readonly #stats: BatchParts["stats"];
  readonly #trouble: Trouble;
  #commitsAtFailure = 0;
  #queue: Waiting[] = [];
  #turn: NodeJS.Immediate | undefined;
  #isClosed = false;

  constructor({ decider, transactions, sweeper, debts, publisher, log, stats }: BatchParts) {
    this.#decider = decider;
    this.#transactions = transactions;
    this.#sweeper = sweeper;
    this.#debts = debts;
    this.#publisher = publisher;
    this.#stats = stats;
    this.#trouble = new Trouble({
      begins: (message, err) => log.error({ err }, message),
      ends: (seconds) => log.warn({ seconds }, "Commits work again"),
    });
  }

  /** Requests that wait for their turn. */
  get queued(): number {
    return this.#queue.length;
  }

  add(request: Request, arrival: Omit<Arrived, "request">): Promise<EngineResponse> {
    if (this.#isClosed) return Promise.resolve(refuse(503, "The engine is closed"));
    if (this.#queue.length >= QUEUE_MAX) {
      return Promise.resolve(refuse(503, `The engine is busy: ${QUEUE_MAX} requests are waiting`));
    }
    return new Promise((respond) => {
      this.#queue.push({ ...arrival, request, respond });
      this.schedule();
    });
  }

  /** Schedules a turn, even if only for the clock. */
  schedule(): void {
    if (this.#isClosed) return;
    this.#turn ??= setImmediate(() => {
      this.#turn = undefined;
      this.#takeTurn();
      if (this.#queue.length > 0 || this.#sweeper.hasRung) this.schedule();
    });
  }

  /** Answers the queue, then stops. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    clearImmediate(this.#turn);
    this.#sweeper.stop();
    this.#debts.close();
    while (this.#queue.length > 0) this.#takeTurn();
    this.#sweeper.stop();
    if (!this.#debts.isEmpty) this.#attempt(() => undefined);
  }

  #takeTurn(): void {
    const requests = this.#queue.splice(0, REQUESTS_MAX);
    this.#stats.requests += requests.length;
    const failed = this.#answer(requests);
    if (failed.length === 0) return;
    // A read does not fail for the changes beside it: it is tried again without them.
    const reads = failed.filter(isRead);
    for (const { respond } of [...failed.filter((waiting) => !isRead(waiting)), ...this.#answer(reads)]) {
      respond(NOT_WRITTEN);
    }
  }

  /** Decides, commits and answers these requests together. Returns those that it could not answer: all or none. */
  #answer(requests: readonly Waiting[]): readonly Waiting[] {
    const responses: EngineResponse[] = [];
    if (!this.#attempt((write) => this.#decider.decide(requests, write, responses))) return requests;
    for (const [at, { respond }] of requests.entries()) {
      respond(responses[at] ?? refuse(500, "The engine failed: see its log"));
    }
    return [];
  }

  /** Returns false for a failure. Failures for one reason are logged once, until something was committed again. */
  #attempt(work: (write: Write) => void): boolean {
    try {
      this.#transactions.run(work);
      if (this.#stats.commits > this.#commitsAtFailure) this.#trouble.note(undefined);
      return true;
    } catch (cause) {
      this.#commitsAtFailure = this.#stats.commits;
      const kind = cause instanceof Error ? cause.message : String(cause);
      this.#trouble.note({ kind, why: "Commit failed: none of its changes were kept", cause });
      this.#publisher.doubt();
      this.#sweeper.putOff();
      return false;
    }
  }
}

const NOT_WRITTEN = refuse(503, "The engine cannot write to its disk now: nothing was changed");

/** Requests that change nothing by themselves. */
const READS: ReadonlySet<Request["kind"]> = new Set([
  "promise.get",
  "promise.search",
  "task.get",
  "task.search",
  "schedule.get",
  "schedule.search",
  "projection.read",
  "trail.read",
]);

function isRead({ request }: Waiting): boolean {
  return READS.has(request.kind);
}
