/**
 * Gives mails their turns at the connections to the relay. Mails wait here and not in the library's pool, for two reasons:
 * a mail knows when its turn has come, and mails that a relay delays do not delay the others for as long. If no turn has
 * ended for `stallMs`, waiting mails are told so at once, and their workflows try them again.
 */
export interface Turns {
  /**
   * Runs `work` when its turn comes.
   *
   * @returns what it returns, or "stalled": it was not run
   */
  run<T>(work: () => Promise<T>): Promise<T | "stalled">;
  /** Ends all waits, now and later. */
  close(): void;
}

export function createTurns({ limit, stallMs }: { readonly limit: number; readonly stallMs: number }): Turns {
  const waiting: ((isMine: boolean) => void)[] = [];
  let running = 0;
  let movedAtMs = performance.now();
  let looking: NodeJS.Timeout | undefined;
  let isClosed = false;

  function sendAway(): void {
    for (const tell of waiting.splice(0)) tell(false);
  }

  /** Looks again when the mails that wait now may have waited for too long. */
  function look(): void {
    looking = undefined;
    const leftMs = movedAtMs + stallMs - performance.now();
    if (leftMs <= 0) sendAway();
    else if (waiting.length > 0) looking = setTimeout(look, leftMs);
  }

  async function turn(): Promise<boolean> {
    if (isClosed) return false;
    if (running < limit) {
      movedAtMs = performance.now();
      running += 1;
      return true;
    }
    if (performance.now() - movedAtMs >= stallMs) return false;
    looking ??= setTimeout(look, stallMs);
    return await new Promise((resolve) => waiting.push(resolve));
  }

  return {
    async run(work) {
      if (!(await turn())) return "stalled";
      try {
        return await work();
      } finally {
        movedAtMs = performance.now();
        const next = waiting.shift();
        if (next === undefined) running -= 1;
        else next(true);
      }
    },
    close() {
      isClosed = true;
      clearTimeout(looking);
      sendAway();
    },
  };
}
