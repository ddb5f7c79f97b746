import { appendFileSync, closeSync, openSync } from "node:fs";
import { join } from "node:path";
import { checksum } from "./damage.ts";
import { makeFolder } from "./folder.ts";

/** What a caller or person did or tried, and the result. Like log lines, it contains ids and hashes, but no texts. */
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
  /** The name of one press or call. The stored settlement has the nonce of the press or call that made it. */
  readonly nonce?: string;
  readonly outcome: string;
  readonly [detail: string]: string | number | boolean | undefined;
}

export interface Audit {
  /** Writes one line, before the request is answered. Never throws. */
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

/** With `sum` as its last member: the checksum of the line up to it. `audit-check.ts` reads it. */
function lineOf(entry: object): string {
  const open = JSON.stringify(entry).slice(0, -1);
  return `${open},"sum":"${checksum(open).toString("hex")}"}`;
}

/**
 * An append-only record: one file a day (UTC), `2026-11-21.jsonl`, one line an entry. Lines are appended whole, so any
 * number of processes can share a folder, and files of past days can be removed. A full disk stops the record but not the
 * service: decisions themselves are stored with their author, and the record adds what was only tried.
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
        appendFileSync(fileOf(time.slice(0, 10)), `${lineOf({ time, ...entry })}\n`);
      } catch (error) {
        if (nowMs - faultToldAt < FAULT_PAUSE_MS) return;
        faultToldAt = nowMs;
        onFault(error);
      }
    },
  };
}
