/**
 * The rules for people who are away, in memory. It reads what was written since it last looked: two requests for the
 * months that can still grow, at most every ten seconds, and none while nobody asks.
 */
import type { Away, AwayAt } from "../../approval/absence.ts";
import {
  type Absence,
  type AbsenceEntry,
  absenceEntryOf,
  absenceIn,
  entryId,
  entryName,
  monthsAt,
} from "../../approval/absence-entry.ts";
import { addressKey } from "../../approval/person.ts";
import type { StoredRecord } from "../../approval/stored.ts";
import { atMost } from "../../lib/at-most.ts";

/** How long others' changes may take to be seen. */
const FRESH_MS = 10_000;
/** Months that can still grow: writers' clocks may differ where one ends. */
const GROWING = 2;
/** Calls that a repetition is recognised by: of many in the growing months, the latest. */
export const CALLS_KEPT = 1_000;
/** Entries that are read at once. */
const READS_AT_ONCE = 16;

/** How long a writer waits for those before. */
const TURN_MS = 5_000;

/** Of the engine's promises; undefined if there is none of that id. */
type Read = (id: string) => Promise<Pick<StoredRecord, "tags" | "param"> | undefined>;

export interface AbsenceBook {
  /**
   * Who is away at that time, in milliseconds since 1970. Others' changes are known after at most ten seconds.
   * Throws if the engine does not answer.
   */
  awayAt(nowMs: number): Promise<AwayAt>;
  /** Everything that is written now. */
  read(nowMs: number): Promise<Written>;
  /**
   * Runs this after the writers of this process that came before: of writers who race, all but one have to try again. Who has
   * waited for five seconds races nevertheless.
   */
  inTurn<T>(write: () => Promise<T>): Promise<T>;
}

interface Noted {
  readonly name: string;
  readonly entry: AbsenceEntry;
}

export interface Written {
  /** Rules that hold or will, in the order in which they were made. */
  readonly rules: readonly Absence[];
  /** By the nonce of the call that wrote it: the latest calls of this month and the one before. */
  readonly byNonce: ReadonlyMap<string, Noted>;
  /** Name of the entry that comes next. */
  readonly next: string;
}

export function openAbsenceBook(read: Read, clock: () => number = () => performance.now()): AbsenceBook {
  return new Book(read, clock);
}

class Book implements AbsenceBook {
  readonly #read: Read;
  /** Monotonic, in milliseconds. */
  readonly #clock: () => number;
  /** By month, the number of the first entry that was not there yet. */
  readonly #nexts = new Map<string, number>();
  readonly #rules = new Map<string, Absence>();
  /** Rules that were not read yet when their removal was, where a month ends. */
  readonly #removed = new Set<string>();
  readonly #byPerson = new Map<string, Absence[]>();
  readonly #byNonce = new Map<string, Noted>();
  #readAtMs = Number.NEGATIVE_INFINITY;
  #reading: Promise<void> | undefined;
  /** The last of the writers who wait. */
  #writing: Promise<unknown> = Promise.resolve();

  constructor(read: Read, clock: () => number) {
    this.#read = read;
    this.#clock = clock;
  }

