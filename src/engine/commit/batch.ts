import type { Request } from "../../protocol/requests.ts";
import { isExternal } from "../../protocol/tags.ts";
import type { Clock } from "../clock.ts";
import { type Answer, refuse } from "../decide/answer.ts";
import { apply } from "../decide/apply.ts";
import type { HeadPlace } from "../decide/collect.ts";
import { type Collection, collect, FROM_START } from "../decide/collect.ts";
import { SETBACKS_MAX } from "../decide/setback.ts";
import type { Change, Transition } from "../decide/state.ts";
import { releaseDead, sweep } from "../decide/sweep.ts";
import type { Delivery } from "../deliver/delivery.ts";
import type { EngineLog } from "../log.ts";
import type { Owed } from "../store/owed-messages.ts";
import type { Store } from "../store/store.ts";
import { Alarm } from "./alarm.ts";
import { DebugControls } from "./debug.ts";

export interface BatchOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: EngineLog;
  readonly delivery: Pick<Delivery, "send" | "taskChanged" | "isReachable" | "handOutAnew" | "reset">;
  /** Whether `debug.*` requests are served. */
  readonly debug?: boolean;
}

/** How a request arrived. */
export interface Arrival {
  /** Through the network of this process. */
  readonly local: boolean;
  /** When it is to be judged, if it says so; only a debugged engine listens. */
  readonly debugTime?: number | undefined;
}

interface Waiting extends Arrival {
  readonly request: Request;
  readonly answer: (answer: Answer) => void;
}

/** Requests that wait at once; more would wait longer than their senders do. */
const QUEUE_MAX = 20_000;
/** Requests in one transaction: more gain nothing from sharing it and hold up the event loop. */
const REQUESTS_MAX = 512;
/** Deadlines in one transaction, for the same reason. */
const DUE_MAX = 512;
/** Promises deleted in one transaction: some milliseconds of work. */
const COLLECT_MAX = 256;
/** Debts are struck out together with the next change, or at last after this time. */
const DEBTS_MS = 1000;
/** A worker that was away longer asks anew by itself. */
const DEBT_LIFE_MS = 3_600_000;
const DEBT_CHECK_MS = 600_000;
/** How long the database may lack what the journal has. All that comes meanwhile shares one commit of the database. */
const CHECKPOINT_MS = 100;
/** With so many bytes in the journal a checkpoint comes first: an engine that starts reads it as a whole. */
const JOURNAL_BYTES_MAX = 4 * 1024 * 1024;
/** When a transaction of the clock failed, or a checkpoint, it is tried again after this time. */
const RETRY_MS = 1000;

/**
 * Group commit. What arrives in one turn of the event loop is decided one after the other and written in one
 * transaction; then all of it is answered, and its messages leave. A reply therefore never speaks of what is not on
 * disk, not even a reply that only read: it may have read what the request before it wrote.
 * If the transaction fails, nothing of it is kept and all its requests are refused.
 */
export class Batch {
  readonly stats = { requests: 0, commits: 0 };
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #log: EngineLog;
  readonly #delivery: BatchOptions["delivery"];
  readonly #alarm: Alarm;
  readonly #debug: DebugControls | undefined;
  #queue: Waiting[] = [];
  #debts: Owed[] = [];
  #debtsDueAt = 0;
  #turn: NodeJS.Immediate | undefined;
  #checkpoint: NodeJS.Timeout | undefined;
  #now = 0;
  #isSweepDue = false;
  /** The last transaction or checkpoint failed: what was handed out since may be of the past. */
  #isFailing = false;
  #debtsCheckedAt = 0;
  #isClosed = false;

