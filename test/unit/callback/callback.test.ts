import { Webhook } from "standardwebhooks";
import { afterEach, describe, expect, test, vi } from "vitest";
import { callbacksStartedBy, detailCallback, viewCallback } from "../../../src/approval/stored-callback.ts";
import { RETRIES_MS } from "../../../src/callback/schedule.ts";
import { eventually, HANGS_MS } from "../../support/eventually.ts";
import { FakeClock } from "../../support/fake-clock.ts";
import { type Received, startReceiver } from "../../support/receiver.ts";
import { type CallbackRig, KEY, openCallbackRig, SECRET } from "./rig.ts";

afterEach(() => {
  vi.restoreAllMocks();
});

const types = (requests: readonly Received[]) => requests.map(({ event }) => event.type);

/** Ids of the callbacks that an approval has started, as its steps tell them. */
async function callbacksOf(rig: CallbackRig, approval: string): Promise<string[]> {
  return (await rig.durable.children(approval)).flatMap((child) => [...callbacksStartedBy(child)]);
}

async function views(rig: CallbackRig, approval: string) {
  const ids = await callbacksOf(rig, approval);
  const records = await Promise.all(ids.map((id) => rig.durable.read(id)));
  return records.map((record) => viewCallback(record!)!);
}

describe("an approval with a callbackUrl", () => {
  test("tells of the request, the answer and the end, each once, verified by the published library", async () => {
    await using receiver = await startReceiver();
    await using rig = openCallbackRig({ hosts: [`127.0.0.1:${receiver.port}`] });
    await rig.ask("po-1", { callbackUrl: receiver.url });
    await eventually("the request is told", () => receiver.requests.length === 1);
    await rig.answer("po-1", 1, "approve", "a secret comment");
    expect(await rig.outcome("po-1")).toMatchObject({ outcome: "approved" });
    await eventually("the end is told", () => receiver.ofType("approval.decided").length === 1);
    await eventually("all are delivered", async () =>
      (await views(rig, "po-1")).every(({ status }) => status === "delivered"),
    );
    expect(types(receiver.requests).sort()).toEqual([
      "approval.decided",
      "approval.requested",
      "ballot.decided",
    ]);
    for (const { body, headers } of receiver.requests) {
      expect(new Webhook(SECRET).verify(body, headers)).toEqual(JSON.parse(body));
      expect(body).not.toMatch(/@|secret comment/);
    }
    expect(receiver.ofType("approval.decided")[0]?.event).toEqual({
      type: "approval.decided",
      timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
      data: { approval: "po-1", outcome: "approved" },
    });
    expect(receiver.ofType("ballot.decided")[0]?.event).toMatchObject({
      data: { approval: "po-1", ballot: 1, choice: "approve" },
    });
    // Three callbacks of one attempt each, found with the approval.
    const callbacks = (await rig.stored("po-1")).filter((id) => id.includes(":callback~"));
    expect(callbacks).toHaveLength(6);
    const ids = receiver.requests.map(({ headers }) => headers["webhook-id"]);
    expect(new Set(ids).size).toBe(3);
    for (const id of ids) expect(id).toMatch(/^msg_[0-9a-f]{32}$/);
  });

  test("tells of an approval under webhook-ids of its own, although a deleted one had its id", async () => {
    await using receiver = await startReceiver();
    await using rig = openCallbackRig({ hosts: [`127.0.0.1:${receiver.port}`] });
    const tell = async () => {
      const before = receiver.requests.length;
      await rig.ask("po-1", { callbackUrl: receiver.url });
      await rig.answer("po-1", 1, "approve");
      await rig.outcome("po-1");
      await eventually("all are delivered", () => receiver.requests.length === before + 3);
    };
    await tell();
    await eventually("the first is deleted", async () => (await rig.forget()) > 0);
    await tell();
    // A receiver that remembers ids would otherwise ignore all that is said of the second.
    expect(new Set(receiver.requests.map(({ headers }) => headers["webhook-id"])).size).toBe(6);
  });

  test("tells each answer of many once, over several passes", async () => {
    await using receiver = await startReceiver();
    await using rig = openCallbackRig({ hosts: [`127.0.0.1:${receiver.port}`] });
    await rig.ask("po-2", {
      approvers: ["a@x.org", "b@x.org", "c@x.org"],
      require: "all",
      callbackUrl: receiver.url,
    });
    for (const n of [2, 1, 3]) {
      await rig.answer("po-2", n, "approve");
      await eventually(`answer ${n} is told`, () =>
        receiver
          .ofType("ballot.decided")
          .some(({ event }) => "ballot" in event.data && event.data.ballot === n),
      );
    }
    await rig.outcome("po-2");
    await eventually("the end is told", () => receiver.ofType("approval.decided").length === 1);
    expect(receiver.ofType("ballot.decided")).toHaveLength(3);
    expect(receiver.ofType("approval.requested")).toHaveLength(1);
  });

  test.each([
    ["approval.cancelled", { outcome: "cancelled" }],
    ["approval.expired", { outcome: "expired" }],
  ] as const)("tells %s", async (type, data) => {
    await using receiver = await startReceiver();
    await using rig = openCallbackRig({ hosts: [`127.0.0.1:${receiver.port}`] });
    await rig.ask("po-3", { callbackUrl: receiver.url }, type === "approval.expired" ? 300 : undefined);
    if (type === "approval.cancelled") await rig.cancel("po-3");
    await eventually("the end is told", () => receiver.ofType(type).length === 1);
    expect(receiver.ofType(type)[0]?.event.data).toEqual({ approval: "po-3", ...data });
    expect(receiver.ofType("approval.decided")).toHaveLength(0);
  });

  test("tells of an approver whom no mail reaches", async () => {
    await using receiver = await startReceiver();
    await using rig = openCallbackRig({
      hosts: [`127.0.0.1:${receiver.port}`],
      deliver: ({ approver }) =>
        approver.email.startsWith("gone")
          ? { status: "undeliverable", reason: "550 no gone@example.com here" }
          : { status: "sent", messageId: "<m@x>" },
    });
    await rig.ask("po-4", {
      approvers: ["ana@example.com", "gone@example.com"],
      callbackUrl: receiver.url,
    });
    await eventually("it is told", () => receiver.ofType("approval.delivery_failed").length === 1);
    const [failed] = receiver.ofType("approval.delivery_failed");
    expect(failed?.event.data).toEqual({ approval: "po-4", ballot: 2 });
  });

  test("ends at once though its receiver hangs, and so do 20 others on a worker with two places", async () => {
    await using receiver = await startReceiver(() => undefined);
    await using rig = openCallbackRig({
      hosts: [`127.0.0.1:${receiver.port}`],
      concurrency: 2,
      // So the first two attempts hold both places of callbacks for longer than anything here is waited for.
      sender: {
        post: { times: { connectMs: HANGS_MS, totalMs: 10 * HANGS_MS } },
      },
    });
    const ids = Array.from({ length: 20 }, (_, i) => `slow-${i}`);
    await Promise.all(ids.map((id) => rig.ask(id, { callbackUrl: receiver.url })));
    await Promise.all(ids.map((id) => rig.answer(id, 1, "approve")));
    await Promise.all(ids.map((id) => rig.outcome(id)));
    await eventually("both places hang", () => receiver.requests.length >= 2);
    expect(receiver.requests).toHaveLength(2);
  });
});

