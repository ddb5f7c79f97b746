/** When the engine's file was restored from a backup, as the engine notes it. Other servers note nothing. */
import { type Restored, restoredId, restoredIn } from "../protocol/restored.ts";
import type { Durable, StoredPromise } from "./durable.ts";

export interface Restores {
  /** From the first to the last. Read again after a minute: a gateway may run on while its engine is restored. */
  read(): Promise<readonly Restored[]>;
}

const KNOWN_MS = 60_000;

/** @param clock milliseconds since 1970 */
export function openRestores(durable: Pick<Durable, "read">, clock: () => number): Restores {
  let known: { readonly untilMs: number; readonly restores: Promise<readonly Restored[]> } | undefined;
  return {
    read() {
      const nowMs = clock();
      if (known === undefined || nowMs >= known.untilMs) {
        const restores = readRestores(durable);
        const asked = { untilMs: nowMs + KNOWN_MS, restores };
        known = asked;
        restores.catch(() => {
          if (known === asked) known = undefined;
        });
      }
      return known.restores;
    },
  };
}

/** As they are now, from the first to the last. */
export async function readRestores(durable: Pick<Durable, "read">): Promise<readonly Restored[]> {
  const found: Restored[] = [];
  for (;;) {
    const noted = restoredIn((await durable.read(restoredId(found.length + 1)))?.param);
    if (noted === undefined) return found;
    found.push(noted);
  }
}

/**
 * The time of the backup, as an ISO 8601 instant, from which a promise was restored while it was pending; nothing if it was
 * created later, or had been settled before. What happened to it between the backup and the restore is lost.
 */
export function restoredFrom(
  restores: readonly Restored[],
  { createdAt, settledAt = Number.POSITIVE_INFINITY }: Pick<StoredPromise, "createdAt" | "settledAt">,
): { readonly restoredFrom?: string } {
  const restore = restores.findLast(
    ({ backupAtMs, restoredAtMs }) => createdAt <= backupAtMs && settledAt >= restoredAtMs,
  );
  return restore === undefined ? {} : { restoredFrom: new Date(restore.backupAtMs).toISOString() };
}