  async awayAt(nowMs: number): Promise<AwayAt> {
    if (this.#clock() - this.#readAtMs >= FRESH_MS) await this.#refreshed(nowMs);
    return (key) => awayBy(this.#byPerson.get(key), nowMs);
  }

  async read(nowMs: number): Promise<Written> {
    // What is under way may have begun before the last entry was written.
    await this.#reading;
    await this.#refreshed(nowMs);
    const month = monthsAt(nowMs).at(-1) ?? "";
    return {
      rules: [...this.#rules.values()].filter(({ untilMs }) => untilMs > nowMs),
      byNonce: this.#byNonce,
      next: entryName(month, this.#nexts.get(month) ?? 1),
    };
  }

  async inTurn<T>(write: () => Promise<T>): Promise<T> {
    const before = atMost(TURN_MS, this.#writing).catch(() => {});
    const turn = before.then(write);
    this.#writing = turn.catch(() => {});
    return await turn;
  }

  /** All who ask at once share one look. */
  async #refreshed(nowMs: number): Promise<void> {
    this.#reading ??= this.#refresh(nowMs).finally(() => {
      this.#reading = undefined;
    });
    await this.#reading;
  }

  async #refresh(nowMs: number): Promise<void> {
    const beganAtMs = this.#clock();
    const months = monthsAt(nowMs);
    const due = months.filter((month, i) => !this.#nexts.has(month) || i >= months.length - GROWING);
    const found = await Promise.all(due.map((month) => this.#newIn(month)));
    // In the order in which they were written: what is taken away was added before.
    for (const { month, n, record } of found.flat()) {
      this.#nexts.set(month, n + 1);
      const entry = record && absenceEntryOf(record);
      if (entry !== undefined) this.#note(entryName(month, n), entry);
    }
    for (const month of due) if (!this.#nexts.has(month)) this.#nexts.set(month, 1);
    for (const [id, rule] of this.#rules) if (rule.untilMs <= nowMs) this.#drop(id);
    this.#forget(months);
    this.#readAtMs = beganAtMs;
  }

  async #newIn(month: string) {
    const first = this.#nexts.get(month) ?? 1;
    const found: {
      readonly month: string;
      readonly n: number;
      readonly record: Awaited<ReturnType<Read>>;
    }[] = [];
    for (let n = first, count = 1; ; n += count, count = READS_AT_ONCE) {
      const numbers = Array.from({ length: count }, (_, i) => n + i);
      const records = await Promise.all(numbers.map((each) => this.#read(entryId(entryName(month, each)))));
      for (const [i, record] of records.entries()) {
        if (record === undefined) return found;
        found.push({ month, n: n + i, record });
      }
    }
  }

  /** Leaves what can still matter: rules that hold or will, and of the months that still grow the latest calls. */
  #forget(months: readonly string[]): void {
    const growing = new Set(months.slice(-GROWING));
    const isOld = (name: string) => !growing.has(name.split("-", 1)[0] ?? "");
    for (const month of this.#nexts.keys()) if (!months.includes(month)) this.#nexts.delete(month);
    for (const name of this.#removed) if (isOld(name)) this.#removed.delete(name);
    let surplus = this.#byNonce.size - CALLS_KEPT;
    for (const [nonce, { name }] of this.#byNonce) {
      if (surplus > 0 || isOld(name)) this.#byNonce.delete(nonce);
      surplus -= 1;
    }
  }

  #note(name: string, entry: AbsenceEntry): void {
    this.#byNonce.set(entry.act.nonce, { name, entry });
    if (entry.entry === "removed") {
      if (this.#rules.has(entry.rule)) this.#drop(entry.rule);
      else this.#removed.add(entry.rule);
      return;
    }
    if (this.#removed.delete(name)) return;
    const absence = absenceIn(name, entry);
    const key = addressKey(absence.person.email);
    this.#rules.set(name, absence);
    this.#byPerson.set(key, [...(this.#byPerson.get(key) ?? []), absence]);
  }

  #drop(id: string): void {
    const rule = this.#rules.get(id);
    if (rule === undefined) return;
    this.#rules.delete(id);
    const key = addressKey(rule.person.email);
    const others = (this.#byPerson.get(key) ?? []).filter((each) => each.id !== id);
    if (others.length === 0) this.#byPerson.delete(key);
    else this.#byPerson.set(key, others);
  }
}

function awayBy(rules: readonly Absence[] | undefined, nowMs: number): Away | undefined {
  const rule = rules?.find(({ fromMs, untilMs }) => fromMs <= nowMs && nowMs < untilMs);
  if (rule === undefined) return undefined;
  const { to, untilMs, note } = rule;
  return { to, untilMs, ...(note === undefined ? {} : { note }) };
}
