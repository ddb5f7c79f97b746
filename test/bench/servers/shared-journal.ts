import type { FileHandle } from "node:fs/promises";

/** Lines of a file; those that come while others are being written go out together. */
export class SharedJournal {
  readonly #file: FileHandle;
  #lines = "";
  #next: Promise<void> | undefined;
  #writing: Promise<void> = Promise.resolve();

  constructor(file: FileHandle) {
    this.#file = file;
  }

  /** Resolves once it is on disk. */
  keep(change: object): Promise<void> {
    this.#lines += `${JSON.stringify(change)}\n`;
    this.#next ??= this.#writing.then(() => {
      const lines = this.#lines;
      this.#lines = "";
      this.#next = undefined;
      this.#writing = this.#write(lines);
      return this.#writing;
    });
    return this.#next;
  }

  async #write(lines: string): Promise<void> {
    await this.#file.write(lines);
    await this.#file.datasync();
  }
}
