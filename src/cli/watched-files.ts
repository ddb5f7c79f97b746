import { type FSWatcher, statSync, watch } from "node:fs";
import { basename, dirname, join, resolve, sep } from "node:path";

/** Each is a place of the kernel's, of which it has few. */
const FOLDERS_MAX = 1_000;

/** Hidden files, what is installed, and the copies that editors leave. */
const UNWATCHED = /(?:^|[\\/])(?:\.|node_modules(?:[\\/]|$))|~$/u;

export interface WatchedFilesOptions {
  /** Gets the absolute path of what has changed. */
  readonly onChange: (path: string) => void;
  /** Gets why a folder cannot be watched: `EACCES`. */
  readonly onFault: (folder: string, reason: string) => void;
  /** A folder whose files are none of the watched ones, wherever it is. */
  readonly except: string;
}

/** A folder that is watched. */
interface Watched {
  /** Undefined where that failed. */
  readonly watcher: FSWatcher | undefined;
  /** Tells it from a folder of the same name that came after it. */
  readonly identity: string;
  /** Of the files whose changes count; all of them where there is no list. */
  readonly names?: Set<string>;
}

/** Tells of changes in folders and of files. A file may be missing, and may be replaced by another of its name. */
export class WatchedFiles {
  readonly #options: WatchedFilesOptions;
  /** Watched with all that is in them, by path. */
  readonly #trees = new Map<string, Watched>();
  /** Watched for the sake of some files in them, by path. */
  readonly #folders = new Map<string, Watched>();

  constructor(options: WatchedFilesOptions) {
    this.#options = options;
  }

  /** Watches a folder and the folders within it. Called again, it goes on with the one that is there by then. */
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

  /** Watches a file. Called again, it goes on in the folder that is there by then. */
  file(path: string): void {
    const folder = dirname(path);
    const identity = identityOf(folder);
    if (identity === undefined) {
      // Until its folder comes; one call later the file has its turn.
      if (folder !== path) this.file(folder);
      return;
    }
    const known = this.#folders.get(folder);
    const names = known?.names ?? new Set();
    names.add(basename(path));
    if (known?.identity === identity || (known === undefined && this.#folders.size >= FOLDERS_MAX)) return;
    known?.watcher?.close();
    const watcher = this.#watch(folder, false, (name) => {
      if (names.has(name)) this.#changed(join(folder, name));
    });
    this.#folders.set(folder, { watcher, identity, names });
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

/** Undefined where there is no folder. By its birth, too: file systems give the number of one that is gone to the next. */
function identityOf(folder: string): string | undefined {
  const stats = statSync(folder, { throwIfNoEntry: false });
  return stats?.isDirectory() === true ? `${stats.dev}:${stats.ino}:${stats.birthtimeMs}` : undefined;
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return "code" in error ? String(error.code) : error.message;
}
