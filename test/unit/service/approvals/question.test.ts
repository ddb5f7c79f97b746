import { expect, test } from "vitest";
import { ballotId, childId, endId } from "../../../../src/approval/ids.ts";
import type { Durable, StoredPromise } from "../../../../src/durable/durable.ts";
import { standsOf } from "../../../../src/gateway/pages/asked.ts";
import { readQuestion } from "../../../../src/service/approvals/question.ts";

const BALLOT = ballotId("po-1", 1);
const OTHER = ballotId("po-1", 2);
const THIRD = ballotId("po-1", 3);
const END = endId("po-1");

const request = {
  title: "Order 40 laptops",
  details: [],
  approvers: [{ email: "ana@example.com" }, { email: "bo@example.com" }, { email: "cy@example.com" }],
  require: "any",
  rejection: "veto",
  deadline: "P7D",
  onDeadline: "expire",
  metadata: {},
};
const ballot = {
  kind: "ballot",
  approval: "po-1",
  n: 1,
  approver: { email: "ana@example.com" },
  recipient: "r1",
  gen: 0,
};
const answer = {
  kind: "decision",
  choice: "approve",
  by: "ana@example.com",
  door: "mail",
  nonce: "n1",
};
const closed = {
  kind: "closed",
  outcome: "approved",
  reason: "1 of 1 needed approvals were given",
  answered: [1],
};

function pending(id: string, kind: string, param: unknown): StoredPromise {
  const tags = { "countersign:kind": kind };
  return { id, state: "pending", param, value: undefined, tags, createdAt: 1_000, timeoutAt: 10 ** 9 };
}

function resolved(promise: StoredPromise, value: unknown, settledAt: number): StoredPromise {
  return { ...promise, state: "resolved", value, settledAt };
}

/** A store of one approval with one open ballot, and a hook that runs when the first reading of it is over. */
function store(afterFirstReading: (settle: (id: string, value: unknown, atMs: number) => void) => void) {
  const promises = new Map<string, StoredPromise>([
    ["po-1", pending("po-1", "approval", { func: "approval", args: [request], version: 1 })],
    [END, pending(END, "end", undefined)],
    [BALLOT, pending(BALLOT, "ballot", ballot)],
    [OTHER, pending(OTHER, "ballot", { ...ballot, n: 2, approver: { email: "bo@example.com" } })],
    [THIRD, pending(THIRD, "ballot", { ...ballot, n: 3, approver: { email: "cy@example.com" } })],
  ]);
  const reads: string[] = [];
  const durable: Pick<Durable, "read" | "children"> = {
    async children(id) {
      const children = await Promise.all([0, 1, 2, 3, 4].map((n) => this.read(childId(id, n))));
      return children.filter((child) => child !== undefined);
    },
    async read(id) {
      const found = promises.get(id);
      if (reads.push(id) === 1) {
        afterFirstReading((name, value, atMs) => {
          const promise = promises.get(name);
          if (promise !== undefined) promises.set(name, resolved(promise, value, atMs));
        });
      }
      return found;
    },
  };
  return { durable: durable as Durable, reads };
}

test("readQuestion() shows the answer that came after the ballot was read and before the approval ended", async () => {
  const { durable, reads } = store((settle) => {
    settle(BALLOT, answer, 2_000);
    settle(END, closed, 2_001);
    settle("po-1", { kind: "outcome" }, 2_002);
  });
  const question = await readQuestion(durable, BALLOT);
  expect(question?.standing).toEqual({
    kind: "decided",
    decision: answer,
    atMs: 2_000,
    outcome: "approved",
  });
  expect(question && standsOf(question)).toMatchObject({
    kind: "decided",
    answer: { value: "approve", effect: "approve" },
    by: "ana@example.com",
  });
  expect(reads).toEqual(["po-1", END, BALLOT, OTHER, THIRD, "po-1:4"]);
});

test("readQuestion() tells how it ended when nobody answered before the end, and reads no more than it must", async () => {
  const ended = store((settle) => settle(END, { ...closed, outcome: "expired" }, 2_000));
  const question = await readQuestion(ended.durable, BALLOT);
  expect(question?.standing).toEqual({
    kind: "closed",
    because: "expired",
    atMs: 2_000,
    outcome: "expired",
  });

  const open = store(() => {});
  expect((await readQuestion(open.durable, BALLOT))?.standing).toEqual({ kind: "open" });
  expect(open.reads).toEqual(["po-1", END, BALLOT, OTHER, THIRD, "po-1:4"]);
});

const cancellation = { kind: "cancelled", nonce: "n2" };
const withdrawn = { kind: "withdrawn" };
const veto = { ...answer, choice: "reject", by: "bo@example.com" };

test("readQuestion() does not count an answer that came after a cancellation, nor foretell the end too early", async () => {
  const { durable } = store((settle) => {
    settle(END, cancellation, 2_000);
    settle(BALLOT, answer, 2_001);
  });
  expect((await readQuestion(durable, BALLOT))?.standing).toEqual({
    kind: "closed",
    because: "closing",
    atMs: 2_000,
  });
});

test("readQuestion() tells how a cancelled approval ends, once its ballots are closed: by the answers of before", async () => {
  const before = store((settle) => {
    settle(OTHER, veto, 2_000);
    settle(END, cancellation, 2_001);
    settle(BALLOT, withdrawn, 2_002);
    settle(THIRD, withdrawn, 2_002);
  });
  expect((await readQuestion(before.durable, BALLOT))?.standing).toEqual({
    kind: "closed",
    because: "rejected",
    atMs: 2_001,
    outcome: "rejected",
  });
  const after = store((settle) => {
    settle(END, cancellation, 2_000);
    settle(OTHER, veto, 2_001);
    settle(BALLOT, withdrawn, 2_002);
    settle(THIRD, withdrawn, 2_002);
  });
  expect((await readQuestion(after.durable, BALLOT))?.standing).toMatchObject({ because: "cancelled" });
});
