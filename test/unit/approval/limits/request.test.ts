/** A request for a standing approval: limits in place of the arguments of its action. */
import { describe, expect, test } from "vitest";
import { digestOf, outcomeAction } from "../../../../src/approval/action.ts";
import { edited } from "../../../../src/approval/editing.ts";
import { differingFields } from "../../../../src/approval/meaning.ts";
import { parseApprovalRequest } from "../../../../src/approval/request.ts";
import { parseInteroperableJson } from "../../../../src/lib/exact-json.ts";
import { callbackUrlProblem } from "../../../support/callbacks.ts";

const nowMs = Date.parse("2026-11-21T12:00:00Z");
const standing = {
  limits: { "/amount": { max: 500 }, "/currency": { fixed: "EUR" } },
  uses: 100,
  total: { argument: "/amount", max: 5_000 },
};
const refunds = { tool: "refunds.pay", standing, reversible: "costly", validFor: "P30D" };

function parse(action: unknown, more: object = {}) {
  const asked = action === undefined ? {} : { action };
  const body = { title: "Small refunds", approvers: ["ana@example.com"], ...asked, ...more };
  return parseApprovalRequest(body, { nowMs, callbackUrlProblem, mayApproveByDeadline: true });
}

function accepted(action: unknown) {
  const parsed = parse(action);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  return parsed.value;
}

/** `field: message` of every problem. */
function problems(action: unknown, more: object = {}): string[] {
  const parsed = parse(action, more);
  return parsed.ok ? [] : parsed.problems.map(({ field, message }) => `${field}: ${message}`);
}

test("is taken whole, and compared by what it means", () => {
  const request = accepted(refunds);
  expect(request.action).toEqual(refunds);
  const stored = { request, terms: { deadlineAtMs: nowMs + 7 * 86_400_000 } };
  expect(differingFields(stored, accepted({ ...refunds, validFor: "PT720H" }))).toEqual([]);
  expect(differingFields(stored, accepted({ ...refunds, standing: { ...standing, uses: 99 } }))).toEqual([
    "action",
  ]);
});

test("its limits are bound by the digest, and the outcome names no arguments", () => {
  const terms = { approval: "r-1", startedAtMs: nowMs, deadlineAtMs: nowMs };
  const request = accepted(refunds);
  const digest = digestOf(request, terms);
  const wider = accepted({ ...refunds, standing: { ...standing, limits: { "/amount": { max: 501 } } } });
  expect(digestOf(wider, terms)).not.toBe(digest);
  expect(
    outcomeAction({ proposed: request, approved: request }, terms, { outcome: "approved", decisions: [] }),
  ).toEqual({
    action: { digest },
  });
});

test("nobody changes its limits", () => {
  const problem = "must be left out: a standing approval has limits, which nobody may change";
  expect(edited(accepted(refunds), [{ arguments: {} }])).toEqual({
    ok: false,
    problems: [{ field: "arguments", message: problem }],
  });
});

describe("refused is", () => {
  test.each<[string, unknown, string]>([
    ["neither arguments nor limits", { tool: "x" }, "action.arguments: is required"],
    [
      "arguments beside limits",
      { ...refunds, arguments: {} },
      "action.arguments: cannot stand beside standing, whose limits say what they can be",
    ],
    [
      "a schema beside limits",
      { ...refunds, schema: {} },
      "action.schema: cannot stand beside standing, whose limits say what arguments can be",
    ],
    [
      "what cannot be undone",
      { ...refunds, reversible: "no" },
      'action.reversible: must be "yes" or "costly" beside standing: what cannot be undone is approved each time',
    ],
    [
      "what says nothing of that",
      { tool: "x", standing },
      'action.reversible: must be "yes" or "costly" beside standing: what cannot be undone is approved each time',
    ],
    [
      "more than 30 days",
      { ...refunds, validFor: "P31D" },
      "action.validFor: must be from PT1M to P30D, such as P1D",
    ],
    [
      "a limit that is none",
      { ...refunds, standing: { limits: { "/amount": {} }, uses: 1 } },
      "action.standing.limits./amount: must have one of fixed, oneOf, max and maxLength",
    ],
    [
      "a value that cannot be shown",
      { ...refunds, standing: { limits: { "/x": { fixed: "a\u202eb" } }, uses: 1 } },
      "/action/standing/limits/~1x/fixed: must hold only characters that can be shown: U+202E is character 2",
    ],
    [
      "half a surrogate pair",
      { ...refunds, standing: { limits: { "/x": { oneOf: ["\ud800"] } }, uses: 1 } },
      "/action/standing/limits/~1x/oneOf/0: must be well-formed Unicode (it holds half a surrogate pair)",
    ],
    [
      "a number that a double cannot hold",
      {
        ...refunds,
        standing: { limits: { "/x": { fixed: parseInteroperableJson("12345678901234567890") } }, uses: 1 },
      },
      '/action/standing/limits/~1x/fixed: must be a number that JSON readers keep as it is (whole numbers to 9007199254740992, decimals of 15 digits): send "12345678901234567890", as text',
    ],
  ])("%s", (_what, action, problem) => {
    expect(problems(action)).toEqual([problem]);
  });

  test("an item that is one", () => {
    expect(problems(undefined, { items: [{ tool: "x", arguments: {} }, refunds] })).toEqual([
      "items[1].standing: must be left out of items: ask for it as the action",
    ]);
  });

  test("silence, which grants no standing approval", () => {
    expect(problems(refunds, { onDeadline: "approve" })).toEqual([
      "onDeadline: must be expire, reject or escalate: silence cannot grant a standing approval",
    ]);
  });
});
