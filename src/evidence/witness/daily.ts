/** Has the head of each day cosigned by the witnesses of the settings, and remembers what they cosigned last. */
import type { Durable } from "../../durable/durable.ts";
import type { CounterName } from "../../lib/measures.ts";
import { readCheckpoint } from "../checkpoint.ts";
import type { EventLog } from "../event-log.ts";
import { partsOf } from "../note.ts";
import { withLines } from "./cosignature.ts";
import { dayAt, keepWitnessed, witnessedId, witnessedIn } from "./kept.ts";
import { askWitness, type Witness, WitnessError, type Witnessed } from "./submit.ts";

export interface DailyOptions {
  readonly witnesses: readonly Witness[];
  readonly durable: Pick<Durable, "read" | "create" | "settle">;
  readonly eventLog: Pick<EventLog, "consistency" | "entries">;
  /** The head of now as a signed note. */
  readonly signHead: () => Promise<string>;
  readonly log: {
    info(fields: object, message: string): void;
    warn(fields: object, message: string): void;
    error(fields: object, message: string): void;
  };
  readonly measures?:
    | { count(name: CounterName, labels: Readonly<Record<string, string>>): void }
    | undefined;
}

export interface WitnessState {
  readonly name: string;
  /** What it cosigned last, as far as this process knows. */
  readonly last?: { readonly size: number; readonly atMs: number };
  /** Since when it does not cosign, by this process's clock, and why. */
  readonly failing?: { readonly sinceMs: number; readonly why: string };
}

/** What witnesses have said of the log's heads, as gateways publish it. */
export type WitnessedHeads = Pick<DailyWitnesses, "note" | "states">;

interface Remembered {
  last: Witnessed | undefined;
  /** The day whose head it is. */
  day: string | undefined;
  failing: { readonly sinceMs: number; readonly why: string; readonly kind: string } | undefined;
}

/** Days that are looked back for what a witness cosigned last. */
const BACK_DAYS = 14;
/** So long after the first try of a day, what wants all cosignatures goes on with those that there are. */
const PATIENCE_MS = 3_600_000;

export class DailyWitnesses {
  readonly #options: DailyOptions;
  readonly #known: ReadonlyMap<Witness, Remembered>;
  #looked = false;
  #tried: { readonly day: string; readonly atMs: number } | undefined;

  constructor(options: DailyOptions) {
    this.#options = options;
    const nothing = () => ({ last: undefined, day: undefined, failing: undefined });
    this.#known = new Map(options.witnesses.map((witness) => [witness, nothing()]));
  }

