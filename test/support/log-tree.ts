/** A log of leaves that only a test has: its heads, and the proofs of RFC 9162 about them. */
import { checkpointText } from "../../src/evidence/checkpoint.ts";
import type { EventLog } from "../../src/evidence/event-log.ts";
import { consistencyProof, foldComplete, leafHash, rootOf } from "../../src/evidence/merkle.ts";
import { signNote } from "../../src/evidence/note.ts";

export const ORIGIN = "approvals.example.com/log";

export class LogTree {
  readonly hashes: Buffer[] = [];

  add(count: number, word = "event"): this {
    for (let n = 0; n < count; n += 1) this.hashes.push(leafHash(`${word} ${this.hashes.length}`));
    return this;
  }

  head(seed: Uint8Array, size = this.hashes.length): string {
    return signNote(checkpointText({ origin: ORIGIN, size, root: rootOf(this.#subtrees, size) }), ORIGIN, [
      seed,
    ]);
  }

  /** When all of its events happened, in milliseconds since 1970. */
  atMs = 0;

  readonly eventLog: Pick<EventLog, "consistency" | "entries"> = {
    entries: async (from, limit) =>
      this.hashes
        .slice(from, from + limit)
        .map(() => JSON.stringify({ at: new Date(this.atMs).toISOString() })),
    consistency: async (older, size = this.hashes.length) => ({
      size,
      proof: consistencyProof(this.#subtrees, older, size).map((hash) => hash.toString("hex")),
    }),
  };

  readonly #subtrees = (level: number, index: number): Buffer =>
    foldComplete(this.hashes.slice(index * 2 ** level, (index + 1) * 2 ** level));
}
