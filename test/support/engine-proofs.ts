import type { DatabaseSync } from "node:sqlite";

/** What the file must show for a step of `engine-under-load.ts` that was acknowledged. Rows that came later in a promise's life are fine. */
const PROOFS: Record<string, string> = {
  created: "SELECT 1 FROM promises WHERE id = $id",
  acquired: "SELECT 1 FROM tasks WHERE id = $id AND version >= 1",
  fenced: "SELECT 1 FROM promises WHERE id = $id || ':0'",
  suspended: "SELECT 1 FROM tasks WHERE id = $id AND (state = 'suspended' OR resumes > 0 OR version = 2)",
  decided: "SELECT 1 FROM promises WHERE id = $id || ':0' AND state = 'resolved' AND value_data = $value",
  resumed: "SELECT 1 FROM tasks WHERE id = $id AND version = 2",
  ended: "SELECT 1 FROM promises WHERE id = $id AND state = 'resolved'",
};

/** Lines of steps that the file does not show. */
export function lostIn(db: DatabaseSync, said: readonly string[]): string[] {
  const proofs = Object.fromEntries(Object.entries(PROOFS).map(([step, sql]) => [step, db.prepare(sql)]));
  return said.filter((line) => {
    const [id = "", step = ""] = line.split(" ");
    const value = step === "decided" ? { value: Buffer.from(id).toString("base64") } : {};
    return proofs[step]?.get({ id, ...value }) === undefined;
  });
}
