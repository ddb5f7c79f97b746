import { describe, expect, test } from "vitest";
import { ballotId, endId } from "../../../../src/approval/ids.ts";
import { callOf } from "../../../../src/approval/stored.ts";
import { openRig, until } from "../rig.ts";

const order = { title: "Order 40 laptops", approvers: ["ana@example.com", "bo@example.com"] };
const HOUR_MS = 3_600_000;

describe("POST /approvals", () => {
  test("answers 202 with id, status and links, and asks everybody", async () => {
    await using rig = await openRig();
    const { status, headers, body } = await rig.json("POST", "/approvals", { id: "po-1", ...order });
    expect(status).toBe(202);
    expect(headers.get("location")).toBe("/approvals/po-1");
    expect(body).toEqual({
      id: "po-1",
      status: "pending",
      links: { self: "/approvals/po-1", cancel: "/approvals/po-1/cancel", wait: "/wait?id=po-1" },
    });
    await rig.link("po-1", "approve", 1);
    await rig.link("po-1", "approve", 2);
  });

  test("takes the id from Idempotency-Key, or makes one", async () => {
    await using rig = await openRig({ work: false });
    const post = async (headers: Record<string, string>, body: object = order) =>
      (await rig.json("POST", "/approvals", body, headers)).body["id"];
    expect(await post({ "Idempotency-Key": "po-7" })).toBe("po-7");
    expect(await post({ "Idempotency-Key": '"po-7"' })).toBe("po-7");
    expect(await post({ "Idempotency-Key": "po-8" }, { id: "po-8", ...order })).toBe("po-8");
    const hashed = await post({ "Idempotency-Key": "order 9/2026" });
    expect(hashed).toMatch(/^key-/u);
    expect(await post({ "Idempotency-Key": "order 9/2026" })).toBe(hashed);
    const first = await post({});
    expect(first).toMatch(/^[0-9a-f-]{36}$/u);
    expect(await post({})).not.toBe(first);
  });

  test("refuses an Idempotency-Key that contradicts the id, beside all else that is wrong", async () => {
    await using rig = await openRig({ work: false });
    const { status, body } = await rig.json(
      "POST",
      "/approvals",
      { id: "po-1", title: "" },
      { "Idempotency-Key": "po-2" },
    );
    expect(status).toBe(422);
    expect(body["errors"]).toEqual([
      { field: "Idempotency-Key", message: "must be the same as id; or leave one of them out" },
      { field: "title", message: "must have at least 1 character" },
      { field: "approvers", message: "is required, unless you give stages" },
    ]);
    expect(await rig.durable.read("po-1")).toBeUndefined();
  });

  test("means the same approval by the same id and content, however it is written, whatever became of it", async () => {
    await using rig = await openRig();
    await rig.json("POST", "/approvals", { id: "po-1", ...order });
    const written = {
      approvers: [{ email: " ana@example.com" }, { email: "bo@example.com" }],
      title: "Order 40 laptops\u202e",
      require: "any",
      deadline: "P7D",
      id: "po-1",
    };
    expect((await rig.json("POST", "/approvals", written)).body["status"]).toBe("pending");
    const before = await rig.durable.read("po-1");
    await rig.press(await rig.link("po-1", "approve"));
    await rig.settled("po-1");
    const { status, body } = await rig.json("POST", "/approvals", written);
    expect([status, body["status"]]).toEqual([202, "approved"]);
    expect((await rig.durable.read("po-1"))?.createdAt).toBe(before?.createdAt);
  });

  test("starts one approval for twenty calls at once", async () => {
    await using rig = await openRig();
    const calls = Array.from({ length: 20 }, () => rig.json("POST", "/approvals", { id: "po-1", ...order }));
    expect(new Set((await Promise.all(calls)).map(({ status }) => status))).toEqual(new Set([202]));
    await rig.link("po-1", "approve", 2);
    expect(rig.mailed()).toBe(2);
  });

  test("finds the approval also when its instant of a deadline has passed since", async () => {
    await using rig = await openRig({ work: false });
    const request = { ...order, deadline: "2026-01-01T00:00:00Z" };
    await rig.ask("po-1", request, HOUR_MS);
    expect((await rig.json("POST", "/approvals", { id: "po-1", ...request })).status).toBe(202);
    expect((await rig.json("POST", "/approvals", { id: "po-2", ...request })).status).toBe(422);
    expect((await rig.json("POST", "/approvals", { id: "po-1", ...request, title: "x" })).status).toBe(422);
  });

  const meant = {
    title: "Café für Zoë",
    summary: "One\n\ntwo",
    details: [{ label: "Prix", value: "é" }],
    requester: "cy@example.com",
    approvers: [{ email: "ana@example.com", locale: "de-AT", timeZone: "Europe/Vienna" }, "bo@example.com"],
    require: "all",
    deadline: "P5D",
    metadata: { a: { b: 1, c: "é" }, list: [1] },
  };

  test.each<[string, object]>([
    ["an address in capitals", { approvers: [meant.approvers[0], "BO@Example.COM"] }],
    ["a requester in capitals", { requester: { email: "Cy@EXAMPLE.com" } }],
    ["a duration in hours", { deadline: "PT120H" }],
    ["the number of all", { require: 2 }],
    ["defaults spelled out", { rejection: "veto", onDeadline: "expire", require: 2.0 }],
    [
      "text composed otherwise",
      { title: "Cafe\u0301 fu\u0308r Zoe\u0308", details: [{ value: "e\u0301", label: "Prix" }] },
    ],
    ["blanks around, and other line breaks", { title: " Café für Zoë ", summary: "One\r\n\r\ntwo\n" }],
    [
      "a locale and a zone in other letters",
      {
        approvers: [
          { timeZone: "europe/vienna", email: "ana@example.com", locale: "DE-at" },
          "bo@example.com",
        ],
      },
    ],
    ["members in another order", { metadata: { list: [1.0], a: { c: "é", b: 1 } } }],
  ])("means the same approval with %s", async (_, change) => {
    await using rig = await openRig({ work: false });
    await rig.json("POST", "/approvals", { id: "po-1", ...meant });
    const before = await rig.durable.read("po-1");
    const again = await rig.json("POST", "/approvals", { id: "po-1", ...meant, ...change });
    expect([again.status, again.body["detail"]]).toEqual([202, undefined]);
    const byKey = await rig.json(
      "POST",
      "/approvals",
      { ...meant, ...change },
      { "Idempotency-Key": "po-1" },
    );
    expect(byKey.status).toBe(202);
    expect(await rig.durable.read("po-1")).toEqual(before);
  });

  test.each([
    ["p5d", "write it in capitals"],
    ["PT1.5H", "write whole numbers, such as PT90M for PT1.5H"],
    ["P1W2D", "write weeks alone, or as days, such as P9D for P1W2D"],
    ["2027-12-01T23:59:60Z", "seconds go from 00 to 59"],
  ])(
    "finds what an earlier version stored with the deadline %s, and starts nothing new with it",
    async (deadline, advice) => {
      await using rig = await openRig({ work: false });
      await rig.ask("po-1", { ...meant, deadline }, HOUR_MS);
      const before = await rig.durable.read("po-1");
      const again = { ...meant, deadline };
      expect(await rig.json("POST", "/approvals", { id: "po-1", ...again })).toMatchObject({
        status: 202,
        body: { id: "po-1", status: "pending" },
      });
      const byKey = await rig.json("POST", "/approvals", again, { "Idempotency-Key": "po-1" });
      expect(byKey.status).toBe(202);
      expect(await rig.durable.read("po-1")).toEqual(before);
      for (const other of [{ id: "po-2" }, { id: "po-1", title: "Another" }, {}]) {
        const { status, body } = await rig.json("POST", "/approvals", { ...again, ...other });
        const message = expect.stringMatching(/^must be .* ISO 8601 duration /u);
        expect([status, body["errors"]]).toEqual([422, [{ field: "deadline", message }]]);
        expect(body["errors"]).toMatchObject([{ message: expect.stringContaining(`: ${advice}`) }]);
      }
      expect(await rig.durable.read("po-2")).toBeUndefined();
    },
  );

  test.each<[string, (at: Date) => string]>([
    ["with milliseconds", (at) => at.toISOString()],
    ["of another offset", (at) => new Date(+at + 2 * HOUR_MS).toISOString().replace(/\.\d+Z/u, "+02:00")],
    ["in small letters", (at) => at.toISOString().toLowerCase()],
    ["with nanoseconds", (at) => at.toISOString().replace("Z", "000000Z")],
    ["of basic form", (at) => at.toISOString().replaceAll(/[-:]|\.\d+/gu, "")],
  ])("means the same approval by an instant %s, also when it is over", async (_, written) => {
    await using rig = await openRig({ work: false });
    const at = new Date(Math.ceil(Date.now() / 1000) * 1000 + HOUR_MS);
    const first = { id: "po-1", ...order, deadline: at.toISOString().replace(".000Z", "Z") };
    expect((await rig.json("POST", "/approvals", first)).status).toBe(202);
    const again = await rig.json("POST", "/approvals", { ...first, deadline: written(at) });
    expect([again.status, again.body["detail"]]).toEqual([202, undefined]);
    const past = new Date("2026-01-01T00:00:00Z");
    await rig.ask("po-2", { ...order, deadline: "2026-01-01T00:00:00Z" }, HOUR_MS);
    const late = await rig.json("POST", "/approvals", { id: "po-2", ...order, deadline: written(past) });
    expect(late.status).toBe(202);
  });

  test("means the approval whose answer is posted again: people, rules, and the instant of its deadline", async () => {
    await using rig = await openRig({ work: false });
    const callbackUrl = "HTTPS://Hooks.example.com:443/approvals";
    await rig.json("POST", "/approvals", { id: "po-1", ...meant, callbackUrl });
    const { body } = await rig.json("GET", "/approvals/po-1");
    const { id, title, summary, details, requester, require, rejection, deadline, onDeadline, metadata } =
      body;
    const approvers = (body["ballots"] as { approver: unknown }[]).map(({ approver }) => approver);
    const shown = {
      id,
      title,
      summary,
      details,
      requester,
      require,
      rejection,
      deadline,
      onDeadline,
      metadata,
    };
    const again = { ...shown, approvers, callbackUrl: body["callbackUrl"] };
    expect((await rig.json("POST", "/approvals", again)).status).toBe(202);
    const later = new Date(Date.parse(String(deadline)) + 1).toISOString();
    expect((await rig.json("POST", "/approvals", { ...again, deadline: later })).status).toBe(409);
  });

  test.each<[string, object, string]>([
    ["another title", { title: "Order 41 laptops" }, "title"],
    ["one approver less", { approvers: ["ana@example.com"] }, "approvers"],
    ["another order of approvers", { approvers: order.approvers.toReversed() }, "approvers"],
    ["a name", { approvers: [{ email: "ana@example.com", name: "Ana" }, "bo@example.com"] }, "approvers"],
    ["another deadline", { deadline: "P8D" }, "deadline"],
    ["metadata and all", { metadata: { a: 1 }, require: "all" }, "require, metadata"],
  ])("answers 409 to the same id with %s, names it, and starts nothing", async (_, change, named) => {
    await using rig = await openRig({ work: false });
    await rig.json("POST", "/approvals", { id: "po-1", ...order });
    const before = await rig.durable.read("po-1");
    const { status, body } = await rig.json("POST", "/approvals", { id: "po-1", ...order, ...change });
    expect([status, body["detail"]]).toEqual([
      409,
      `Cannot use the id "po-1": it belongs to an approval with different content (${named})`,
    ]);
    expect(await rig.durable.read("po-1")).toEqual(before);
  });

  test("answers 409 to the id of a workflow that is no approval", async () => {
    await using rig = await openRig({ work: false });
    await rig.json("POST", "/begin?id=po-1&func=foo");
    expect((await rig.json("POST", "/approvals", { id: "po-1", ...order })).status).toBe(409);
  });

  test.each<[string, RequestInit, number]>([
    ["no body", {}, 422],
    ["a form", { body: new URLSearchParams({ title: "x" }) }, 415],
    ["half of JSON", { body: '{"title":', headers: { "content-type": "application/json" } }, 400],
    ["a list", { body: "[]", headers: { "content-type": "application/json" } }, 422],
    [
      "too much",
      { body: JSON.stringify("x".repeat(70_000)), headers: { "content-type": "application/json" } },
      413,
    ],
  ])("refuses %s", async (_, init, expected) => {
    await using rig = await openRig({ work: false });
    const { status, headers } = await rig.call("/approvals", { method: "POST", ...init });
    expect([status, headers.get("content-type")]).toEqual([
      expected,
      "application/problem+json; charset=utf-8",
    ]);
  });

  test("answers 503 with Retry-After while no engine answers", async () => {
    await using rig = await openRig({ work: false });
    await rig.engine.close();
    for (const [method, path, body] of [
      ["POST", "/approvals", order],
      ["GET", "/approvals/po-1", undefined],
      ["POST", "/approvals/po-1/cancel", undefined],
    ] as const) {
      const { status, headers } = await rig.json(method, path, body);
      expect([status, headers.has("retry-after")]).toEqual([503, true]);
    }
  });
});