test("an approval that nobody is to be told of makes no promise more", async () => {
  await using rig = openCallbackRig();
  await rig.ask("po-5", {});
  await rig.answer("po-5", 1, "approve");
  await rig.outcome("po-5");
  // The end, the ballot, the mail. The last judgement is not stored.
  expect((await rig.stored("po-5")).sort()).toEqual(["po-5", "po-5:0", "po-5:1", "po-5:2"]);
  expect((await rig.durable.children("po-5"))[2]?.value).not.toHaveProperty("callbacks");
});

test("endpoints of the settings are told what they want to know, signed with all their secrets", async () => {
  await using billing = await startReceiver();
  await using audit = await startReceiver();
  const secrets = [1, 2].map((n) => Buffer.alloc(32, n));
  await using rig = openCallbackRig({
    hosts: [`127.0.0.1:${billing.port}`, `127.0.0.1:${audit.port}`],
    sender: {
      endpoints: [
        { name: "billing", url: billing.url, events: ["approval.decided"], secrets },
        { name: "audit", url: audit.url, events: undefined, secrets: secrets.slice(1) },
      ],
    },
  });
  await rig.ask("po-6", {});
  await rig.answer("po-6", 1, "reject");
  await rig.outcome("po-6");
  await eventually("both are told", () => billing.requests.length === 1 && audit.requests.length === 3);
  const [told] = billing.requests;
  expect(told?.headers["webhook-signature"]?.split(" ")).toHaveLength(2);
  for (const secret of secrets) {
    const webhook = new Webhook(`whsec_${secret.toString("base64")}`);
    expect(webhook.verify(told!.body, told!.headers)).toMatchObject({ data: { outcome: "rejected" } });
  }
  const same = audit.ofType("approval.decided")[0];
  expect(same?.headers["webhook-id"]).toBe(told?.headers["webhook-id"]);
  expect(() =>
    new Webhook(`whsec_${secrets[0]!.toString("base64")}`).verify(same!.body, same!.headers),
  ).toThrow();
  const shown = await views(rig, "po-6");
  expect(shown.map(({ to }) => to).sort()).toEqual(["audit", "audit", "audit", "billing"]);
});

