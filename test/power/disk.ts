import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Random } from "../support/seeds.ts";
import { type Event, ROOT, type Start } from "./recording.ts";

/** A disk writes this many bytes as a whole, or not at all. */
const SECTOR_BYTES = 512;

interface Write {
  readonly kind: "write";
  readonly at: number;
  readonly bytes: Buffer;
}
type Change = Write | { readonly kind: "truncate"; readonly length: number };

interface File {
  /** What is on the platter. */
  kept: Content;
  /** What is not synced, in order. */
  pending: Change[];
}

/** A change of a folder's list of names; undefined: the name goes. */
interface NameChange {
  readonly name: string;
  readonly file: number | undefined;
}

interface Folder {
  pending: NameChange[][];
}

/**
 * A disk that keeps only what POSIX promises. Of a file, that is what was there at its last fsync or fdatasync. Later
 * writes may be kept, lost, or torn between two sectors, each for itself and in any order. A name is kept once its folder
 * was synced; before that, it may be lost although the file itself was synced.
 */
export class Disk {
  readonly #files = new Map<number, File>();
  readonly #folders = new Map<number, Folder>([[ROOT, { pending: [] }]]);
  /** Names on the platter, and names as processes see them. */
  readonly #kept = new Map<string, number>();
  readonly #seen = new Map<string, number>();
  readonly #names = new Map<number, string>();

  /** @param start what the folder held when the recording began: all of it on the platter */
  constructor(start: readonly Start[] = []) {
    for (const { file, name, bytes } of start) {
      this.#kept.set(name, file);
      this.#seen.set(name, file);
      this.#names.set(file, name);
      if (bytes === undefined) this.#folders.set(file, { pending: [] });
      else this.#files.set(file, { kept: new Content(bytes), pending: [] });
    }
  }

