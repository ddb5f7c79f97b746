/**
 * The hashes of the log's tree in SQLite: tiles of 256, as C2SP's tlog-tiles has them. Only full tiles are stored, each with
 * the hash of the subtree that it is; what is right of them is made of the events. So a proof reads a few tiles and at most
 * 255 events, however long the log is.
 */
import type { DatabaseSync } from "node:sqlite";
import { query } from "./columns.ts";
import { HASH_BYTES } from "./leaf.ts";
import { foldComplete, nodeHash, rootOf, type Subtrees } from "./merkle.ts";

export const TILES_SCHEMA = `CREATE TABLE log_tiles (
    level INTEGER NOT NULL,
    n INTEGER NOT NULL,
    root BLOB NOT NULL,
    hashes BLOB NOT NULL,
    PRIMARY KEY (level, n)
  ) STRICT`;

/**
 * How many of the first events were sealed, and their head: a row that is only moved forward, so that an audit misses tiles that
 * somebody deleted. A file of an earlier version gets it when an engine opens it.
 */
const SEAL_SCHEMA = `CREATE TABLE IF NOT EXISTS log_seal (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    size INTEGER NOT NULL,
    root BLOB NOT NULL
  ) STRICT`;

/** Hashes of a tile, and the levels of the tree in it. */
const WIDTH = 256;
const HEIGHT = 8;

/** Tiles of leaves that one step makes: each is some 500 hashes. */
const TILES_MAX = 8;

export interface Tiles {
  isBehind(size: number): boolean;
  /** Stores some of the tiles that the first `size` leaves fill. */
  fill(size: number): void;
  /** For one answer: it remembers what it reads. */
  subtrees(): Subtrees;
}

/** @param leaves hashes of the leaves from an index on */
export function openTiles(db: DatabaseSync, leaves: (from: number, count: number) => Buffer[]): Tiles {
  db.exec(SEAL_SCHEMA);
  const sql = prepare(db);
  const count = (level: number) => (sql.count.get(level) as unknown as readonly [number])[0];
  let filled = count(0);

  const store = (level: number, n: number, hashes: readonly Buffer[]) =>
    sql.add.run(level, n, foldComplete(hashes), Buffer.concat(hashes));
  const roots = (level: number, n: number): Buffer[] =>
    (sql.roots.all(level, n * WIDTH, (n + 1) * WIDTH) as unknown as readonly [Uint8Array][]).map(([root]) =>
      Buffer.from(root),
    );
  /** What a tile has so far. */
  const hashesOf = (level: number, n: number): Buffer[] => {
    const [stored] = (sql.tile.get(level, n) as unknown as readonly [Uint8Array] | undefined) ?? [];
    if (stored === undefined) return level === 0 ? leaves(n * WIDTH, WIDTH) : roots(level - 1, n);
    const bytes = Buffer.from(stored);
    return Array.from({ length: WIDTH }, (_, at) => bytes.subarray(at * HASH_BYTES, (at + 1) * HASH_BYTES));
  };

  let sealed = sql.seal.get() as unknown as readonly [size: number, root: Uint8Array] | undefined;
  /** Not if what was sealed is not there any more, or is something else: then the row stays, and says so. */
  const seal = () => {
    const size = filled * WIDTH;
    const [before, root] = sealed ?? [0];
    if (size <= before) return;
    const tree = subtrees();
    if (root !== undefined && !rootOf(tree, before).equals(root)) return;
    sealed = [size, rootOf(tree, size)];
    sql.setSeal.run(...sealed);
  };

  const subtrees = (): Subtrees => {
    const read = new Map<string, Buffer[]>();
    const tile = (level: number, n: number): Buffer[] => {
      const name = `${level}/${n}`;
      const known = read.get(name) ?? hashesOf(level, n);
      read.set(name, known);
      return known;
    };
    const subtree: Subtrees = (level, index) => {
      const row = Math.floor(level / HEIGHT);
      const length = 2 ** (level % HEIGHT);
      const from = index * length;
      const at = from % WIDTH;
      const hashes = tile(row, Math.floor(from / WIDTH)).slice(at, at + length);
      if (hashes.length === length) return foldComplete(hashes);
      // A tile below is full, and not stored yet.
      return nodeHash(subtree(level - 1, 2 * index), subtree(level - 1, 2 * index + 1));
    };
    return subtree;
  };

  return {
    // A file of an earlier version has tiles, and no seal.
    isBehind: (size) => filled < Math.floor(size / WIDTH) || (filled > 0 && sealed === undefined),
    fill(size) {
      const end = Math.min(Math.floor(size / WIDTH), filled + TILES_MAX);
      for (; filled < end; filled += 1) {
        store(0, filled, leaves(filled * WIDTH, WIDTH));
        // Each full row of tiles is a tile of the row above.
        for (let level = 1, done = filled + 1; done % WIDTH === 0; level += 1) {
          done /= WIDTH;
          store(level, done - 1, roots(level - 1, done - 1));
        }
      }
      seal();
    },
    subtrees,
  };
}

function prepare(db: DatabaseSync) {
  return {
    count: query(db, "SELECT count(*) FROM log_tiles WHERE level = ?"),
    tile: query(db, "SELECT hashes FROM log_tiles WHERE level = ? AND n = ?"),
    roots: query(db, "SELECT root FROM log_tiles WHERE level = ? AND n >= ? AND n < ? ORDER BY n"),
    seal: query(db, "SELECT size, root FROM log_seal"),
    setSeal: db.prepare("INSERT OR REPLACE INTO log_seal (one, size, root) VALUES (1, ?, ?)"),
    add: db.prepare("INSERT INTO log_tiles (level, n, root, hashes) VALUES (?, ?, ?, ?)"),
  };
}
