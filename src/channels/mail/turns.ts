/**
 * Who may use a connection to the relay. Mails wait here and not in the library's pool, for two reasons: a mail knows
 * when its turn has come, and a relay that holds up those before it does not hold up the others for as long. Where no
 * turn has ended for `stallMs`, mails that wait are told so at once, and their workflows try them again.
 */
export interface Turns {
  /**
   * Runs `work` when its turn comes.
   *
   * @returns what it returns, or "stalled": it was not run
   */
  run<T>(work: () => Promise<T>): Promise<T | "stalled">;
  /** Lets nobody wait any more, now and later. */
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

  /** Looks again when those that wait now might have waited in vain. */
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
