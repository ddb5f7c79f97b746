import { type FSWatcher, statSync, watch } from "node:fs";
import { basename, dirname, join, resolve, sep } from "node:path";

/** Each takes one of the kernel's watches, and those are few. */
const FOLDERS_MAX = 1_000;

/** Hidden files, installed packages, and backup copies of editors. */
const UNWATCHED = /(?:^|[\\/])(?:\.|node_modules(?:[\\/]|$))|~$/u;

export interface WatchedFilesOptions {
  /** Gets the absolute path of what has changed. */
  readonly onChange: (path: string) => void;
  /** Gets why a folder cannot be watched: `EACCES`. */
  readonly onFault: (folder: string, reason: string) => void;
  /** A folder whose files are never watched. */
  readonly except: string;
}

/** A folder that is watched. */
interface Watched {
  /** Undefined if watching failed. */
  readonly watcher: FSWatcher | undefined;
  /** Distinguishes it from a later folder of the same name. */
  readonly identity: string;
  /** Files whose changes count. Without a list, all files count. */
  readonly names?: Set<string>;
}

/** Reports changes in folders and of files. A file may be missing, and may be replaced by another of the same name. */
export class WatchedFiles {
  readonly #options: WatchedFilesOptions;
  /** Folders that are watched with everything in them, by path. */
  readonly #trees = new Map<string, Watched>();
  /** Folders that are watched because of some files in them, by path. */
  readonly #folders = new Map<string, Watched>();

  constructor(options: WatchedFilesOptions) {
    this.#options = options;
  }

  /** Watches a folder and the folders inside it. Call it again if the folder may have been replaced. */
  tree(path: string): void {
    // It may be removed, and come again.
    this.file(path);
    const identity = identityOf(path);
    const known = this.#trees.get(path);
    if (identity === undefined || known?.identity === identity) return;
    known?.watcher?.close();
    const watcher = this.#watch(path, true, (name) => {
      if (!UNWATCHED.test(name)) this.#changed(join(path, name));
    });
    this.#trees.set(path, { watcher, identity });
  }

  /**
   * Watches a file. Call it again if its folder may have been replaced.
   *
   * @param readSinceMs the earliest moment at which somebody may have read it, in milliseconds since 1970: if it is new here and
   * has changed after that, this is a change. It may have come between the reading and this call.
   */
  file(path: string, readSinceMs = Number.POSITIVE_INFINITY): void {
    const folder = dirname(path);
    const identity = identityOf(folder);
    if (identity === undefined) {
      // Until its folder comes; one call later the file has its turn.
      if (folder !== path) this.file(folder);
      return;
    }
    const known = this.#folders.get(folder);
    const names = known?.names ?? new Set();
    const isNew = !names.has(basename(path));
    names.add(basename(path));
    if (known?.identity !== identity) {
      if (known === undefined && this.#folders.size >= FOLDERS_MAX) return;
      known?.watcher?.close();
      const watcher = this.#watch(folder, false, (name) => {
        if (names.has(name)) this.#changed(join(folder, name));
      });
      this.#folders.set(folder, { watcher, identity, names });
    }
    if (isNew && changedAt(path) > readSinceMs) this.#changed(path);
  }

  close(): void {
    for (const { watcher } of [...this.#trees.values(), ...this.#folders.values()]) watcher?.close();
  }

  #changed(path: string): void {
    if (!`${path}${sep}`.startsWith(`${resolve(this.#options.except)}${sep}`)) this.#options.onChange(path);
  }

  #watch(folder: string, recursive: boolean, onName: (name: string) => void): FSWatcher | undefined {
    const fail = (error: unknown) => this.#options.onFault(folder, reasonOf(error));
    try {
      const watcher = watch(folder, { recursive }, (_event, name) => {
        if (name !== null) onName(name);
      });
      return watcher.on("error", fail);
    } catch (error) {
      fail(error);
      return undefined;
    }
  }
}

/** Milliseconds since 1970 of the last change, also of the name; 0 if there is no file. */
function changedAt(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.ctimeMs ?? 0;
}

/** Undefined if there is no folder. Includes the time of birth, because file systems reuse the numbers of removed folders. */
function identityOf(folder: string): string | undefined {
  const stats = statSync(folder, { throwIfNoEntry: false });
  return stats?.isDirectory() === true ? `${stats.dev}:${stats.ino}:${stats.birthtimeMs}` : undefined;
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return "code" in error ? String(error.code) : error.message;
}
