/** The hashes of the tree that are stored. */
import { HASH_BYTES, NO_HASH } from "../leaf.ts";
import { foldComplete } from "../merkle.ts";
import type { Findings } from "./findings.ts";
import type { LogFile } from "./walk-log.ts";

const TILE = 256;

/** Full tiles are stored, and have the hashes of what was sealed. They are stored in order, so what is missing is at the end. */
export class TileCheck {
  readonly #file: LogFile;
  readonly #findings: Findings;
  /** Tiles of events, up to the last that is stored or is below one that is, when this began. */
  readonly #stored: number;
  /** What was sealed, as the file says; undefined of one that no engine of this version has opened. */
  readonly seal: { readonly size: number; readonly root: Buffer } | undefined;
  #missing = 0;
  #n = 0;
  #hashes = new Map<number, Buffer>();
  /** Of each level, the roots of full tiles that are in no full tile of the next one, and how many tiles were made before. */
  readonly #levels: { roots: Buffer[]; made: number }[] = [];

  constructor(file: LogFile, findings: Findings) {
    this.#file = file;
    this.#findings = findings;
    const ends = [...file.rows("SELECT level, max(n) FROM log_tiles GROUP BY level")];
    this.#stored = Math.max(0, ...ends.map(([level, n]) => (Number(n) + 1) * TILE ** Number(level)));
    this.seal = sealOf(file);
  }

  /** How many of the first `size` events are in no tile. */
  unsealed(size: number): number {
    return Math.max(0, size - (this.#stored - this.#missing) * TILE);
  }

  add(index: number, hash: Buffer): void {
    while (index >= (this.#n + 1) * TILE) this.#compare();
    this.#hashes.set(index, hash);
  }

  finish(size: number): void {
    const { seal } = this;
    if (seal !== undefined && seal.size > this.#stored * TILE) {
      const from = this.#stored * TILE;
      this.#findings.add(
        "dropped",
        `the tiles of events ${from} to ${seal.size - 1} are missing, which were sealed`,
      );
    }
    while (size >= (this.#n + 1) * TILE) this.#compare();
    const beyond = [
      ...this.#file.rows(
        "SELECT n FROM log_tiles WHERE level = 0 AND n >= ? AND n < ? ORDER BY n",
        this.#n,
        this.#stored,
      ),
    ];
    for (const [n] of beyond) {
      const from = Number(n) * TILE;
      this.#findings.add("dropped", `events of ${from} to ${from + TILE - 1} are missing, which were sealed`);
    }
  }

  #compare(): void {
    const from = this.#n * TILE;
    const sealed = tileOf(this.#file, 0, this.#n);
    const made = Array.from({ length: TILE }, (_, at) => this.#hashes.get(from + at));
    this.#hashes = new Map();
    this.#n += 1;
    if (sealed === undefined) {
      // The events that came last are not sealed yet.
      if (this.#n <= this.#stored) {
        this.#missing += 1;
        this.#findings.add(
          "dropped",
          `the tile of events ${from} to ${from + TILE - 1} is missing, and later ones are stored`,
        );
      }
      this.#add(1, foldComplete(made.map((hash) => hash ?? NO_HASH)));
      return;
    }
    const places = new Map(sealed.hashes.map((hash, at) => [hash.toString("hex"), at]));
    for (const [at, hash] of made.entries()) {
      // What is missing was found already.
      if (hash === undefined || sealed.hashes[at]?.equals(hash) === true) continue;
      const place = places.get(hash.toString("hex"));
      if (place === undefined) this.#findings.add("changed", `event ${from + at} is not what was sealed`);
      else this.#findings.add("reordered", `event ${from + at} was sealed as event ${from + place}`);
    }
    const root = foldComplete(sealed.hashes);
    if (!root.equals(sealed.root)) this.#findings.add("changed", `tile ${this.#n - 1} of level 0 is damaged`);
    this.#add(1, root);
  }

  /** A root of the tiles below `level`: 256 of them are the hashes of its next tile. */
  #add(level: number, root: Buffer): void {
    const known = this.#levels[level] ?? { roots: [], made: 0 };
    this.#levels[level] = known;
    known.roots.push(root);
    if (known.roots.length < TILE) return;
    const { roots, made: n } = known;
    known.roots = [];
    known.made += 1;
    this.#add(level + 1, this.#compareAbove(level, n, roots));
  }

  #compareAbove(level: number, n: number, made: readonly Buffer[]): Buffer {
    const root = foldComplete(made);
    const sealed = tileOf(this.#file, level, n);
    const isSame =
      sealed?.root.equals(root) === true && sealed.hashes.every((hash, at) => made[at]?.equals(hash));
    if (sealed === undefined && (n + 1) * TILE ** level <= this.#stored) {
      this.#findings.add(
        "dropped",
        `tile ${n} of level ${level} is missing, and the tiles below it are stored`,
      );
    }
    if (sealed !== undefined && !isSame) {
      this.#findings.add("changed", `tile ${n} of level ${level} is not what the tiles below it make`);
    }
    return root;
  }
}

function sealOf(file: LogFile): TileCheck["seal"] {
  const [table] = file.rows("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'log_seal'");
  const [columns] = table === undefined ? [] : file.rows("SELECT size, root FROM log_seal");
  if (columns === undefined) return undefined;
  const [size, root] = columns as unknown as readonly [number, Uint8Array];
  return { size, root: Buffer.from(root) };
}

function tileOf(
  file: LogFile,
  level: number,
  n: number,
): { readonly root: Buffer; readonly hashes: Buffer[] } | undefined {
  const [columns] = file.rows("SELECT root, hashes FROM log_tiles WHERE level = ? AND n = ?", level, n);
  if (columns === undefined) return undefined;
  const [root, hashes] = columns.map((column) => Buffer.from(column as Uint8Array)) as [Buffer, Buffer];
  return {
    root,
    hashes: Array.from({ length: TILE }, (_, at) => hashes.subarray(at * HASH_BYTES, (at + 1) * HASH_BYTES)),
  };
}
