import { describe, expect, test } from "vitest";
import { loadConfig } from "../../../src/config/config.ts";
import { problemsOf } from "./problems.ts";

const RESONATE_URL = "http://127.0.0.1:8001";

describe("INDEX_URL", () => {
  test("is a database of PostgreSQL beside a Resonate Server, and a secret", () => {
    const url = "postgres://countersign:pass%20word@db.internal:5433/lists?sslmode=verify-full";
    const { indexUrl } = loadConfig({ RESONATE_URL, INDEX_URL: url });
    expect(indexUrl?.reveal()).toBe(url);
    expect(String(indexUrl)).toBe("[secret]");
    expect(loadConfig({ RESONATE_URL, INDEX_URL: "postgresql://db/lists" }).indexUrl?.reveal()).toBe(
      "postgresql://db/lists",
    );
    expect(loadConfig({ RESONATE_URL, INDEX_URL: " " }).indexUrl).toBeUndefined();
  });

  test.each([
    ["mysql://db/lists", /^INDEX_URL must be a URL that starts with postgres:\/\/ or postgresql:\/\/$/u],
    ["db/lists", /^INDEX_URL must be a URL/u],
    ["postgres:///lists", /^INDEX_URL must be a URL/u],
    ["postgres://user:secret@db", /^INDEX_URL must end with the name of a database: /u],
    ["postgres://user:secret@db/", /^INDEX_URL must end with the name of a database: /u],
  ])("cannot be %s, and says so without what may be a password", (url, problem) => {
    const problems = problemsOf({ RESONATE_URL, INDEX_URL: url });
    expect(problems).toEqual([expect.stringMatching(problem)]);
    expect(problems.join()).not.toContain("secret");
  });

  test("is not for the embedded engine, which keeps its own index", () => {
    expect(problemsOf({ INDEX_URL: "postgres://db/lists" })).toEqual([
      "INDEX_URL is for a Resonate Server, so it needs RESONATE_URL: the embedded engine keeps its index in its own file",
    ]);
  });
});
