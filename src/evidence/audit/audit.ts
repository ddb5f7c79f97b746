/** Checks the log of events, by itself and beside the promises that it tells of. */
import type { Checkpoint } from "../checkpoint.ts";
import { type Compared, comparePromises, type PromiseFile } from "./compare.ts";
import { type Finding, Findings } from "./findings.ts";
import { type WalkedLog, walkLog } from "./walk-log.ts";

export interface LogAudit extends Compared {
  readonly size: number;
  /** In hexadecimal. */
  readonly root: string;
  /** Events at the end that no stored tile of the tree has: what was changed of them shows in fewer places. */
  readonly unsealed: number;
  /** Times in which changes were made without the log. */
  readonly gaps: number;
  /** All findings; `kept` has the first of them. */
  readonly count: number;
  readonly findings: readonly Finding[];
}

/**
 * @param head of the log, as it was published; from outside of what is audited, or it shows nothing
 * @returns undefined if the file has no log
 */
export function auditLog(file: PromiseFile, head?: Checkpoint): LogAudit | undefined {
  const [table] = file.rows("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'log_events'");
  if (table === undefined) return undefined;
  const findings = new Findings();
  const walked = walkLog(file, findings, head === undefined ? [] : [head.size]);
  if (head !== undefined) compareHead(walked, head, findings);
  const compared = comparePromises(file, walked, findings);
  return {
    size: walked.size,
    root: walked.root.toString("hex"),
    unsealed: walked.unsealed,
    gaps: walked.gaps.length,
    ...compared,
    count: findings.count,
    findings: findings.kept,
  };
}

function compareHead({ size, rootAt }: WalkedLog, head: Checkpoint, findings: Findings): void {
  if (head.size > size) {
    const missing = head.size - size;
    findings.add(
      "dropped",
      `the head is of ${head.size} events, and the log has ${size}: at least ${missing} are missing`,
    );
  } else if (rootAt.get(head.size)?.equals(head.root) !== true) {
    findings.add("rewritten", `the first ${head.size} events are not those that the head was made of`);
  }
}
