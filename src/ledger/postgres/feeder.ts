/**
 * Feeds the index with what this process changes.
 *
 * F1 Before a request that may change an approval, a mark is stored; after it, the approval is read and its row written.
 *    That write deletes the marks whose requests had all ended before the reading began. So a process can die at any
 *    moment: what it changed without writing has a mark, and another process reads it again (`upkeep.ts`).
 * F2 People come first: if PostgreSQL is away, requests go on without marks. What they change is remembered here, and written
 *    when it is back. If the process dies before, the sweep finds it (`sweep.ts`).
 * F3 Requests for one approval share a mark while it is young. So no mark is needed for longer than `MARK_NEEDED_MS`.
 */
import { setTimeout } from "node:timers/promises";
import { ServiceError } from "../../lib/errors.ts";
import { type FeedParts, feed } from "./feed.ts";
import { MarkQueue } from "./mark-queue.ts";
import { MARK_YOUNG_MS, storeMarks } from "./marks.ts";

export interface FeederOptions extends FeedParts {
  /** Of this process, and of no other. */
  readonly name: string;
  /** Called before statements. Throws while the tables cannot be used. */
  readonly ready: () => Promise<void>;
}

/** What one process remembers while PostgreSQL is away. Beyond it, everything is compared when it is back. */
const REMEMBERED_MAX = 50_000;
const BATCH = 32;
/** Several changes of one approval often come together, such as the steps of its workflow. */
const GATHER_MS = 15;
const RETRY_MS = { first: 200, longest: 5_000 } as const;
/** How long a request waits for its mark. */
const MARK_WAIT_MS = 1_000;

interface StoredMark {
  readonly token: string;
  readonly storedAtMs: number;
  /** Requests under way that it stands for. */
  open: number;
  /** Whether a write was to delete it. It may be gone, so no other request can rely on it. */
  wasTaken: boolean;
}

interface Subject {
  /** Whether it may have changed since its last reading began. */
  isChanged: boolean;
  readonly marks: Set<StoredMark>;
}

export class Feeder {
  readonly #options: FeederOptions;
  readonly #subjects = new Map<string, Subject>();
  /** Changed, and not written yet. */
  readonly #unwritten = new Set<string>();
  readonly #marking: MarkQueue;
  readonly #stopping = new AbortController();
  #tokens = 0;
  #running: Promise<void> | undefined;
  #round = Promise.withResolvers<void>();
  #isAway = false;
  #hasForgotten = false;

