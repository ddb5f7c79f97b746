/** What pages of large approvals ask for again and again is worked out once. */
import { expect, test } from "vitest";
import { ballotOf, decisionOf, withdrawalOf } from "../../../src/approval/stored.ts";
import { markdownForPage } from "../../../src/lib/markdown.ts";

const decision = { kind: "decision", choice: "approve", by: "ana@example.com", door: "mail", nonce: "n" };
const param = {
  kind: "ballot",
  approval: "po-1",
  n: 1,
  approver: { email: "ana@example.com" },
  recipient: "rcp",
  gen: 0,
};
const record = {
  id: "po-1:1",
  state: "resolved",
  param,
  value: decision,
  tags: { "countersign:kind": "ballot" },
  createdAt: 0,
  timeoutAt: 9,
} as const;

test("a stored value is read once, whichever record has it", () => {
  expect(decisionOf(record)).toMatchObject({ choice: "approve" });
  expect(decisionOf({ ...record })).toBe(decisionOf(record));
  expect(ballotOf({ ...record })).toBe(ballotOf(record));
  // It is not for that a value of another kind, nor the value of a promise that is not resolved.
  expect(withdrawalOf(record)).toBeUndefined();
  expect(decisionOf({ ...record, state: "pending" })).toBeUndefined();
  expect(decisionOf({ ...record, value: { ...decision, choice: 7 } })).toBeUndefined();
});

test("the last fifty summaries are rendered once", () => {
  const source = "- **one**";
  const html = markdownForPage(source);
  expect(markdownForPage(source)).toBe(html);
  for (let i = 0; i < 49; i += 1) markdownForPage(`- ${i}`);
  expect(markdownForPage(source)).toBe(html);
  for (let i = 0; i < 50; i += 1) markdownForPage(`- ${i}`);
  expect(markdownForPage(source)).not.toBe(html);
  expect(markdownForPage(source)).toEqual(html);
});
