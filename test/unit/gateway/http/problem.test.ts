import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { problemType } from "../../../../src/gateway/http/problem.ts";
import { ERRORS, type ErrorCode } from "../../../../src/lib/errors.ts";

test("docs/http.md describes every problem with its status, and no other", () => {
  const text = readFileSync(new URL("../../../../docs/http.md", import.meta.url), "utf8");
  const rows = [...text.matchAll(/^\| `(\/problems\/[a-z-]+)` \| (\d{3}) \| (yes|no) \|/gm)];
  const described = rows.map(([, type, status, later]) => ({
    type,
    status: Number(status),
    retryable: later === "yes",
  }));
  const codes = Object.keys(ERRORS) as ErrorCode[];
  const known = codes.map((code) => {
    const { status, retryable } = ERRORS[code];
    return { type: problemType(code), status, retryable };
  });
  expect(described).toHaveLength(known.length);
  expect(new Set(described.map((row) => JSON.stringify(row)))).toEqual(
    new Set(known.map((row) => JSON.stringify(row))),
  );
});
