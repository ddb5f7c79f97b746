import type { Context } from "@resonatehq/sdk";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { defineWorkflow } from "../../../../worker/authoring/define-workflow.ts";
import { requestApproval } from "../../../../worker/authoring/request-approval.ts";
import { checkout } from "../../../../worker/examples/checkout.ts";
import { purchase } from "../../../../worker/examples/purchase.ts";
import { type Asked, testWorkflow } from "../../../../worker/testing/index.ts";

const buy = { name: "buy", run: purchase };
const order = { item: "laptop", amount: 900, buyer: "bo@example.com", approvers: ["ana@example.com"] };
const START = Date.parse("2030-01-01T09:00:00Z");
const DAY_MS = 24 * 3_600_000;

/** Asks several people, and answers the outcome. */
const ask = {
  name: "ask",
  *run(ctx: Context, request: object): Generator<unknown, { outcome: string; votes: number }> {
    const { outcome, decisions } = yield* requestApproval(ctx, {
      title: "Deploy",
      approvers: ["ana@example.com", "bo@example.com", "cy@example.com"],
      ...request,
    });
    return { outcome, votes: decisions.length };
  },
};

describe("testWorkflow()", () => {
  it("runs the steps on both sides of an approval", async () => {
    const run = await testWorkflow(buy, { input: order, approver: () => "approve" });
    expect(run.value).toEqual({ status: "ordered", because: "approved", reference: "order-test:3" });
    expect(run.asked).toMatchObject([
      { title: "Buy laptop", approver: { email: "ana@example.com" }, approval: "test:2" },
    ]);
    expect(run.approvals).toMatchObject([{ outcome: "approved", decisions: [{ email: "ana@example.com" }] }]);
    expect(run.endedAt).toEqual(run.startedAt);
  });

  it("asks about an action, and tells the workflow what it may run", async () => {
    const pay = {
      name: "pay",
      *run(ctx: Context, amount: number): Generator<unknown, unknown> {
        const action = {
          tool: "pay",
          arguments: { amount },
          schema: { properties: { amount: { maximum: 5 } } },
        };
        const { outcome, action: told } = yield* requestApproval(ctx, {
          title: "Pay",
          approvers: ["ana@example.com"],
          action,
        });
        return { outcome, run: told?.arguments };
      },
    };
    const { value } = await testWorkflow(pay, { input: 5, approver: () => "approve" });
    expect(value).toEqual({ outcome: "approved", run: { amount: 5 } });
    const refused = await testWorkflow(pay, { input: 5, approver: () => "reject" });
    expect(refused.value).toEqual({ outcome: "rejected" });
    await expect(testWorkflow(pay, { input: 6 })).rejects.toThrow(
      "/action/arguments/amount must fit the schema",
    );
  });

  it("lets days pass without waiting for them", async () => {
    const run = await testWorkflow(buy, { input: order });
    expect(run.value).toMatchObject({ status: "dropped", because: "expired" });
    expect(run.endedAt.getTime() - run.startedAt.getTime()).toBe(5 * DAY_MS);
  });

  it("answers after the time that the approver takes, unless the deadline was faster", async () => {
    const after = (time: string) =>
      testWorkflow(buy, { input: order, approver: () => ({ choice: "approve", after: time }) });
    const early = await after("P4DT23H59M");
    expect(early.value.because).toBe("approved");
    expect(early.approvals[0]?.decisions[0]?.at).toBe("2030-01-06T08:59:00.000Z");
    expect((await after("P5D")).value.because).toBe("expired");
    expect((await after("P6D")).value.because).toBe("expired");
  });

  it("ends with a veto, whoever approves later", async () => {
    const { value } = await testWorkflow(ask, {
      input: { require: "all" },
      approver: ({ approver }) =>
        approver.email === "bo@example.com"
          ? { choice: "reject", comment: "Not on a Friday", after: "PT2H" }
          : { choice: "approve", after: approver.email === "ana@example.com" ? "PT1H" : "PT3H" },
    });
    expect(value).toEqual({ outcome: "rejected", votes: 2 });
  });

  it("counts the others where one rejection is no veto", async () => {
    const { value } = await testWorkflow(ask, {
      input: { require: 2, rejection: "majority" },
      approver: async ({ approver }: Asked) => (approver.email === "ana@example.com" ? "reject" : "approve"),
    });
    expect(value).toEqual({ outcome: "approved", votes: 3 });
  });

  it("plays a cancellation", async () => {
    const startedAt = performance.now();
    await testWorkflow(buy, { input: order });
    const before = performance.now();
    const run = await testWorkflow(buy, {
      input: order,
      approver: () => ({ choice: "cancel", comment: "no budget", after: "P1D" }),
    });
    expect(run.value.because).toBe("cancelled");
    expect(run.approvals[0]?.reason).toBe("It was cancelled: no budget");
    expect(run.endedAt).toEqual(new Date(START + DAY_MS));
    // No wait of the service for a worker that had long been done, which would be 2 s more than any other run takes.
    expect(performance.now() - before).toBeLessThan(1_500 + 5 * (before - startedAt));
  });

  it("lets sleeps of months pass, and tells the workflow what time it is", async () => {
    const sleeper = {
      name: "sleeper",
      *run(ctx: Context, days: number): Generator<unknown, string> {
        for (let day = 0; day < days; day += 1) yield* ctx.sleep(DAY_MS);
        const now: number = yield* ctx.date.now();
        return new Date(now).toISOString();
      },
    };
    const { value } = await testWorkflow(sleeper, { input: 60, now: "2026-03-01T00:00:00Z" });
    expect(value).toBe("2026-04-30T00:00:00.000Z");
  });

  it("delivers a webhook, before or while the workflow waits for it", async () => {
    const pay = { name: "pay", run: checkout };
    const input = { order: "o1", amountCents: 1_000 };
    const paid = { source: "stripe", match: { order: "o1" }, value: { paid: true } };
    for (const after of ["PT0S", "P1D"]) {
      const { value } = await testWorkflow(pay, { input, webhooks: [{ ...paid, after }] });
      expect(value).toEqual({ status: "shipped", because: "paid" });
    }
    const { value } = await testWorkflow(pay, { input, webhooks: [{ ...paid, after: "P4D" }] });
    expect(value.because).toBe("nobody paid in time");
  });

  it("runs workflows that the tested one calls", async () => {
    const caller = {
      name: "caller",
      *run(ctx: Context, input: typeof order): Generator<unknown, string> {
        const { because } = yield* ctx.rpc<{ because: string }>(
          "buy",
          input,
          ctx.options({ target: "worker", timeout: 20 * DAY_MS }),
        );
        return because;
      },
    };
    const run = await testWorkflow(caller, { input: order, workflows: [buy], approver: () => "reject" });
    expect(run.value).toBe("rejected");
  });

  it("throws what the workflow throws", async () => {
    const failing = {
      name: "failing",
      // biome-ignore lint/correctness/useYield: it fails before it waits
      *run(): Generator<unknown, void> {
        throw new Error("No budget left");
      },
    };
    await expect(testWorkflow(failing, { input: undefined })).rejects.toMatchObject({
      name: "WorkflowFailed",
      status: "rejected",
      message: expect.stringContaining("No budget left"),
    });
  });

  it("checks the argument by the workflow's schema, as a worker does", async () => {
    const strict = defineWorkflow({
      name: "strict",
      input: z.object({ item: z.string().min(1), pieces: z.int().default(1) }),
      // biome-ignore lint/correctness/useYield: it has nothing to wait for
      *run(_ctx, { item, pieces }) {
        return `${pieces} ${item}`;
      },
    });
    expect((await testWorkflow(strict, { input: { item: "desk", pieces: 2 } })).value).toBe("2 desk");
    expect((await testWorkflow(strict, { input: { item: "desk" } as never })).value).toBe("1 desk");
    await expect(testWorkflow(strict, { input: { item: "", pieces: 1 } })).rejects.toMatchObject({
      name: "WorkflowFailed",
      message: expect.stringContaining("argument.item"),
    });
  });

  it("throws when the workflow's time is over", async () => {
    const forever = {
      name: "forever",
      *run(ctx: Context): Generator<unknown, void> {
        yield* ctx.sleep(30 * DAY_MS);
      },
    };
    await expect(testWorkflow(forever, { input: undefined, timeout: "P7D" })).rejects.toMatchObject({
      status: "timedout",
      message: "The workflow forever was not over when its time was",
    });
  });

  it("throws what the approver throws", async () => {
    const approver = () => {
      throw new Error("Nobody expected this mail");
    };
    await expect(testWorkflow(buy, { input: order, approver })).rejects.toThrow("Nobody expected this mail");
  });

  it("gives up a workflow whose step fails over and over, and says why", async () => {
    const stuck = {
      name: "stuck",
      *run(ctx: Context): Generator<unknown, void> {
        yield* ctx.run(function order_laptop() {
          throw new Error("The shop is closed");
        });
      },
    };
    await expect(testWorkflow(stuck, { input: undefined, limitMs: 300 })).rejects.toThrow(
      /^The workflow stuck is not over after 300 ms of real time .*The shop is closed/u,
    );
  });

  it.each([
    ["now", { now: "tomorrow" }, "now must be a Date or an ISO 8601 instant"],
    ["timeout", { timeout: "7 days" }, "timeout must be an ISO 8601 duration such as P2D or PT1H"],
    ["reaction", { approver: () => "yes" as never }, 'not "yes"'],
    [
      "after",
      { approver: () => ({ choice: "approve" as const, after: "soon" }) },
      "after must be an ISO 8601 duration",
    ],
    [
      "comment",
      { approver: () => ({ choice: "approve" as const, comment: 7 as never }) },
      "comment must be a text, not 7",
    ],
    ["workflows", { workflows: [buy] }, "workflows must not hold two of the same name"],
    ["name", { workflows: [{ name: "approval", run: purchase }] }, "Countersign has a workflow of its own"],
    ["webhooks", { webhooks: [{ source: "", match: {} }] }, "webhooks[0] must name a source"],
  ])("refuses a bad %s", async (_, options, message) => {
    await expect(testWorkflow(buy, { input: order, ...options })).rejects.toThrow(message);
  });

  it("runs many tests at once, each in a world of its own", async () => {
    const runs = await Promise.all(
      Array.from({ length: 20 }, (_, i) =>
        testWorkflow(buy, { input: order, approver: () => ({ choice: "approve", after: `PT${i + 1}H` }) }),
      ),
    );
    expect(runs.map(({ endedAt }) => (endedAt.getTime() - START) / 3_600_000)).toEqual(
      Array.from({ length: 20 }, (_, i) => i + 1),
    );
  });
});
