/** Owns what a start has opened, and releases it in reverse order: at the end, or if a later part cannot start. */
export interface Owner {
  /** `release` is called when the owner releases everything. */
  defer(release: () => unknown): void;
}

export interface Owned<T> {
  readonly value: T;
  /** Releases everything, one after the other, and then throws the first error. */
  release(): Promise<void>;
}

/**
 * Runs `start`. If it fails, releases what it has opened so far and throws its error. `AsyncDisposableStack` does
 * the same, but Node 22 has none.
 */
export async function startOwned<T>(start: (owner: Owner) => Promise<T>): Promise<Owned<T>> {
  const releases: (() => unknown)[] = [];
  const release = async () => {
    const errors: unknown[] = [];
    for (let last = releases.pop(); last !== undefined; last = releases.pop()) {
      try {
        await last();
      } catch (error) {
        errors.push(error);
      }
    }
    if (errors.length > 0) throw errors[0];
  };
  try {
    const value = await start({ defer: (one) => void releases.push(one) });
    return { value, release };
  } catch (error) {
    // Why the start failed matters more than what could not be released.
    await release().catch(() => undefined);
    throw error;
  }
}
