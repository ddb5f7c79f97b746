/** The worked example of docs/actions.md: whoever computes it by the page comes to what the product does. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import canonicalize from "canonicalize";
import { expect, test } from "vitest";
import { digestOf, outcomeAction } from "../../../src/approval/action.ts";
import { ACTION_LIMITS } from "../../../src/approval/action-schema.ts";
import type { ApprovalRequest } from "../../../src/approval/approval.ts";
import { argumentRows } from "../../../src/approval/argument-rows.ts";
import { edited } from "../../../src/approval/editing.ts";
import { parseApprovalRequest } from "../../../src/approval/request.ts";
import { ruleOf } from "../../../src/approval/rule.ts";
import { callbackUrlProblem } from "../../support/callbacks.ts";

const page = readFileSync("docs/actions.md", "utf8");
const [request, several, marked, object, outcome] = [...page.matchAll(/```json\n(.*?)```/gsu)].map(
  ([, text = ""]) => JSON.parse(text) as Record<string, unknown>,
);
const unedited = (request: ApprovalRequest) => ({ proposed: request, approved: request });
const pay = request?.["action"] as { readonly arguments: object };
const nowMs = Date.parse("2026-11-21T12:00:00.000Z");
const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");

test("the request is accepted, and its digest is that of the page's object", () => {
  const parsed = parseApprovalRequest(request, { nowMs, callbackUrlProblem });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  const terms = { approval: "pay-7", ...parsed.terms };
  expect(object?.["nonce"]).toBe(sha256(`["pay-7",${nowMs}]`));
  const digest = sha256(canonicalize(object) ?? "");
  expect(digestOf(parsed.value, terms)).toBe(digest);
  expect(page).toContain(`its digest is \`${digest}\``);
  expect({
    outcome: "approved",
    ...outcomeAction(unedited(parsed.value), terms, { outcome: "approved", decisions: [] }),
  }).toEqual(outcome);
});

test("the request with items is accepted", () => {
  expect(parseApprovalRequest(several, { nowMs, callbackUrlProblem })).toMatchObject({ ok: true });
});

test("the schema with a mark lets the amount be changed, and nothing else", () => {
  const parsed = parseApprovalRequest(
    { ...request, action: { ...pay, schema: marked } },
    { nowMs, callbackUrlProblem },
  );
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  const fields = (given: object) => {
    const held = edited(parsed.value, [{ arguments: { ...pay.arguments, ...given } }]);
    return held.ok ? [] : held.problems.map(({ field }) => field);
  };
  expect(fields({ amount: 5000 })).toEqual([]);
  expect(fields({ amount: 5001 })).toEqual(["/arguments/amount"]);
  expect(fields({ to: "DE00" })).toEqual(["/arguments/to"]);
  expect(ruleOf(parsed.value).rounds).toBe(3);
});

test("the table of what is shown is what is shown", () => {
  const rows = [...page.matchAll(/^\| `(\{.*?\})` \| `(.+?)`, `(.+?)`/gmu)];
  expect(rows).toHaveLength(8);
  for (const [, given = "", label, value] of rows) {
    expect(argumentRows(JSON.parse(given) as Record<string, unknown>)).toMatchObject([{ label, value }]);
  }
});

test("the limits are those of the product", () => {
  const { bytesMax, valuesMax, depthMax, toolMax, targetMax, audienceMax } = ACTION_LIMITS;
  for (const text of [
    `at most ${bytesMax / 1024} KiB in the form of RFC 8785`,
    `at most ${valuesMax} single values`,
    `at most ${depthMax} levels deep`,
    `a name that its program knows: one line of at most ${toolMax} characters`,
    `such as a system or an account: one line of at most ${targetMax} characters`,
    `that alone may run it: one line of at most ${audienceMax} characters`,
  ]) {
    expect(page.replaceAll(/\s+/gu, " ")).toContain(text);
  }
});