describe("GET /approvals/:id", () => {
  test("tells each ballot's state, its mail, and who is waited for", async () => {
    await using rig = await openRig({
      deliver: ({ approver }) =>
        approver.email.startsWith("gone")
          ? { status: "undeliverable", reason: "no such user" }
          : { status: "sent", messageId: "<m@test>" },
    });
    const approvers = ["ana@example.com", { email: "bo@example.com", name: "Bo" }, "gone@example.com"];
    await rig.json("POST", "/approvals", {
      id: "po-1",
      title: "Order",
      approvers,
      require: 2,
      rejection: "majority",
      deadline: "PT2H",
      metadata: { order: 1 },
    });
    await rig.press(await rig.link("po-1", "approve", 2), { confirm: "yes", comment: "Fine,\r\nBo" });
    await rig.link("po-1", "approve", 3);
    const { status, body } = await until(async () => {
      const answer = await rig.json("GET", "/approvals/po-1");
      return JSON.stringify(answer.body["ballots"]).includes("undeliverable") ? answer : undefined;
    });
    const root = await rig.durable.read("po-1");
    const ballot = await rig.durable.read(ballotId("po-1", 2));
    expect(status).toBe(200);
    expect(body).toEqual({
      id: "po-1",
      status: "pending",
      title: "Order",
      details: [],
      require: 2,
      rejection: "majority",
      onDeadline: "expire",
      metadata: { order: 1 },
      deadline: new Date(callOf(root!)!.terms.deadlineAtMs).toISOString(),
      ballots: [
        {
          n: 1,
          approver: { email: "ana@example.com" },
          state: "open",
          mail: { status: "sent", attempts: 1 },
        },
        {
          n: 2,
          approver: { email: "bo@example.com", name: "Bo" },
          state: "approved",
          comment: "Fine,\nBo",
          decidedAt: new Date(ballot!.settledAt!).toISOString(),
          contentHash: expect.stringMatching(/^[0-9a-f]{64}$/),
          door: "mail",
          mail: { status: "sent", attempts: 1 },
        },
        {
          n: 3,
          approver: { email: "gone@example.com" },
          state: "open",
          mail: { status: "undeliverable", reason: "no such user", attempts: 1 },
        },
      ],
      waitingFor: ["ana@example.com", "gone@example.com"],
      explanation: {
        text: "Waiting for 1 of ana@example.com, gone@example.com.",
        round: 1,
        rounds: 1,
        stage: 1,
        stages: 1,
        waitingFor: [{ needed: 1, people: [{ email: "ana@example.com" }, { email: "gone@example.com" }] }],
        approved: [],
        revising: false,
        nextDeadline: { at: body["deadline"], onDeadline: "expire" },
      },
      createdAt: new Date(root!.createdAt).toISOString(),
      links: { self: "/approvals/po-1", cancel: "/approvals/po-1/cancel", wait: "/wait?id=po-1" },
    });
  });

  test("tells the outcome, and that the others' ballots are withdrawn", async () => {
    await using rig = await openRig();
    await rig.json("POST", "/approvals", { id: "po-1", ...order, requester: "kim@example.com" });
    await rig.press(await rig.link("po-1", "reject", 1));
    await rig.settled("po-1");
    const { body } = await rig.json("GET", "/approvals/po-1");
    expect(body).toMatchObject({
      status: "rejected",
      requester: { email: "kim@example.com" },
      ballots: [{ state: "rejected" }, { state: "withdrawn" }],
      waitingFor: [],
      outcome: { outcome: "rejected", decisions: [{ n: 1, email: "ana@example.com", choice: "reject" }] },
      endedAt: expect.stringMatching(/^20.*Z$/u) as string,
    });
  });

  test("shows an approval that no worker has taken up yet", async () => {
    await using rig = await openRig({ work: false });
    await rig.json("POST", "/approvals", { id: "po-1", ...order });
    expect((await rig.json("GET", "/approvals/po-1")).body).toMatchObject({
      status: "pending",
      ballots: [
        { n: 1, state: "open", mail: { status: "pending", attempts: 0 } },
        { n: 2, state: "open", mail: { status: "pending", attempts: 0 } },
      ],
      waitingFor: order.approvers,
    });
  });

  test("finds an approval in the middle of another workflow", async () => {
    await using rig = await openRig();
    const purchase = { item: "laptops", amount: 3, buyer: "kim@example.com", approvers: ["ana@example.com"] };
    await rig.json("POST", "/begin?id=purchase-7&func=purchase&timeout=P30D", purchase);
    const id = await until(async () => {
      const children = await rig.durable.children("purchase-7");
      return children.find(({ tags }) => tags["countersign:kind"] === "approval")?.id;
    });
    expect(id).toContain(":");
    await rig.press(await rig.link(id, "approve"));
    expect((await rig.settled("purchase-7")).state).toBe("resolved");
    const { status, body } = await rig.json("GET", `/approvals/${id}`);
    expect(status).toBe(200);
    expect(body).toMatchObject({ id, status: "approved", ballots: [{ n: 1, state: "approved" }] });
    expect((await rig.json("GET", (body["links"] as { self: string }).self)).status).toBe(200);
  });

  test("answers 404 to what is no approval", async () => {
    await using rig = await openRig();
    await rig.json("POST", "/approvals", { id: "po-1", ...order });
    await rig.link("po-1", "approve");
    await rig.json("POST", "/begin?id=f-1&func=foo");
    for (const id of [
      "po-2",
      "f-1",
      ballotId("po-1", 1),
      endId("po-1"),
      "a%00b",
      "a%0ab",
      "%F0%9F%92%A9",
      "x".repeat(500),
    ]) {
      const { status, body } = await rig.json("GET", `/approvals/${id}`);
      expect([id, status, body["title"]]).toEqual([id, 404, "Not found"]);
      expect((await rig.json("POST", `/approvals/${id}/cancel`)).status).toBe(404);
    }
  });

  test("is told apart from methods that are not possible", async () => {
    await using rig = await openRig({ work: false });
    for (const [path, allow] of [
      ["/approvals", "GET, HEAD, POST, OPTIONS"],
      ["/approvals/x", "GET, HEAD, OPTIONS"],
      ["/approvals/x/cancel", "POST, OPTIONS"],
    ] as const) {
      const { status, headers } = await rig.call(path, { method: "DELETE" });
      expect([status, headers.get("allow")]).toEqual([405, allow]);
    }
  });
});