  /**
   * Asks those that have not cosigned a head of today. Takes twenty seconds at most beside what the engine takes.
   * @throws what the engine throws; never what a witness does
   */
  async look(nowMs: number, signal?: AbortSignal): Promise<void> {
    const day = dayAt(nowMs);
    if (!this.#looked) await this.#recall(nowMs);
    this.#looked = true;
    const open = [...this.#known].filter(([, { day: done }]) => done !== day);
    // Another gateway may have been first.
    for (const [witness, known] of open) {
      const found = witnessedIn(witness, await this.#options.durable.read(witnessedId(witness, day)), nowMs);
      if (found !== undefined) this.#succeed(witness, known, found, day);
    }
    const left = open.filter(([, { day: done }]) => done !== day);
    if (left.length === 0) return;
    const note = this.#noteOf(day) ?? (await this.#options.signHead());
    if ((readCheckpoint(note)?.size ?? 0) === 0) return;
    if (this.#tried?.day !== day) this.#tried = { day, atMs: nowMs };
    await Promise.all(
      left.map(([witness, known]) => this.#ask(witness, known, { note, nowMs, day, signal })),
    );
  }

  /** Whether there is nothing more to wait for today. */
  isReady(nowMs: number): boolean {
    const day = dayAt(nowMs);
    if ([...this.#known.values()].every(({ day: done }) => done === day)) return true;
    return this.#tried?.day !== day || nowMs - this.#tried.atMs >= PATIENCE_MS;
  }

  /** The head with the most cosignatures of the last that there are, with all of them; undefined if there is none. */
  note(): string | undefined {
    return bestOf([...this.#known.values()].flatMap(({ last }) => last ?? []));
  }

  /** The same of today. */
  noteOfToday(nowMs: number): string | undefined {
    return this.#noteOf(dayAt(nowMs));
  }

  states(): WitnessState[] {
    return [...this.#known].map(([{ key }, { last, failing }]) => ({
      name: key.name,
      ...(last && { last: { size: last.size, atMs: last.atMs } }),
      ...(failing && { failing: { sinceMs: failing.sinceMs, why: failing.why } }),
    }));
  }

  #noteOf(day: string): string | undefined {
    return bestOf(
      [...this.#known.values()].flatMap(({ last, day: of }) => (of === day && last ? [last] : [])),
    );
  }

  /** At most a read for each day and witness, once. */
  async #recall(nowMs: number): Promise<void> {
    for (const [witness, known] of this.#known) {
      for (let ago = 1; ago <= BACK_DAYS && known.last === undefined; ago += 1) {
        const day = dayAt(nowMs, ago);
        const promise = await this.#options.durable.read(witnessedId(witness, day));
        known.last = witnessedIn(witness, promise, nowMs);
      }
    }
  }

  async #ask(
    witness: Witness,
    known: Remembered,
    {
      note,
      nowMs,
      day,
      signal,
    }: { note: string; nowMs: number; day: string; signal: AbortSignal | undefined },
  ): Promise<void> {
    const { durable, eventLog, signHead, measures } = this.#options;
    let found: Witnessed;
    try {
      found = await askWitness({
        witness,
        eventLog,
        note,
        newer: signHead,
        known: known.last?.size ?? 0,
        clock: () => nowMs,
        signal,
      });
    } catch (error) {
      if (signal?.aborted === true) return;
      if (!(error instanceof WitnessError)) throw error;
      measures?.count("countersign.log.witness.requests", { result: error.kind });
      this.#fail(witness, known, error, nowMs);
      return;
    }
    measures?.count("countersign.log.witness.requests", { result: "cosigned" });
    await keepWitnessed(durable, witness, found, nowMs);
    this.#succeed(witness, known, found, day);
  }

  #succeed({ key }: Witness, known: Remembered, found: Witnessed, day: string): void {
    if (known.failing !== undefined)
      this.#options.log.info(
        { witness: key.name, size: found.size },
        "The witness cosigns the log's head again",
      );
    known.failing = undefined;
    known.last = found;
    known.day = day;
  }

  /** Says so when it begins, and when it becomes another kind of failure. */
  #fail({ key }: Witness, known: Remembered, { kind, message: why }: WitnessError, nowMs: number): void {
    const before = known.failing;
    known.failing = { sinceMs: before?.sinceMs ?? nowMs, why, kind };
    if (before?.kind === kind) return;
    const fields = { witness: key.name, why };
    const said = "The witness does not cosign the log's head";
    if (kind === "contradiction") this.#options.log.error(fields, `${said}: it has seen another log`);
    else this.#options.log.warn(fields, `${said}. It is asked again every ten minutes`);
  }
}

/** With the most witnesses, and of those the longest log. */
function bestOf(all: readonly Witnessed[]): string | undefined {
  const byHead = new Map<string, { readonly size: number; readonly notes: string[] }>();
  for (const { note, size } of all) {
    const text = partsOf(note)?.text ?? "";
    const group = byHead.get(text) ?? { size, notes: [] };
    byHead.set(text, group);
    group.notes.push(note);
  }
  const [best] = [...byHead.values()].toSorted((a, b) => b.notes.length - a.notes.length || b.size - a.size);
  const [first, ...others] = best?.notes ?? [];
  return (
    first &&
    withLines(
      first,
      others.flatMap((note) => partsOf(note)?.lines.map(({ line }) => line) ?? []),
    )
  );
}