  constructor(options: FeederOptions) {
    this.#options = options;
    this.#marking = new MarkQueue(async (marks) => {
      await options.ready();
      await storeMarks(options.database, marks);
    });
  }

  /**
   * Runs a request that may change these approvals.
   *
   * @param changed which approvals it has changed, by what it answered
   */
  async act<T>(
    subjects: readonly string[],
    request: () => Promise<T>,
    changed: (answer: T) => readonly string[],
  ): Promise<T> {
    const marks = await Promise.all(subjects.map((id) => this.#mark(id)));
    // A request that fails may have changed all of them.
    let after = subjects;
    try {
      const answer = await request();
      after = changed(answer);
      return answer;
    } finally {
      for (const mark of marks) if (mark !== undefined) mark.open -= 1;
      for (const id of after) this.#change(id);
      this.#wake();
    }
  }

  /** Somebody else may have changed it. */
  touch(id: string): void {
    this.#change(id);
    this.#wake();
  }

  /** PostgreSQL answers: marks are stored again. */
  isBack(): void {
    this.#isAway = false;
    this.#options.log.isWell();
  }

  /** PostgreSQL does not answer, or refuses what this program asks of it. */
  isAway(error: unknown): void {
    this.#isAway = true;
    this.#options.log.isAway(error);
  }

  /** Says it once if so much changed while PostgreSQL was away that some was forgotten; again, if `say` fails. */
  async sayForgotten(say: () => Promise<void>): Promise<void> {
    if (!this.#hasForgotten) return;
    this.#hasForgotten = false;
    try {
      await say();
    } catch (error) {
      this.#hasForgotten = true;
      throw error;
    }
  }

  /** Waits until what has changed by now is written, at most for `ms`, and not while PostgreSQL is away. */
  async settled(ms: number): Promise<void> {
    const ids = [...this.#unwritten];
    const until = performance.now() + ms;
    while (!this.#isAway && ids.some((id) => this.#unwritten.has(id))) {
      const leftMs = until - performance.now();
      if (leftMs <= 0) return;
      await Promise.race([this.#round.promise, pause(leftMs)]);
    }
  }

  /** Writes what is left, at most for `ms`. */
  async stop(ms: number): Promise<void> {
    const late = AbortSignal.timeout(ms);
    while (this.#running !== undefined && !this.#isAway && !late.aborted) {
      await Promise.race([this.#running, pause(100)]);
    }
    this.#stopping.abort();
    await this.#running;
  }

  /** Undefined: the request goes on without one (F2). */
  async #mark(id: string): Promise<StoredMark | undefined> {
    for (const mark of this.#subjects.get(id)?.marks ?? []) {
      if (mark.wasTaken || performance.now() - mark.storedAtMs > MARK_YOUNG_MS) continue;
      mark.open += 1;
      return mark;
    }
    if (this.#isAway || this.#stopping.signal.aborted) return undefined;
    this.#tokens += 1;
    const token = `${this.#options.name}.${this.#tokens}`;
    const mark = { token, storedAtMs: performance.now(), open: 1, wasTaken: false };
    const stored = this.#marking.store({ subject: id, token: mark.token }).then(
      () => {
        this.#subject(id)?.marks.add(mark);
        // Nobody waited for it: it has nothing to stand for.
        if (mark.open === 0) this.#wake();
        return true;
      },
      (error: unknown) => {
        this.isAway(error);
        return false;
      },
    );
    const isStored = await Promise.race([stored, pause(MARK_WAIT_MS)]);
    if (isStored === true) return mark;
    mark.open -= 1;
    if (isStored === undefined) this.isAway(new Error("PostgreSQL does not answer"));
    return undefined;
  }

  #change(id: string): void {
    const subject = this.#subject(id);
    if (subject === undefined) return;
    subject.isChanged = true;
    this.#unwritten.add(id);
  }

  #subject(id: string): Subject | undefined {
    const known = this.#subjects.get(id);
    if (known !== undefined) return known;
    if (this.#subjects.size >= REMEMBERED_MAX) {
      this.#hasForgotten = true;
      return undefined;
    }
    const made: Subject = { isChanged: false, marks: new Set() };
    this.#subjects.set(id, made);
    return made;
  }

  #wake(): void {
    if (this.#stopping.signal.aborted || this.#running !== undefined) return;
    this.#running = this.#run().finally(() => {
      this.#running = undefined;
    });
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    let delayMs = 0;
    await pause(GATHER_MS, signal);
    for (let ids = this.#next(); ids.length > 0 && !signal.aborted; ids = this.#next()) {
      try {
        await this.#feed(ids);
        delayMs = 0;
      } catch (error) {
        // Of an engine that is away, its own callers hear.
        if (!(error instanceof ServiceError)) this.isAway(error);
        delayMs = Math.min(Math.max(RETRY_MS.first, delayMs * 2), RETRY_MS.longest);
      }
      this.#round.resolve();
      this.#round = Promise.withResolvers<void>();
      if (delayMs > 0) await pause(delayMs, signal);
    }
  }

  /** Those with something to write; forgets those with nothing left. */
  #next(): string[] {
    const ids: string[] = [];
    for (const [id, { isChanged, marks }] of this.#subjects) {
      if (isChanged || [...marks].some(({ open }) => open === 0)) ids.push(id);
      else if (marks.size === 0) this.#subjects.delete(id);
      if (ids.length === BATCH) break;
    }
    return ids;
  }

  async #feed(ids: readonly string[]): Promise<void> {
    const taken = ids.map((id) => this.#take(id));
    try {
      await this.#options.ready();
      const changed = taken.filter(({ wasChanged }) => wasChanged).map(({ id }) => id);
      const marks = taken.flatMap(({ id, marks }) => marks.map(({ token }) => ({ subject: id, token })));
      await feed(this.#options, changed, marks);
    } catch (error) {
      for (const { id, subject, wasChanged, marks } of taken) {
        if (wasChanged) this.#change(id);
        for (const mark of marks) subject.marks.add(mark);
      }
      throw error;
    }
    for (const { id, subject } of taken) if (!subject.isChanged) this.#unwritten.delete(id);
    this.isBack();
  }

  /**
   * What there is of it before the reading begins: requests that end later keep their marks, and change it again. No request
   * finds the marks that are taken: they are deleted, whatever it changes.
   */
  #take(id: string) {
    const subject = this.#subject(id) ?? { isChanged: true, marks: new Set<StoredMark>() };
    const wasChanged = subject.isChanged;
    subject.isChanged = false;
    const marks = [...subject.marks].filter(({ open }) => open === 0);
    for (const mark of marks) {
      mark.wasTaken = true;
      subject.marks.delete(mark);
    }
    return { id, subject, wasChanged, marks };
  }
}

/** Keeps no process alive. */
async function pause(ms: number, signal?: AbortSignal): Promise<void> {
  const options = signal === undefined ? { ref: false } : { ref: false, signal };
  await setTimeout(ms, undefined, options).catch(() => {});
}