/** Asks for `po-1`; answers the path of the link that its requester is mailed. */
async function requestersPath(rig: Awaited<ReturnType<typeof openRig>>): Promise<string> {
  const approval = {
    id: "po-1",
    title: "Order",
    requester: "kim@example.com",
    approvers: ["ana@example.com"],
  };
  await rig.json("POST", "/approvals", { ...approval, follow: true });
  const mail = await until(async () => rig.told.find(({ kind }) => kind === "requested"));
  return "link" in mail ? new URL(mail.link ?? "").pathname : "";
}

describe("POST /approvals/:id/cancel", () => {
  test("by the requester's link first is somebody else's, for the program and for the operator", async () => {
    await using rig = await openRig();
    const path = await requestersPath(rig);
    expect((await rig.press(`${path}/cancel`, { confirm: "yes", reason: "Mine" })).status).toBe(303);
    const late = await rig.json("POST", "/approvals/po-1/cancel", { reason: "Ours" });
    expect([late.status, late.body["detail"]]).toEqual([
      409,
      "Cannot cancel: somebody else has cancelled it already",
    ]);
    // Theirs was stored: to do it again is no failure.
    expect((await rig.press(`${path}/cancel`, { confirm: "yes", reason: "Again" })).status).toBe(303);
    expect((await rig.json("GET", "/approvals/po-1")).body["cancellation"]).toMatchObject({ reason: "Mine" });
    const outcomes = rig.audit.filter(({ what }) => what === "cancel").map(({ outcome }) => outcome);
    expect(outcomes).toEqual(["stored", "too late"]);
  });

  test("by a program first is somebody else's for the requester, who is told", async () => {
    await using rig = await openRig();
    const path = await requestersPath(rig);
    expect((await rig.json("POST", "/approvals/po-1/cancel", {})).status).toBe(200);
    expect((await rig.press(`${path}/cancel`, { confirm: "yes", reason: "Mine" })).status).toBe(409);
  });

  test("with the key of a call before finds it, and with that key and another reason is refused", async () => {
    await using rig = await openRig();
    await rig.json("POST", "/approvals", { id: "po-1", title: "Order", approvers: ["ana@example.com"] });
    const key = { "idempotency-key": "cancel-po-1" };
    for (const _ of [1, 2]) {
      const { status, body } = await rig.json("POST", "/approvals/po-1/cancel", { reason: "Gone" }, key);
      expect([status, body["effective"]]).toEqual([200, true]);
    }
    const other = await rig.json("POST", "/approvals/po-1/cancel", { reason: "Other" }, key);
    expect([other.status, other.body["detail"]]).toEqual([
      409,
      "Cannot cancel: the Idempotency-Key belongs to another call",
    ]);
  });

  test("ends the approval, and says so again when repeated", async () => {
    await using rig = await openRig();
    await rig.json("POST", "/approvals", { id: "po-1", ...order });
    const link = await rig.link("po-1", "approve");
    const first = await rig.json("POST", "/approvals/po-1/cancel", { reason: "Bought elsewhere" });
    expect([first.status, first.body["status"]]).toEqual([200, "cancelled"]);
    expect(first.body["effective"]).toBe(true);
    const again = await rig.json("POST", "/approvals/po-1/cancel", { reason: "Other" });
    expect([again.status, again.body["status"], again.body["effective"]]).toEqual([200, "cancelled", false]);
    const { body } = await rig.json("GET", "/approvals/po-1");
    expect(body).toMatchObject({
      status: "cancelled",
      cancellation: { reason: "Bought elsewhere" },
      outcome: { outcome: "cancelled", decisions: [] },
      ballots: [{ state: "withdrawn" }, { state: "withdrawn" }],
      waitingFor: [],
    });
    expect((await rig.call(link)).result).toBe("cancelled false");
  });

  test("answers 409 with what stands when the approval has ended otherwise", async () => {
    await using rig = await openRig();
    await rig.json("POST", "/approvals", { id: "po-1", ...order });
    await rig.press(await rig.link("po-1", "approve"));
    await rig.settled("po-1");
    const { status, body } = await rig.json("POST", "/approvals/po-1/cancel");
    expect([status, body["detail"]]).toEqual([409, "Cannot cancel: the approval has ended as approved"]);
  });

  test("cancels an approval that no worker has taken up: the next one ends it and mails nobody", async () => {
    await using rig = await openRig({ work: false, outcomeWaitMs: 10 });
    await rig.json("POST", "/approvals", { id: "po-1", ...order });
    const { status, body } = await rig.json("POST", "/approvals/po-1/cancel", { reason: "Too\vlate" });
    expect([status, body["status"]]).toEqual([202, "pending"]);
    expect((await rig.json("GET", "/approvals/po-1")).body).toMatchObject({
      cancellation: { reason: "Too\nlate" },
      waitingFor: [],
    });
    rig.work();
    await rig.settled("po-1");
    expect((await rig.json("GET", "/approvals/po-1")).body).toMatchObject({
      status: "cancelled",
      outcome: { outcome: "cancelled", reason: "It was cancelled: Too\nlate" },
      waitingFor: [],
    });
    await rig.json("POST", "/approvals", { id: "po-2", ...order });
    await rig.link("po-2", "approve", 2);
    expect(rig.mailed()).toBe(2);
  });

  test("answers 202 while no worker is there to finish it; nobody can decide in between", async () => {
    await using rig = await openRig();
    await rig.json("POST", "/approvals", { id: "po-1", ...order });
    const link = await rig.link("po-1", "approve");
    await rig.rest();
    const { status, headers, body } = await rig.json("POST", "/approvals/po-1/cancel");
    expect([status, headers.get("retry-after"), body["status"]]).toEqual([202, "1", "pending"]);
    expect((await rig.json("GET", "/approvals/po-1")).body).toMatchObject({
      status: "pending",
      cancellation: {},
      ballots: [{ state: "withdrawn" }, { state: "withdrawn" }],
      waitingFor: [],
    });
    const pressed = await rig.press(link);
    const receipt = await rig.call(pressed.headers.get("location")!);
    expect([receipt.status, receipt.result]).toEqual([409, "cancelled false"]);
    expect((await rig.durable.read(ballotId("po-1", 1)))?.value).toEqual({ kind: "withdrawn" });
    rig.work();
    await rig.settled("po-1");
    expect((await rig.json("POST", "/approvals/po-1/cancel")).status).toBe(200);
  });

  test("does not undo a decision that came before it", async () => {
    await using rig = await openRig({ outcomeWaitMs: 10 });
    await rig.json("POST", "/approvals", { id: "po-1", ...order });
    const link = await rig.link("po-1", "approve");
    await rig.rest();
    await rig.press(link);
    // The engine counts in milliseconds, and what happens within one counts as in time.
    const pressedAt = (await rig.durable.read(ballotId("po-1", 1)))?.settledAt ?? 0;
    await until(async () => (Date.now() > pressedAt ? true : undefined));
    expect((await rig.json("POST", "/approvals/po-1/cancel")).status).toBe(202);
    rig.work();
    await rig.settled("po-1");
    const { status, body } = await rig.json("POST", "/approvals/po-1/cancel");
    expect([status, body["detail"]]).toEqual([409, "Cannot cancel: the approval has ended as approved"]);
  });

  test("answers 409 once the deadline has passed, also while no worker has said so", async () => {
    await using rig = await openRig();
    await rig.ask("po-1", order, 1_000);
    await rig.link("po-1", "approve", 2);
    await rig.rest();
    await until(async () =>
      (await rig.durable.read(endId("po-1")))?.state === "pending" ? undefined : true,
    );
    const { status, body } = await rig.json("POST", "/approvals/po-1/cancel");
    expect([status, body["detail"]]).toEqual([409, "Cannot cancel: the deadline has passed"]);
  });

  test.each<[object | string, string, string]>([
    [{ reason: "x".repeat(501) }, "reason", "must have at most 500 characters"],
    [{ reason: 5 }, "reason", "must be a string"],
    [{ because: "x" }, "because", "is not a known field"],
    [[], "body", "must be an object"],
  ])("refuses the body %j", async (given, field, message) => {
    await using rig = await openRig({ work: false });
    await rig.json("POST", "/approvals", { id: "po-1", ...order });
    const { status, body } = await rig.json("POST", "/approvals/po-1/cancel", given);
    expect([status, body["errors"]]).toEqual([422, [{ field, message }]]);
    expect((await rig.durable.read("po-1"))?.state).toBe("pending");
  });
});