  apply(event: Event): void {
    switch (event.kind) {
      case "create":
        this.#files.set(event.file, { kept: new Content(), pending: [] });
        return this.#rename([{ name: event.name, file: event.file }]);
      case "folder":
        this.#folders.set(event.file, { pending: [] });
        return this.#rename([{ name: event.name, file: event.file }]);
      case "link":
        return this.#rename([{ name: event.name, file: event.file }]);
      case "remove":
        return this.#rename([{ name: event.name, file: undefined }]);
      case "rename":
        return this.#rename([
          { name: event.name, file: undefined },
          { name: event.to, file: event.file },
        ]);
      case "write":
        this.#files.get(event.file)?.pending.push({ kind: "write", at: event.at, bytes: event.bytes });
        return;
      case "truncate":
        this.#files.get(event.file)?.pending.push({ kind: "truncate", length: event.length });
        return;
      case "sync":
        return this.#sync(event.file);
    }
  }

  /** The name that a file or folder got last. */
  nameOf(file: number): string {
    return this.#names.get(file) ?? ".";
  }

  /** How many changes a sync of this file or folder would keep. */
  pendingOf(file: number): number {
    return (this.#files.get(file) ?? this.#folders.get(file))?.pending.length ?? 0;
  }

  /** Whether the beginning of the file is among them. */
  hasPendingStart(file: number): boolean {
    const pending = this.#files.get(file)?.pending ?? [];
    return pending.some((change) => change.kind === "write" && change.at === 0);
  }

  /** What a power cut at this moment leaves, in an empty folder. */
  cut(random: Random, folder: string): void {
    const keep = mannerOf(random);
    const names = new Map(this.#kept);
    for (const { pending } of this.#folders.values()) {
      // What belongs together, as the two names of a rename, is one entry of a file system's own journal.
      for (const changes of pending) if (keep.change()) change(names, changes);
    }
    for (const [name, number] of names) {
      const path = join(folder, name);
      if (this.#folders.has(number)) {
        mkdirSync(path, { recursive: true, mode: 0o700 });
        continue;
      }
      const file = this.#files.get(number);
      // A name in a folder that was lost is lost.
      if (file === undefined || !isIn(names, dirname(name))) continue;
      mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
      writeFileSync(path, contentAfter(file, keep, random), { mode: 0o600 });
    }
  }

  #rename(changes: readonly NameChange[]): void {
    for (const { name } of changes) {
      const folder = this.#folderOf(name);
      const others = changes.filter((each) => this.#folderOf(each.name) === folder);
      // Of a rename within one folder, once.
      if (others[0]?.name === name) folder.pending.push([...others]);
    }
    change(this.#seen, changes);
    for (const { name, file } of changes) if (file !== undefined) this.#names.set(file, name);
  }

  #folderOf(name: string): Folder {
    const number = dirname(name) === "." ? ROOT : (this.#seen.get(dirname(name)) ?? ROOT);
    const folder = this.#folders.get(number);
    if (folder === undefined) throw new Error(`The recording names ${name}, and no folder of it`);
    return folder;
  }

  #sync(number: number): void {
    const file = this.#files.get(number);
    if (file !== undefined) {
      for (const each of file.pending) file.kept.apply(each);
      file.pending = [];
    }
    const folder = this.#folders.get(number);
    if (folder !== undefined) {
      for (const changes of folder.pending) change(this.#kept, changes);
      folder.pending = [];
    }
  }
}

function change(names: Map<string, number>, changes: readonly NameChange[]): void {
  for (const { name, file } of changes) {
    if (file === undefined) names.delete(name);
    else names.set(name, file);
  }
}

function isIn(names: ReadonlyMap<string, number>, folder: string): boolean {
  return folder === "." || (names.has(folder) && isIn(names, dirname(folder)));
}

interface Manner {
  change(): boolean;
  sector(): boolean;
  length(): boolean;
}

/** How this cut treats what was not synced: from "lost" over "any part of it" to "kept". */
function mannerOf(random: Random): Manner {
  const changes = random.pick([0, 0.3, 0.5, 0.9, 1]);
  const sectors = random.pick([0.2, 0.5, 0.9, 1, 1]);
  const lengths = random.pick([0, 0.5, 1]);
  return {
    change: () => random.chance(changes),
    sector: () => random.chance(sectors),
    length: () => random.chance(lengths),
  };
}

function contentAfter({ kept, pending }: File, keep: Manner, random: Random): Buffer {
  // Now and then everything up to some write, that one in part, and nothing after it: a disk that keeps the order.
  const last = random.chance(0.25) ? random.below(pending.length + 1) : undefined;
  const content = kept.copy();
  for (const [n, each] of pending.entries()) {
    const isKept = last === undefined ? keep.change() : n < last;
    const isTorn = last === undefined ? isKept : n === last;
    if (each.kind === "truncate") {
      if (isKept) content.apply(each);
    } else if (isTorn) {
      for (const part of sectorsOf(each)) if (keep.sector()) content.apply(part);
    } else if (isKept) content.apply(each);
    // The file may have become longer without the data.
    else if (keep.length()) content.reach(each.at + each.bytes.length);
  }
  return content.bytes;
}

function* sectorsOf({ at, bytes }: Write): Generator<Write> {
  for (let from = at; from < at + bytes.length; ) {
    const to = Math.min((Math.floor(from / SECTOR_BYTES) + 1) * SECTOR_BYTES, at + bytes.length);
    yield { kind: "write", at: from, bytes: bytes.subarray(from - at, to - at) };
    from = to;
  }
}

/** Bytes that grow in place. */
class Content {
  #buffer: Buffer;
  #length: number;

  constructor(bytes: Buffer = Buffer.alloc(0), room = bytes.length) {
    this.#buffer = Buffer.alloc(room);
    bytes.copy(this.#buffer);
    this.#length = bytes.length;
  }

  get bytes(): Buffer {
    return this.#buffer.subarray(0, this.#length);
  }

  copy(): Content {
    return new Content(this.bytes, this.#buffer.length);
  }

  apply(change: Change): void {
    if (change.kind === "truncate") {
      this.#buffer.fill(0, change.length);
      this.reach(change.length);
      this.#length = change.length;
    } else {
      this.reach(change.at + change.bytes.length);
      change.bytes.copy(this.#buffer, change.at);
    }
  }

  /** Becomes at least so long, with zeros. */
  reach(length: number): void {
    if (length > this.#buffer.length) {
      const larger = Buffer.alloc(2 * length);
      this.bytes.copy(larger);
      this.#buffer = larger;
    }
    this.#length = Math.max(this.#length, length);
  }
}