  constructor({ store, clock, log, delivery, debug = false }: BatchOptions) {
    this.#store = store;
    this.#clock = clock;
    this.#log = log;
    this.#delivery = delivery;
    this.#debug = debug ? new DebugControls(store) : undefined;
    this.#alarm = new Alarm(clock, () => {
      this.#isSweepDue = true;
      this.#schedule();
    });
    this.#alarm.noLaterThan(store.agenda.nextDueAt() ?? clock.now());
    if (store.journalBytes > 0) this.#checkpointIn(0);
  }

  add(request: Request, arrival: Arrival): Promise<Answer> {
    if (this.#isClosed) return Promise.resolve(refuse(503, "The engine is closed"));
    if (this.#queue.length >= QUEUE_MAX) {
      return Promise.resolve(refuse(503, `The engine is busy: ${QUEUE_MAX} requests are waiting`));
    }
    return new Promise((answer) => {
      this.#queue.push({ ...arrival, request, answer });
      this.#schedule();
    });
  }

  /** A message was handed over; that is written down in passing, since telling somebody twice does no harm. */
  pay(debt: Owed): void {
    if (this.#debts.length === 0) this.#debtsDueAt = this.#clock.now() + DEBTS_MS;
    this.#debts.push(debt);
    this.#alarm.noLaterThan(this.#debtsDueAt);
  }

  /** Frees what the workers of an earlier process held: they are as dead as it is, however long their leases last. */
  releaseDeadLeases(): void {
    const ids = this.#store.agenda.localLeases();
    for (let at = 0; at < ids.length; at += DUE_MAX) {
      this.#transaction((write) => {
        write(releaseDead(this.#store.view, ids.slice(at, at + DUE_MAX), this.#readClock()));
      });
    }
  }

  /**
   * Deletes some of the trees that ended before `before`, from a place on; answers how many promises that were and
   * where to go on. Throws when nothing can be written.
   */
  collect(before: number, from: HeadPlace = FROM_START): { promises: number; next: HeadPlace | undefined } {
    if (this.#isClosed) return { promises: 0, next: undefined };
    let collected: Collection = { changes: [], next: undefined };
    this.#transaction((write) => {
      collected = collect(this.#store.trees, before, from, COLLECT_MAX);
      write({ changes: collected.changes, messages: [] });
    });
    return { promises: collected.changes.length, next: collected.next };
  }

  /** Answers what is waiting, then nothing more. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    clearImmediate(this.#turn);
    this.#alarm.stop();
    while (this.#queue.length > 0) this.#answerQueue();
    this.#alarm.stop();
    if (this.#debts.length > 0) this.#attempt(() => undefined);
    clearTimeout(this.#checkpoint);
    this.#saveJournal();
    clearTimeout(this.#checkpoint);
  }

  #schedule(): void {
    if (this.#isClosed) return;
    this.#turn ??= setImmediate(() => {
      this.#turn = undefined;
      this.#answerQueue();
      if (this.#queue.length > 0 || this.#isSweepDue) this.#schedule();
    });
  }

  #answerQueue(): void {
    const requests = this.#queue.splice(0, REQUESTS_MAX);
    const answers: Answer[] = [];
    const failure = this.#attempt((write) => {
      const now = this.#readClock();
      // What is due comes first, so that a request finds the world as its time says it is.
      if (this.#isSweepDue || this.#alarm.isDue(now)) this.#sweep(write, now);
      for (const waiting of requests) answers.push(this.#answer(write, waiting));
    });
    this.stats.requests += requests.length;
    for (const [at, { answer }] of requests.entries()) {
      answer(failure ?? answers[at] ?? refuse(500, "The engine failed: see its log"));
    }
  }

  /** One request of a transaction. A fault of ours in deciding it is its own problem, not that of its neighbours. */
  #answer(write: (transition: Transition) => void, { request, local, debugTime }: Waiting): Answer {
    let applied: ReturnType<typeof apply>;
    try {
      const debugged = this.#debug?.answer(request, debugTime, write);
      if (debugged !== undefined) return debugged;
      const now = this.#debug === undefined ? this.#readClock() : (debugTime ?? this.#readClock());
      applied = apply(this.#store.view, request, { now, local });
    } catch (error) {
      if (isFaultOfDatabase(error)) throw error;
      this.#log.error({ err: error, kind: request.kind }, "Request failed");
      return refuse(500, "The engine failed: see its log");
    }
    write(applied);
    return applied.answer;
  }

  /** Settles and hands out what is due, as much as fits one transaction. */
  #sweep(write: (transition: Transition) => void, now: number): void {
    if (this.#debug?.isPaused === true) {
      this.#isSweepDue = false;
      return this.#alarm.setTo(undefined);
    }
    const parts = sweep(this.#store, now, DUE_MAX, (address) => this.#delivery.isReachable(address));
    for (const part of parts) write(part);
    this.#isSweepDue = false;
    if (now >= this.#debtsCheckedAt + DEBT_CHECK_MS) {
      this.#debtsCheckedAt = now;
      this.#store.owed.dropBefore(now - DEBT_LIFE_MS);
    }
    // With more left than fits, this is in the past, and the alarm rings at once.
    this.#alarm.setTo(this.#store.agenda.nextDueAt());
    if (this.#debts.length > 0) this.#alarm.noLaterThan(this.#debtsDueAt);
  }

  /** Like `#transaction`, but answers a failure instead of throwing it. */
  #attempt(run: (write: (transition: Transition) => void) => void): Answer | undefined {
    try {
      this.#transaction(run);
      return undefined;
    } catch (error) {
      this.#log.error({ err: error }, "Commit failed: nothing of it was kept");
      this.#isSweepDue = false;
      this.#isFailing = true;
      this.#alarm.setTo(this.#clock.now() + RETRY_MS);
      return refuse(503, "The engine cannot write to its disk now: nothing was changed");
    }
  }

  /** Writes what `run` brings about as one, and sends the messages when it is on disk. No change, no transaction. */
  #transaction(run: (write: (transition: Transition) => void) => void): void {
    const written: Transition[] = [];
    let isOpen = false;
    const write = (transition: Transition): void => {
      if (transition.changes.length > 0 && !isOpen) {
        if (this.#store.journalBytes > JOURNAL_BYTES_MAX) this.#store.checkpoint();
        this.#store.begin();
        isOpen = true;
      }
      this.#store.write(transition.changes);
      written.push(transition);
    };
    const debts = this.#debts;
    try {
      this.#store.catchUp();
      run(write);
      const areDebtsDue = debts.length > 0 && (isOpen || this.#isClosed || this.#now >= this.#debtsDueAt);
      if (areDebtsDue) {
        if (!isOpen) this.#store.begin();
        isOpen = true;
        this.#store.owed.settle(debts);
      }
      if (!isOpen) return;
      this.#store.commit();
      if (areDebtsDue) this.#debts = [];
    } catch (error) {
      // Even of a query that failed SQLite may have rolled back all since the last checkpoint.
      this.#store.rollback();
      throw error;
    }
    this.stats.commits += 1;
    this.#checkpointIn(CHECKPOINT_MS);
    for (const { changes, messages } of written) {
      for (const change of changes) this.#publish(change);
      this.#delivery.send(messages);
    }
    if (!this.#isFailing) return;
    this.#isFailing = false;
    this.#delivery.handOutAnew();
  }

  #checkpointIn(ms: number): void {
    this.#checkpoint ??= setTimeout(() => {
      this.#checkpoint = undefined;
      this.#saveJournal();
    }, ms);
  }

  #saveJournal(): void {
    try {
      this.#store.checkpoint();
    } catch (error) {
      this.#log.error({ err: error }, "Checkpoint failed: the journal has what is not in the database");
      this.#isFailing = true;
      this.#checkpointIn(RETRY_MS);
    }
  }

  /** Tells the alarm and delivery of what is on disk now. */
  #publish(change: Change): void {
    if (change.kind === "promise.insert") {
      const { state, tags, timeoutAt } = change.row;
      if (state === "pending" && isExternal(tags)) this.#alarm.noLaterThan(timeoutAt);
    } else if (change.kind === "reset") {
      this.#delivery.reset();
    } else if (change.kind === "schedule.put") {
      this.#alarm.noLaterThan(change.row.nextRunAt);
    } else if (change.kind === "task.insert" || change.kind === "task.update") {
      const { id, state, dueAt, version, setbacks, resumes } = change.row;
      if (dueAt !== null) this.#alarm.noLaterThan(dueAt);
      this.#delivery.taskChanged(change.row);
      // What happens to it afterwards wakes it, in vain: this is said once.
      if (state === "halted" && setbacks === SETBACKS_MAX && resumes === 0) {
        this.#log.error({ id, version }, "Workflow halted: no worker can go on with it");
      }
    }
  }

  /** Never goes back, whatever the machine's clock does. */
  #readClock(): number {
    this.#now = Math.max(this.#now, this.#clock.now());
    return this.#now;
  }
}

/** Then what others wrote may be gone, too. */
function isFaultOfDatabase(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ERR_SQLITE_ERROR";
}
