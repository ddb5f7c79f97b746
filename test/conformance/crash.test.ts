import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { execPath } from "node:process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { openDatabase } from "../../src/engine/database.ts";
import { temporaryFolder, testEngine } from "../support/engine.ts";
import { brokenInvariants } from "../support/engine-invariants.ts";

/** `CRASHES=100 npx vitest run test/conformance/crash` for more. */
const CRASHES = Number(process.env["CRASHES"] ?? 4);
const VICTIM = fileURLToPath(new URL("../support/engine-under-load.ts", import.meta.url));

/** What the file must show for a step that was acknowledged. Rows that came later in a promise's life are fine. */
const PROOFS: Record<string, string> = {
  created: "SELECT 1 FROM promises WHERE id = $id",
  acquired: "SELECT 1 FROM tasks WHERE id = $id AND version >= 1",
  fenced: "SELECT 1 FROM promises WHERE id = $id || ':0'",
  suspended: "SELECT 1 FROM tasks WHERE id = $id AND (state = 'suspended' OR resumes > 0 OR version = 2)",
  decided: "SELECT 1 FROM promises WHERE id = $id || ':0' AND state = 'resolved' AND value_data = $value",
  resumed: "SELECT 1 FROM tasks WHERE id = $id AND version = 2",
  ended: "SELECT 1 FROM promises WHERE id = $id AND state = 'resolved'",
};

test(`after kill -9 under load everything acknowledged is there, ${CRASHES} times over`, async () => {
  const dataDir = temporaryFolder();
  const acknowledged: string[] = [];
  for (let life = 0; life < CRASHES; life += 1) {
    const victim = spawn(execPath, [VICTIM, dataDir, `${life}`], { stdio: ["ignore", "pipe", "inherit"] });
    const exited = once(victim, "exit");
    const before = acknowledged.length;
    // Not a round number: the kill is to fall anywhere within a transaction.
    const enough = before + 300 + Math.floor(Math.random() * 1_500);
    for await (const line of createInterface(victim.stdout)) {
      acknowledged.push(line);
      if (acknowledged.length === enough) victim.kill("SIGKILL");
    }
    expect(await exited).toEqual([null, "SIGKILL"]);

    const db = openDatabase(join(dataDir, "engine.db"));
    const proofs = Object.fromEntries(Object.entries(PROOFS).map(([step, sql]) => [step, db.prepare(sql)]));
    const lost = acknowledged.slice(before).filter((line) => {
      const [id = "", step = ""] = line.split(" ");
      const value = step === "decided" ? { value: Buffer.from(id).toString("base64") } : {};
      return proofs[step]?.get({ id, ...value }) === undefined;
    });
    expect(lost).toEqual([]);
    expect(brokenInvariants(db)).toEqual({});
    expect(db.prepare("PRAGMA integrity_check").get()).toEqual({ integrity_check: "ok" });
    db.close();
  }
  // And the engine takes the folder over where the last one left it.
  await testEngine({ dataDir }).close();
}, 60_000);
