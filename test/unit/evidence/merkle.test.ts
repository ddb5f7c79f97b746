import canonicalize from "canonicalize";
import { describe, expect, it } from "vitest";
import { DatabaseSync } from "../../../src/engine/store/sqlite.ts";
import { CompactTree } from "../../../src/evidence/compact.ts";
import { canonical, leafText } from "../../../src/evidence/leaf.ts";
import {
  consistencyProof,
  inclusionProof,
  leafHash,
  rootOf,
  type Subtrees,
} from "../../../src/evidence/merkle.ts";
import { openTiles, TILES_SCHEMA } from "../../../src/evidence/tiles.ts";
import { isConsistent, isIncluded, leafHashOf, treeHead } from "../../support/merkle-proofs.ts";
import { randomFrom, seeds } from "../../support/seeds.ts";

const leaf = (n: number) => leafHashOf(`leaf ${n}`);
const leavesOf = (size: number) => Array.from({ length: size }, (_, n) => leaf(n));

/** Without storage. */
const plain: Subtrees = (level, index) =>
  treeHead(leavesOf(2 ** level).map((_, n) => leaf(index * 2 ** level + n)));

describe("the tree", () => {
  it("has the head of RFC 9162, and proofs by which its verifiers can check all of it", () => {
    for (let size = 0; size <= 40; size += 1) {
      const root = treeHead(leavesOf(size));
      expect(rootOf(plain, size)).toEqual(root);
      for (let index = 0; index < size; index += 1) {
        const proof = inclusionProof(plain, index, size);
        expect(isIncluded({ hash: leaf(index), index, size, root }, proof)).toBe(true);
        expect(isIncluded({ hash: leaf(index + 1), index, size, root }, proof)).toBe(false);
      }
      for (let older = 1; older <= size; older += 1) {
        const proof = consistencyProof(plain, older, size);
        const first = { size: older, root: treeHead(leavesOf(older)) };
        expect(isConsistent(first, { size, root }, proof)).toBe(true);
        expect(isConsistent({ ...first, root: leaf(99) }, { size, root }, proof)).toBe(false);
      }
    }
  });

  it("is the same leaf by leaf", () => {
    const tree = new CompactTree();
    for (let size = 0; size < 100; size += 1) {
      expect(tree.root()).toEqual(treeHead(leavesOf(size)));
      tree.add(leaf(size));
    }
  });

  it("hashes a leaf after a byte of its own, as the RFC has it", () => {
    expect(leafHash("leaf 1")).toEqual(leaf(1));
    expect(leafHash(Buffer.from("leaf 1"))).toEqual(leaf(1));
    // The empty leaf, as many logs publish it.
    expect(leafHash("").toString("hex")).toBe(
      "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    );
  });
});

describe("its tiles", () => {
  it.each(seeds(1))(
    "give the same heads and proofs at any size, however far they are filled (seed %i)",
    (seed) => {
      const random = randomFrom(seed);
      const db = new DatabaseSync(":memory:");
      db.exec(TILES_SCHEMA);
      const all = leavesOf(66_500);
      let read = 0;
      const tiles = openTiles(db, (from, count) => {
        read += 1;
        return all.slice(from, from + count);
      });
      const heads = new CompactTree();
      const roots = [heads.root(), ...all.map((hash) => (heads.add(hash), heads.root()))];
      while (tiles.isBehind(65_000)) tiles.fill(65_000);
      expect(tiles.isBehind(65_023)).toBe(false);
      for (let i = 0; i < 60; i += 1) {
        if (i === 30) while (tiles.isBehind(all.length)) tiles.fill(all.length);
        const size = random.pick([
          1,
          255,
          256,
          257,
          65_000,
          65_535,
          65_536,
          65_537,
          1 + random.below(all.length),
        ]);
        const index = random.below(size);
        const older = 1 + random.below(size);
        const root = roots[size] as Buffer;
        read = 0;
        const subtrees = tiles.subtrees();
        expect(rootOf(subtrees, size)).toEqual(root);
        const included = { hash: all[index] as Buffer, index, size, root };
        expect(isIncluded(included, inclusionProof(subtrees, index, size))).toBe(true);
        const first = { size: older, root: roots[older] as Buffer };
        expect(isConsistent(first, { size, root }, consistencyProof(subtrees, older, size))).toBe(true);
        // Only what is right of the last full tile is made of the leaves.
        if (i >= 30) expect(read).toBeLessThanOrEqual(1);
      }
      // They go on where they were.
      expect(openTiles(db, () => []).isBehind(all.length)).toBe(false);
      db.close();
    },
  );
});

describe("the bytes of an event", () => {
  it.each([
    [{ b: 'é\u2028"\\\u0000', a: 1, "\ufb33": null, "😀": "x", B: { z: "", y: {} } }],
    [{ id: "po", param: { data: "x", headers: {} }, tags: { "a:b": "c" }, createdAt: 1_700_000_000_000 }],
  ])("are those of RFC 8785", (value) => {
    expect(canonical(value)).toBe(canonicalize(value));
  });

  it("are those of RFC 8785 for a leaf", () => {
    const hash = Buffer.alloc(32, 7);
    const text = leafText({ chain: 1, n: 2, type: "ballot.settled", atMs: 0, prev: hash, commitment: hash });
    expect(text).toBe(canonicalize(JSON.parse(text)));
  });

  it("take half a pair as SQLite stores it", () => {
    expect(canonical({ a: "\ud800", b: undefined })).toBe('{"a":"\ufffd"}');
  });
});
