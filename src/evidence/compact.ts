import { hash } from "node:crypto";
import { nodeHash } from "./merkle.ts";

/** The head of a tree whose leaves come one after the other: it keeps one hash for each complete subtree. */
export class CompactTree {
  /** The largest first; a subtree has twice the leaves of any after it. */
  readonly #subtrees: { readonly leaves: number; readonly hash: Buffer }[] = [];
  #size = 0;

  get size(): number {
    return this.#size;
  }

  add(leafHash: Buffer): void {
    let last = { leaves: 1, hash: leafHash };
    while (this.#subtrees.at(-1)?.leaves === last.leaves) {
      const left = this.#subtrees.pop();
      if (left !== undefined) last = { leaves: 2 * last.leaves, hash: nodeHash(left.hash, last.hash) };
    }
    this.#subtrees.push(last);
    this.#size += 1;
  }

  root(): Buffer {
    if (this.#size === 0) return hash("sha256", "", "buffer");
    return this.#subtrees.map(({ hash }) => hash).reduceRight((right, left) => nodeHash(left, right));
  }
}
