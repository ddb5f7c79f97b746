/** Within one process, calls of the same name are one run. */

interface Entry<Result> {
  /** The name of this try, for the service. */
  readonly attempt: string;
  /** What it was called with, as JSON. */
  readonly args: string;
  /** Undefined if it failed and may be run again. */
  run: Run<Result> | undefined;
}

interface Run<Result> {
  /** Settles as the tool does, or as what comes before it. */
  readonly result: Promise<Result>;
  /** Callers who wait for it. When the last one leaves, it ends, unless the tool has started. */
  waiting: number;
  readonly end: AbortController;
}

export interface RunCall {
  /** The name of a new try. */
  readonly attempt: string;
  /** Whether the tool can tell that it did the work already: then a failure is forgotten, and the tool may run again. */
  readonly isNamed: boolean;
  /** As JSON. */
  readonly args: string;
  /** Ends the wait of this caller alone. Not aborted yet. */
  readonly signal: AbortSignal | undefined;
}

/** Obtains the grant and then runs the tool, and says which of both failed. */
export type StartRun<Result> = (attempt: string, signal: AbortSignal, started: () => void) => Promise<Result>;

/**
 * How many runs a process remembers. If a caller repeats an older one without naming an attempt, the call is
 * refused as used, and the action does not run again.
 */
const REMEMBERED_MAX = 1_000;

export class Runs<Result> {
  readonly #entries = new Map<string, Entry<Result>>();

  /** @returns the run of that name; undefined if it is one with other arguments */
  once(name: string, call: RunCall, start: StartRun<Result>): Promise<Result> | undefined {
    const known = this.#entries.get(name);
    if (known?.run !== undefined)
      return known.args === call.args ? joined(known.run, call.signal) : undefined;
    // After a failure before the tool was started, the same try goes on: the service may have granted it.
    const entry: Entry<Result> = { attempt: known?.attempt ?? call.attempt, args: call.args, run: undefined };
    const run = begin(entry, call.isNamed, start);
    entry.run = run;
    this.#remember(name, entry);
    return joined(run, call.signal);
  }

  #remember(name: string, entry: Entry<Result>): void {
    this.#entries.delete(name);
    this.#entries.set(name, entry);
    const [oldest] = this.#entries.keys();
    if (this.#entries.size > REMEMBERED_MAX && oldest !== undefined) this.#entries.delete(oldest);
  }
}

function begin<Result>(entry: Entry<Result>, isNamed: boolean, start: StartRun<Result>): Run<Result> {
  const end = new AbortController();
  let isStarted = false;
  const forget = () => {
    entry.run = undefined;
  };
  const result = start(entry.attempt, end.signal, () => {
    isStarted = true;
  }).catch((error: unknown) => {
    if (!isStarted || isNamed) forget();
    throw error;
  });
  // A call that comes after all callers have left starts a new run, and does not join the one that is ending.
  end.signal.addEventListener("abort", () => {
    if (!isStarted) forget();
  });
  return { result, waiting: 0, end };
}

/** What the run comes to, or why this caller left before. */
async function joined<Result>(run: Run<Result>, signal: AbortSignal | undefined): Promise<Result> {
  if (signal === undefined) {
    run.waiting += 1;
    return await run.result;
  }
  const left = Promise.withResolvers<never>();
  const leave = () => {
    run.waiting -= 1;
    if (run.waiting === 0) run.end.abort(signal.reason);
    left.reject(signal.reason as Error);
  };
  run.waiting += 1;
  signal.addEventListener("abort", leave, { once: true });
  try {
    return await Promise.race([run.result, left.promise]);
  } finally {
    signal.removeEventListener("abort", leave);
  }
}
