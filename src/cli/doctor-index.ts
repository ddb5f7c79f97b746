/** What `countersign doctor` says of the index in PostgreSQL. */
import type { IndexExamination } from "../ledger/postgres/check.ts";
import type { IndexOperator } from "../ledger/postgres/operate.ts";
import { type Cli, EXIT, type ExitCode } from "./command.ts";

/** Changes are written within milliseconds, and within this time if their process died. */
const MARK_LATE_MS = 300_000;

export async function examineIndex(
  operator: IndexOperator,
  cli: Cli,
  values: Parameters<Cli["print"]>[2],
): Promise<ExitCode> {
  const found = await operator.examine();
  const problems = problemsOf(found);
  cli.print(
    found,
    () => [told(found), ...problems.map((problem) => `ATTENTION  ${problem}`)].join("\n"),
    values,
  );
  return problems.length === 0 ? EXIT.ok : EXIT.failed;
}

function told({ state, schema, approvals, marks, compared }: IndexExamination): string {
  if (state === "building") return `index     is being made, ${approvals} approvals are in it`;
  if (state !== "whole") return `index     tables of version ${schema}`;
  return `index     ${approvals} approvals, ${compared} compared, ${marks.number} changes being written`;
}

function problemsOf({ state, marks, wrong }: IndexExamination): string[] {
  const problems: string[] = [];
  if (state === "empty")
    problems.push("the database of INDEX_URL has no tables yet. Run countersign index migrate");
  if (state === "old") problems.push("the tables are of an older version. Run countersign index migrate");
  if (state === "newer")
    problems.push("the tables are of a newer version of Countersign. Update this program");
  if (marks.oldestMs > MARK_LATE_MS) {
    const minutes = Math.round(marks.oldestMs / 60_000);
    problems.push(
      `changes wait for ${minutes} min to be written: no gateway or worker with INDEX_URL runs, or they say in their logs why they cannot`,
    );
  }
  if (wrong.length > 0) {
    problems.push(
      `the index tells these approvals wrongly: ${wrong.join(", ")}. Run countersign index rebuild`,
    );
  }
  return problems;
}
