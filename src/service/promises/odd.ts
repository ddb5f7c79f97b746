/**
 * Odd promises: promises of the product that another program settled with something that the product never writes there.
 * Any program that has the engine's token can do that. Nothing hangs because of such a value, but people should know.
 */
import type { StoredPromise } from "../../durable/durable.ts";
import { mayHaveRule, type Read, type Rule, ruleFor } from "./odd-rules.ts";

/** Promises to look through, as they are stored. */
export interface Promises<Stored extends Known> {
  /** All that are settled. */
  settled(): Iterable<Stored>;
  read(id: string): Stored | undefined;
  /** Reads a record's values. */
  decode(record: Stored): StoredPromise;
}

type Known = Pick<StoredPromise, "id" | "tags">;

export interface OddPromise {
  readonly id: string;
  /** What it is: "ballot", "end of an approval". */
  readonly kind: string;
  /** Whether its own deadline has passed: then there is nothing left to do about it. */
  readonly isOver: boolean;
  /** What it holds and what would be right, without what the value says. */
  readonly wrong: string;
  /** How the product goes on. */
  readonly means: string;
  /** What an operator can do. */
  readonly remedy: string;
}

export interface OddPromises {
  /** How many there are. */
  readonly number: number;
  /** How many of them have a deadline that is still to come. */
  readonly open: number;
  /** The first of them, those with a deadline to come before the others. */
  readonly promises: readonly OddPromise[];
}

/** Looks at each settled promise once, decodes those of the product, and holds no more than `limit` of them. */
export function findOdd<Stored extends Known>(
  promises: Promises<Stored>,
  { nowMs, limit }: { readonly nowMs: number; readonly limit: number },
): OddPromises {
  const open: OddPromise[] = [];
  const over: OddPromise[] = [];
  const counts = { open: 0, over: 0 };
  const read = remembering((id) => {
    const record = promises.read(id);
    return record && promises.decode(record);
  });
  for (const record of promises.settled()) {
    const odd = mayHaveRule(record) ? oddness(promises.decode(record), read, nowMs) : undefined;
    if (odd === undefined) continue;
    counts[odd.isOver ? "over" : "open"] += 1;
    const listed = odd.isOver ? over : open;
    if (listed.length < limit) listed.push(odd);
  }
  return {
    number: counts.open + counts.over,
    open: counts.open,
    promises: [...open, ...over].slice(0, limit),
  };
}

function oddness(promise: StoredPromise, read: Read, nowMs: number): OddPromise | undefined {
  const rule = ruleFor(promise, read);
  if (rule === undefined || rule.accepts(promise)) return undefined;
  const { kind, means, remedy } = rule;
  return {
    id: promise.id,
    kind,
    isOver: promise.timeoutAt <= nowMs,
    wrong: wrongWith(promise, rule),
    means: promise.unreadable === "value" ? UNREADABLE : means,
    remedy,
  };
}

const UNREADABLE = "The workflow that reads it is rejected, with a message that says so";

function wrongWith(promise: StoredPromise, { expected }: Rule): string {
  const { state, unreadable } = promise;
  if (unreadable === "value") return `${state} with a value that cannot be decoded`;
  return `${state} with ${described(promise.value)}, which is no ${expected}`;
}

const NAMES_MAX = 8;

/** The shape of a value and never what it says: that may be nobody's business, and longer than a line. */
function described(value: unknown): string {
  if (value === undefined) return "nothing";
  if (value === null) return "null";
  if (value instanceof Error) return "an error";
  if (Array.isArray(value)) return "a list";
  if (typeof value !== "object") return `a ${typeof value}`;
  const names = Object.keys(value).filter((name) => /^\w{1,32}$/.test(name));
  if (names.length === 0) return "an object";
  const name = "kind" in value && typeof value.kind === "string" ? value.kind : "";
  const ofKind = /^\w{1,32}$/.test(name) ? ` of the kind "${name}"` : "";
  const more = names.length > NAMES_MAX ? ", …" : "";
  return `an object${ofKind} (${names.slice(0, NAMES_MAX).join(", ")}${more})`;
}

/** Steps of one workflow stand near each other, and ask for that workflow one after the other. */
function remembering(read: Read): Read {
  let last: { readonly id: string; readonly found: StoredPromise | undefined } | undefined;
  return (id) => {
    if (last?.id !== id) last = { id, found: read(id) };
    return last.found;
  };
}
