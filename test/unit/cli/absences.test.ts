import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { run } from "../../../src/cli/main.ts";
import { openEngine } from "../../../src/engine/engine.ts";
import { serveEngine } from "../../../src/engine/serve/http.ts";
import { temporaryFolder } from "../../support/engine.ts";

it("countersign absences adds, lists and removes rules, and names the option that is wrong", async () => {
  const dataDir = temporaryFolder();
  const engine = openEngine({ dataDir });
  writeFileSync(join(dataDir, "engine.token"), "token");
  const server = await serveEngine(engine, { port: 0, token: "token" });
  const absences = async (...args: string[]) => {
    let [out, err] = ["", ""];
    const code = await run(["absences", ...args], {
      env: { DATA_DIR: dataDir, ENGINE_PORT: String(server.port) },
      isTerminal: false,
      out: (text) => void (out += text),
      err: (text) => void (err += text),
    });
    return { code, out, err };
  };
  const add = (...more: string[]) =>
    absences("add", "--person", "ana@example.com", "--to", "bo@example.com", ...more);
  try {
    const made = await add("--until", "P9D", "--note", "Leave");
    expect(made.code, made.err).toBe(0);
    const rule = JSON.parse(made.out) as { id: string };
    expect(rule).toMatchObject({ person: { email: "ana@example.com" }, note: "Leave" });
    expect(JSON.parse((await absences("list")).out)).toEqual([rule]);
    expect(JSON.parse((await absences("list", "--person", "bo@example.com")).out)).toEqual([]);

    for (const [args, said] of [
      [[], "--until is missing"],
      [["--until", "2030-01-20"], "--time-zone is required beside a date"],
      [["--until", "P9D"], "--from must not overlap"],
      [["--from", "1969-12-31T00:00:00Z", "--until", "P9D"], "--from must not be more than a year ago"],
    ] as const) {
      const { code, err } = await add(...args);
      expect([code, err]).toEqual([2, expect.stringContaining(said)]);
    }
    expect(await absences("list", "--person", "ana")).toMatchObject({ code: 2 });

    expect(await absences("remove", rule.id)).toMatchObject({ code: 0 });
    expect(await absences("remove", rule.id)).toMatchObject({ code: 3 });
    expect(JSON.parse((await absences("list")).out)).toEqual([]);
  } finally {
    await server.close();
    await engine.close();
  }
});
