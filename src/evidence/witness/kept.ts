/** Cosigned heads as the engine keeps them: a promise for each day and witness, which the first that has one settles. */
import { KIND_TAG } from "../../approval/ids.ts";
import type { Durable, StoredPromise } from "../../durable/durable.ts";
import { readCheckpoint } from "../checkpoint.ts";
import { cosignedBy } from "./cosignature.ts";
import type { Witness, Witnessed } from "./submit.ts";

const LOG_WITNESS_KIND = "log-witness";

const DAY_MS = 86_400_000;
/** How long a promise may be settled: longer than its day. */
const OPEN_MS = 2 * DAY_MS;

/**
 * No id that a caller may choose: `~`.
 *
 * @param day such as `2026-03-02`, in UTC
 */
export function witnessedId({ key }: Pick<Witness, "key">, day: string): string {
  return `${LOG_WITNESS_KIND}~${day}.${key.id}`;
}

/** The day that this instant is in, in UTC, or one before it. */
export function dayAt(nowMs: number, daysAgo = 0): string {
  return new Date(nowMs - daysAgo * DAY_MS).toISOString().slice(0, 10);
}

/** Undefined if the promise has none of this witness. Whatever settled it: the signature says who cosigned. */
export function witnessedIn(
  { key }: Pick<Witness, "key">,
  promise: Pick<StoredPromise, "state" | "value"> | undefined,
  nowMs: number,
): Witnessed | undefined {
  const { note } = (promise?.state === "resolved" ? (promise.value ?? {}) : {}) as {
    readonly note?: unknown;
  };
  if (typeof note !== "string") return undefined;
  const head = readCheckpoint(note);
  const cosigned = cosignedBy(key, note, nowMs);
  if (head === undefined || cosigned.result !== "holds") return undefined;
  return { note, size: head.size, atMs: cosigned.atMs };
}

/** Keeps it as the one of the day, unless there is one. Errors are those of the durable port. */
export async function keepWitnessed(
  durable: Pick<Durable, "create" | "settle">,
  witness: Witness,
  { note }: Witnessed,
  nowMs: number,
): Promise<void> {
  const day = dayAt(nowMs);
  const id = witnessedId(witness, day);
  await durable.create({
    id,
    param: { kind: LOG_WITNESS_KIND, day, witness: witness.key.name },
    timeoutAt: nowMs + OPEN_MS,
    tags: { [KIND_TAG]: LOG_WITNESS_KIND },
  });
  await durable.settle(id, { note });
}