describe("a callback", () => {
  test("is tried again with the same id and body and a new time, until the receiver takes it", async () => {
    await using receiver = await startReceiver((n) => (n < 3 ? 500 : 200));
    await using rig = openCallbackRig({
      hosts: [`127.0.0.1:${receiver.port}`],
      sender: { retriesMs: [1_100, 20, 20] },
    });
    await rig.begin("w1", "greet", "Ana", receiver.url);
    const ended = await rig.ended("w1:callback");
    expect(ended.value).toEqual({ kind: "callback", status: "delivered", attempts: 3, result: "2xx" });
    const { requests } = receiver;
    expect(new Set(requests.map(({ headers }) => headers["webhook-id"])).size).toBe(1);
    expect(new Set(requests.map(({ body }) => body)).size).toBe(1);
    expect(new Set(requests.map(({ headers }) => headers["webhook-timestamp"])).size).toBeGreaterThan(1);
    for (const { body, headers } of requests) new Webhook(SECRET).verify(body, headers);
    const details = detailCallback(ended, await rig.durable.children("w1:callback", 1));
    expect(details).toMatchObject({
      type: "workflow.completed",
      about: "w1",
      status: "delivered",
      attempts: 3,
      event: { data: { workflow: "w1", status: "resolved" } },
      log: [{ result: "5xx" }, { result: "5xx" }, { result: "2xx" }],
    });
  });

  test.each([
    [410, { status: "gone", attempts: 1, result: "4xx" }],
    [404, { status: "failed", attempts: 4, result: "4xx" }],
    [302, { status: "failed", attempts: 4, result: "3xx" }],
    [503, { status: "failed", attempts: 4, result: "5xx" }],
  ])(
    "to a receiver that answers %i ends as %o, and that is told once, without its address",
    async (status, end) => {
      await using receiver = await startReceiver(() => status);
      const failures: unknown[] = [];
      await using rig = openCallbackRig({
        hosts: [`127.0.0.1:${receiver.port}`],
        sender: { onFailure: (failed) => void failures.push(failed) },
      });
      await rig.begin("w2", "greet", "Ana", receiver.url);
      expect((await rig.ended("w2:callback")).value).toEqual({ kind: "callback", ...end });
      expect(receiver.requests).toHaveLength(end.attempts);
      const message = receiver.requests[0]?.headers["webhook-id"];
      expect(failures).toEqual([
        { type: "workflow.completed", about: "w2", message, to: "callbackUrl", ...end },
      ]);
    },
  );

  test("waits as long as a busy receiver asks", async () => {
    await using receiver = await startReceiver((n, _r, response) => {
      if (n > 1) return 200;
      response.writeHead(429, { "retry-after": "1" }).end();
      return undefined;
    });
    await using rig = openCallbackRig({ hosts: [`127.0.0.1:${receiver.port}`] });
    await rig.begin("w3", "greet", "Ana", receiver.url);
    await rig.ended("w3:callback");
    const [first, second] = receiver.requests;
    expect(second!.atMs - first!.atMs).toBeGreaterThanOrEqual(950);
  });

  test("to an address inside fails at once, and opens no connection", async () => {
    await using canary = await startReceiver();
    await using rig = openCallbackRig();
    await rig.begin("w4", "greet", "Ana", `https://127.0.0.1:${canary.port}/`);
    expect((await rig.ended("w4:callback")).value).toEqual({
      kind: "callback",
      status: "failed",
      attempts: 1,
      result: "blocked",
    });
    expect(canary.connections).toBe(0);
  });

  test("to an endpoint that the settings no longer have fails at its next attempt", async () => {
    await using receiver = await startReceiver(() => 500);
    const endpoints = [{ name: "old", url: receiver.url, events: undefined, secrets: [KEY] }];
    await using rig = openCallbackRig({
      hosts: [`127.0.0.1:${receiver.port}`],
      sender: { endpoints, retriesMs: [500] },
    });
    await rig.ask("po-7", {});
    await eventually("the first attempt", () => receiver.requests.length === 1);
    await rig.rest();
    endpoints.length = 0;
    rig.work();
    await eventually("it has failed", async () => {
      const [view] = await views(rig, "po-7");
      return view?.status === "failed" && view.result === "unknown" && view.to === "old";
    });
    expect(receiver.requests).toHaveLength(1);
  });

  test.each([
    ["rejected", "greet", 7, undefined],
    ["timedout", "nobody_knows_it_yet", 1, 50],
  ] as const)("tells of a workflow that ended as %s", async (status, func, arg, timeoutMs) => {
    await using receiver = await startReceiver();
    await using rig = openCallbackRig({ hosts: [`127.0.0.1:${receiver.port}`] });
    if (timeoutMs !== undefined) await rig.rest();
    await rig.begin("w5", func, arg, receiver.url, timeoutMs);
    if (timeoutMs !== undefined) {
      await rig.ended("w5");
      rig.work();
    }
    await rig.ended("w5:callback");
    expect(receiver.requests[0]?.event).toMatchObject({
      type: "workflow.completed",
      data: { workflow: "w5", status },
    });
  });

  test("waits for its workflow without a process, and is told of its end", async () => {
    await using receiver = await startReceiver();
    await using rig = openCallbackRig({ hosts: [`127.0.0.1:${receiver.port}`] });
    await rig.begin("p1", "purchase", PURCHASE, receiver.url, 30 * 24 * 3_600_000);
    await eventually("ana is asked", () => rig.mails.length === 1);
    expect((await rig.durable.read("p1:callback"))?.state).toBe("pending");
    await rig.rest();
    rig.work();
    expect(receiver.requests).toHaveLength(0);
    await rig.answer("p1:2", 1, "approve");
    await rig.ended("p1:callback");
    expect(types(receiver.requests)).toEqual(["workflow.completed"]);
  });

  test("keeps to the published schedule for three days, over restarts, and then counts as failed", async () => {
    const clock = new FakeClock(Date.UTC(2026, 10, 21));
    vi.spyOn(Date, "now").mockImplementation(() => clock.now());
    // The engine puts some things off to "at once", which is a timer too.
    const pump = setInterval(() => void clock.advance(0), 5);
    const at: number[] = [];
    await using receiver = await startReceiver(() => {
      at.push(clock.now());
      return 500;
    });
    await using rig = openCallbackRig({
      clock,
      hosts: [`127.0.0.1:${receiver.port}`],
      sender: { retriesMs: RETRIES_MS },
    });
    await rig.begin("w6", "greet", "Ana", receiver.url);
    for (let n = 1; n <= 10; n++) {
      await eventually(`attempt ${n}`, () => at.length === n);
      if (n === 10) break;
      const timer = await eventually("it waits", async () => {
        const details = detailCallback(
          (await rig.durable.read("w6:callback"))!,
          await rig.durable.children("w6:callback", 1),
        );
        return details?.attempts === n && details.nextAttemptAt;
      });
      if (n % 3 === 0) await rig.rest();
      await clock.advance(Date.parse(timer) - clock.now());
      if (n % 3 === 0) rig.work();
    }
    expect((await rig.ended("w6:callback")).value).toMatchObject({ status: "failed", attempts: 10 });
    clearInterval(pump);
    const pauses = at.slice(1).map((each, i) => each - at[i]!);
    for (const [i, pause] of pauses.entries()) {
      expect(Math.abs(pause / RETRIES_MS[i]! - 1)).toBeLessThanOrEqual(0.101);
    }
  });
});

const PURCHASE = { item: "laptops", amount: 3, buyer: "kim@x.org", approvers: ["ana@x.org"] };