describe("the explanation of an open approval", () => {
  const staged = {
    id: "po-1",
    title: "Contract",
    stages: [
      {
        name: "Review",
        groups: [
          { name: "Legal", approvers: [{ email: "ana@example.com", name: "Ana" }, "bo@example.com"] },
          { name: "Finance", approvers: ["cy@example.com"] },
        ],
        deadline: "P2D",
      },
      { name: "CFO", approvers: [{ email: "cfo@example.com", locale: "de" }] },
    ],
  };

  test("says who is waited for, for programs and in the reader's language, and is gone at the end", async () => {
    await using rig = await openRig();
    await rig.json("POST", "/approvals", staged);
    await until(async () => (rig.mailed() === 3 ? true : undefined));
    await rig.json("POST", "/approvals/po-1/ballots/3/decide", { choice: "approve" });
    const { body } = await rig.json("GET", "/approvals/po-1");
    expect(body["explanation"]).toEqual({
      text: "Waiting for 1 of Legal (Ana, bo@example.com). Approved: Finance. Asked next: CFO.",
      round: 1,
      rounds: 1,
      stage: 1,
      stages: 2,
      stageName: "Review",
      waitingFor: [
        {
          group: "Legal",
          needed: 1,
          people: [{ email: "ana@example.com", name: "Ana" }, { email: "bo@example.com" }],
        },
      ],
      approved: ["Finance"],
      revising: false,
      next: { name: "CFO", people: [{ email: "cfo@example.com" }] },
      stageEndsAt: expect.stringMatching(/Z$/u),
      nextDeadline: {
        at: (body["explanation"] as { stageEndsAt: string }).stageEndsAt,
        onDeadline: "expire",
      },
    });
    const german = await rig.json("GET", "/approvals/po-1", undefined, { "accept-language": "de-AT, en" });
    expect(german.body["explanation"]).toMatchObject({ text: expect.stringMatching(/Legal.*CFO/u) });
    expect(german.text).not.toContain("Waiting");
    await rig.json("POST", "/approvals/po-1/cancel");
    await rig.settled("po-1");
    expect((await rig.json("GET", "/approvals/po-1")).body).not.toHaveProperty("explanation");
  });

  test("says whom it waits for before a worker has asked them, and until when an answer can be taken back", async () => {
    await using rig = await openRig({ work: false });
    const request = { id: "po-1", title: "Order", approvers: ["ana@example.com"], undo: "PT10M" };
    await rig.json("POST", "/approvals", request);
    expect((await rig.json("GET", "/approvals/po-1")).body["explanation"]).toMatchObject({
      waitingFor: [{ needed: 1, people: [{ email: "ana@example.com" }] }],
    });
    rig.work();
    await until(async () => (rig.mailed() === 1 ? true : undefined));
    await rig.json("POST", "/approvals/po-1/ballots/1/decide", { choice: "approve" });
    const { body } = await rig.json("GET", "/approvals/po-1");
    const [ballot] = body["ballots"] as { undoUntil: string }[];
    const { undoUntil } = body["explanation"] as { undoUntil?: string };
    expect([undoUntil ?? ballot?.undoUntil]).toEqual([ballot?.undoUntil]);
  });
});
