import { appendFileSync, closeSync, openSync } from "node:fs";
import { join } from "node:path";
import { makeFolder } from "./folder.ts";

/** What somebody did, or tried, and what came of it. Nothing that a log line may not hold: ids and hashes, no words. */
export interface AuditEntry {
  readonly requestId?: string;
  /**
   * `key:` and a key's id, `person:` and a hash, `approver:` and the recipient's id of a link, `webhook:` and a source,
   * `callback-url`, `open` (no keys are needed here), `anyone` (nothing showed who), `operator` (the command line).
   */
  readonly who: string;
  /** Such as `decide` or `refused`: docs/security.md lists them. */
  readonly what: string;
  /** Id of the promise or key it is about. */
  readonly about?: string;
  /** The name of one press or call, as the settlement that stands keeps it. */
  readonly nonce?: string;
  readonly outcome: string;
  readonly [detail: string]: string | number | boolean | undefined;
}

export interface Audit {
  /** Writes one line, before whoever caused it is answered. Never throws. */
  record(entry: AuditEntry): void;
}

export const NO_AUDIT: Audit = { record: () => {} };

export interface AuditOptions {
  /** Made if it is not there, for its owner only. */
  readonly folder: string;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
  /** Told when a line cannot be written: at once, and then once a minute. */
  readonly onFault: (error: unknown) => void;
}

const FAULT_PAUSE_MS = 60_000;

/**
 * A record that is only ever added to: one file a day (UTC), `2026-11-21.jsonl`, one line an entry. Lines are appended
 * whole, so any number of processes share a folder, and files of past days can be taken away. A disk that takes no
 * more stops the record and not the service: what stands is stored with who did it, here is what was tried as well.
 */
export function openAudit({ folder, clock, onFault }: AuditOptions): Audit {
  let open: { readonly day: string; readonly fd: number } | undefined;
  let faultToldAt = Number.NEGATIVE_INFINITY;

  const fileOf = (day: string): number => {
    if (open?.day === day) return open.fd;
    makeFolder(folder);
    const fd = openSync(join(folder, `${day}.jsonl`), "a", 0o600);
    if (open !== undefined) closeSync(open.fd);
    open = { day, fd };
    return fd;
  };

  return {
    record(entry) {
      const nowMs = clock();
      const time = new Date(nowMs).toISOString();
      try {
        appendFileSync(fileOf(time.slice(0, 10)), `${JSON.stringify({ time, ...entry })}\n`);
      } catch (error) {
        if (nowMs - faultToldAt < FAULT_PAUSE_MS) return;
        faultToldAt = nowMs;
        onFault(error);
      }
    },
  };
}
