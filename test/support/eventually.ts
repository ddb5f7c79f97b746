import { setTimeout as pause } from "node:timers/promises";

/** How often a fact is looked for. */
const LOOK_MS = 10;
/** Only ends what would hang: costs nothing where all is well, however slow the machine is. */
export const HANGS_MS = 60_000;

/**
 * Waits for a fact: asks `probe` until it answers something other than undefined or false, and answers that. A probe
 * that throws counts as not yet; what it threw last is told when time is up.
 *
 * @param fact what is waited for, as a sentence for whoever reads the failure
 */
export async function eventually<T>(
  fact: string,
  probe: () => T | undefined | false | Promise<T | undefined | false>,
  { withinMs = HANGS_MS }: { readonly withinMs?: number } = {},
): Promise<T> {
  const startedAt = performance.now();
  let problem: unknown;
  for (;;) {
    try {
      const found = await probe();
      if (found !== undefined && found !== false) return found;
      problem = undefined;
    } catch (error) {
      problem = error;
    }
    if (performance.now() - startedAt > withinMs) {
      throw new Error(`Not so within ${withinMs} ms: ${fact}`, { cause: problem });
    }
    await pause(LOOK_MS);
  }
}

/**
 * Waits until this passes, and answers what it answers: for expectations, whose failure says more than a sentence. Vitest's
 * own way gives up after a second.
 */
export async function untilPasses<T>(check: () => T | Promise<T>, { withinMs = HANGS_MS } = {}): Promise<T> {
  const startedAt = performance.now();
  for (;;) {
    try {
      return await check();
    } catch (error) {
      if (performance.now() - startedAt > withinMs) throw error;
    }
    await pause(LOOK_MS);
  }
}
