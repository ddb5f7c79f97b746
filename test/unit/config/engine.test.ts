import { describe, expect, test } from "vitest";
import { loadConfig } from "../../../src/config/config.ts";
import { problemsOf } from "./problems.ts";

describe("engineConfig()", () => {
  test.each([
    [undefined, 90 * 86_400_000],
    ["PT1H", 3_600_000],
    ["PT2H", 7_200_000],
    ["P1W", 7 * 86_400_000],
    // Ten years from 1970 on have two leap days.
    ["P10Y", 3_652 * 86_400_000],
    ["off", undefined],
  ])("keeps what has ended for RETENTION=%s", (RETENTION, keepMs) => {
    expect(loadConfig({ RETENTION }).engine).toMatchObject({ kind: "embedded", keepMs });
  });

  test.each(["PT59M59S", "P10YT1S", "P11Y", "90", "-P1D"])("refuses RETENTION=%s", (RETENTION) => {
    expect(problemsOf({ RETENTION }).join()).toBe(
      "RETENTION must be off, or a duration from PT1H to P10Y such as P90D",
    );
  });

  test("gives workflows on a server over the network a longer lease", () => {
    expect(loadConfig({ RESONATE_URL: "http://127.0.0.1:8001" }).worker.leaseMs).toBe(60_000);
  });

  test.each(["a\nb", "tökén", "two words"])("refuses %j as RESONATE_TOKEN, without repeating it", (token) => {
    const env = { RESONATE_URL: "http://127.0.0.1:8001", RESONATE_TOKEN: token };
    expect(problemsOf(env)).toEqual([
      "RESONATE_TOKEN must be letters, digits and signs of ASCII without blanks and line breaks",
    ]);
  });

  test("lets only the process that holds the engine do without its port", () => {
    expect(problemsOf({ ENGINE_PORT: "0" })).toEqual([]);
    for (const role of ["gateway", "worker", "engine", "cli"] as const) {
      expect(problemsOf({ ENGINE_PORT: "0" }, role), role).toEqual([expect.stringContaining("ENGINE_PORT")]);
    }
    expect(problemsOf({ ENGINE_PORT: "0", RESONATE_URL: "http://127.0.0.1:1" }, "worker")).toEqual([]);
    expect(problemsOf({ RESONATE_URL: "http://127.0.0.1:1" }, "engine")).toHaveLength(1);
  });
});
