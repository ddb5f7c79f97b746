/** Who owns what a start has opened, and lets go of it in reverse order: at the end, or when a later part cannot start. */
export interface Owner {
  /** `release` is called when all that is owned goes. */
  defer(release: () => unknown): void;
}

export interface Owned<T> {
  readonly value: T;
  /** Lets go of everything, one after the other; throws the first error, after all had their turn. */
  release(): Promise<void>;
}

/**
 * Runs `start`; where it fails, lets go of what it has opened so far and throws its error. `AsyncDisposableStack` does
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
    // What cannot be let go of either says less than why the start failed.
    await release().catch(() => undefined);
    throw error;
  }
}
