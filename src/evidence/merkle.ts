/**
 * The tree of RFC 9162 (section 2.1, as in RFC 6962) over the events of the log: its head, and the proofs that a leaf is in
 * it, or that it begins with an older tree.
 *
 * A complete subtree of level L has 2^L leaves; the one of index 0 begins with the first leaf. Sizes are below 2^53.
 */
import { hash } from "node:crypto";

/** Hashes of complete subtrees. */
export type Subtrees = (level: number, index: number) => Buffer;

export function leafHash(leaf: string | Uint8Array): Buffer {
  return hash("sha256", typeof leaf === "string" ? `\0${leaf}` : Buffer.concat([LEAF, leaf]), "buffer");
}

export function nodeHash(left: Uint8Array, right: Uint8Array): Buffer {
  return hash("sha256", Buffer.concat([NODE, left, right]), "buffer");
}

const LEAF = Buffer.of(0);
const NODE = Buffer.of(1);

/** The hash of a complete subtree: its number of leaves must be a power of two. */
export function foldComplete(hashes: readonly Buffer[]): Buffer {
  let level = hashes;
  while (level.length > 1) {
    const next: Buffer[] = [];
    for (let at = 0; at < level.length; at += 2)
      next.push(nodeHash(level[at] as Buffer, level[at + 1] as Buffer));
    level = next;
  }
  return level[0] as Buffer;
}

/** The head of the first `size` leaves. */
export function rootOf(subtrees: Subtrees, size: number): Buffer {
  return size === 0 ? hash("sha256", "", "buffer") : headOf(subtrees, 0, size);
}

/** Proves that leaf `index` is in the tree of `size`: section 2.1.3.1. */
export function inclusionProof(subtrees: Subtrees, index: number, size: number): Buffer[] {
  const path: Buffer[] = [];
  let [from, to] = [0, size];
  while (to - from > 1) {
    const middle = from + splitOf(to - from);
    if (index < middle) {
      path.push(headOf(subtrees, middle, to));
      to = middle;
    } else {
      path.push(headOf(subtrees, from, middle));
      from = middle;
    }
  }
  return path.toReversed();
}

/** Proves that the tree of `size` begins with that of `older`, from 1 to `size`: section 2.1.4.1. */
export function consistencyProof(subtrees: Subtrees, older: number, size: number): Buffer[] {
  const path: Buffer[] = [];
  let [from, to] = [0, size];
  let isWhole = true;
  while (older !== to) {
    const middle = from + splitOf(to - from);
    if (older <= middle) {
      path.push(headOf(subtrees, middle, to));
      to = middle;
    } else {
      path.push(headOf(subtrees, from, middle));
      from = middle;
      isWhole = false;
    }
  }
  if (!isWhole) path.push(headOf(subtrees, from, to));
  return path.toReversed();
}

/** Of the leaves from `from` to `to`. `from` is where a complete subtree of that length could begin. */
function headOf(subtrees: Subtrees, from: number, to: number): Buffer {
  const length = to - from;
  const level = Math.floor(Math.log2(length));
  if (2 ** level === length) return subtrees(level, from / length);
  const middle = from + splitOf(length);
  return nodeHash(headOf(subtrees, from, middle), headOf(subtrees, middle, to));
}

/** The largest power of two below a length of at least 2. */
function splitOf(length: number): number {
  return 2 ** (Math.ceil(Math.log2(length)) - 1);
}
