/** Checks the log of events, by itself and beside the promises that it tells of. */
import { type Compared, comparePromises, type PromiseFile } from "./compare.ts";
import { type Finding, Findings } from "./findings.ts";
import { walkLog } from "./walk-log.ts";

export interface LogAudit extends Compared {
  readonly size: number;
  /** In hexadecimal. */
  readonly root: string;
  /** Times in which changes were made without the log. */
  readonly gaps: number;
  /** All findings; `kept` has the first of them. */
  readonly count: number;
  readonly findings: readonly Finding[];
}

/** Undefined if the file has no log. */
export function auditLog(file: PromiseFile): LogAudit | undefined {
  const [table] = file.rows("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'log_events'");
  if (table === undefined) return undefined;
  const findings = new Findings();
  const walked = walkLog(file, findings, []);
  const compared = comparePromises(file, walked, findings);
  return {
    size: walked.size,
    root: walked.root.toString("hex"),
    gaps: walked.gaps.length,
    ...compared,
    count: findings.count,
    findings: findings.kept,
  };
}
