/** Within one process, calls of the same name are one run. */

interface Entry<Result> {
  /** The name of this try, for the service. */
  readonly attempt: string;
  /** What it was called with, as JSON. */
  readonly args: string;
  /** Settles as the tool does; undefined if the tool was not started. */
  run: Promise<Result> | undefined;
}

/**
 * How many runs a process remembers. Whoever repeats an older one without an attempt of their own is told that it is used, and
 * it does not run again.
 */
const REMEMBERED_MAX = 1_000;

export class Runs<Result> {
  readonly #entries = new Map<string, Entry<Result>>();

  /**
   * @param start obtains the grant and then runs the tool, and says which of both failed
   * @returns the run of that name; undefined if it is one with other arguments
   */
  once(
    name: string,
    { attempt, args }: Pick<Entry<Result>, "attempt" | "args">,
    start: (attempt: string, started: () => void) => Promise<Result>,
  ): Promise<Result> | undefined {
    const known = this.#entries.get(name);
    if (known?.run !== undefined) return known.args === args ? known.run : undefined;
    // After a failure before the tool was started, the same try goes on: the service may have granted it.
    const entry: Entry<Result> = { attempt: known?.attempt ?? attempt, args, run: undefined };
    let isStarted = false;
    entry.run = start(entry.attempt, () => {
      isStarted = true;
    }).catch((error: unknown) => {
      if (!isStarted) entry.run = undefined;
      throw error;
    });
    this.#remember(name, entry);
    return entry.run;
  }

  #remember(name: string, entry: Entry<Result>): void {
    this.#entries.delete(name);
    this.#entries.set(name, entry);
    const [oldest] = this.#entries.keys();
    if (this.#entries.size > REMEMBERED_MAX && oldest !== undefined) this.#entries.delete(oldest);
  }
}
