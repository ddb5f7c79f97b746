/** A standing refusal on its way through the service: said with a rejection, met by the next request, looked at and revoked. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Rejected, requireApproval } from "../../../src/agents/index.ts";
import { storedDoNotAsk } from "../../../src/approval/refusal/do-not-ask.ts";
import { standingRefusal } from "../../../src/approval/refusal/standing-refusal.ts";
import { outcomeOf } from "../../../src/approval/stored.ts";
import { createClient } from "../../../src/client/index.ts";
import { Keys } from "./admin/rig.ts";
import { openRig, type Rig, until } from "./rig.ts";

const keys = new Keys();
const agentKey = keys.make("ops-agent", [
  "approvals:create",
  "approvals:read",
  "approvals:cancel",
  "approvals:manage",
  "approvals:consume",
]);
const agent = { authorization: `Bearer ${agentKey}` };
const other = {
  authorization: `Bearer ${keys.make("other-agent", ["approvals:create", "approvals:cancel"])}`,
};
const operator = { authorization: `Bearer ${keys.make("operator", ["admin"])}` };

let rig: Rig;
beforeAll(async () => {
  rig = await openRig({ authenticate: keys.authenticate });
});
afterAll(() => rig[Symbol.asyncDispose]());

let asked = 0;
/** Each test asks for a tool of its own. */
const newTool = () => {
  asked += 1;
  return `shell-${asked}`;
};

interface Asking {
  readonly id?: string;
  readonly arguments?: object;
  readonly headers?: Record<string, string>;
  readonly action?: object;
  readonly more?: object;
}

const ask = (tool: string, { id, arguments: given = { n: 1 }, headers = agent, action, more }: Asking = {}) =>
  rig.json(
    "POST",
    "/approvals",
    {
      ...(id === undefined ? {} : { id }),
      title: "Run it",
      approvers: ["ana@example.com"],
      action: { tool, arguments: given, ...action },
      ...more,
    },
    headers,
  );

const decide = async (id: string, body: object, n = 1) => {
  // Until then there is no ballot.
  await rig.link(id, "reject", n);
  return await rig.json("POST", `/approvals/${id}/ballots/${n}/decide`, body, operator);
};

const no = (doNotAsk: object = { for: "P7D" }) => ({ choice: "reject", doNotAsk });

/** Asks, is told no and not to ask again, and waits for the end. @returns the approval's id */
async function refused(
  tool: string,
  doNotAsk: object = { for: "P7D" },
  asking: Asking = {},
): Promise<string> {
  const { status, body, text } = await ask(tool, asking);
  expect([status, text]).toEqual([202, expect.anything()]);
  const id = String(body["id"]);
  expect((await decide(id, no(doNotAsk))).status).toBe(200);
  expect((await rig.settled(id)).value).toMatchObject({ outcome: "rejected" });
  return id;
}

const show = async (id: string) => (await rig.json("GET", `/approvals/${id}`, undefined, agent)).body;
const revoke = (id: string, headers: Record<string, string>) =>
  rig.json("POST", `/approvals/${id}/revoke`, { reason: "Ask again" }, headers);

describe("whoever asks again", () => {
  test("is refused at once, with who said so, until when, and where", async () => {
    const tool = newTool();
    const id = await refused(tool);
    const mails = rig.asks.length;
    const again = await ask(tool, { arguments: { n: 2 } });
    expect(again.status).toBe(403);
    expect(again.body).toMatchObject({
      type: expect.stringMatching(/\/problems\/standing-refusal$/),
      refusal: {
        approval: id,
        state: "in-force",
        said: [{ by: "ana@example.com", arguments: "any", until: expect.any(String) }],
      },
    });
    const { until } = again.body["refusal"] as { until: string };
    expect(Math.round((Date.parse(until) - Date.now()) / 3_600_000)).toBe(7 * 24);
    expect(again.body["detail"]).toContain(id);
    expect(rig.asks.length).toBe(mails);
  });

  test("a hundred times at once is refused each time, and nobody is mailed; another program is asked as often", async () => {
    const tool = newTool();
    await refused(tool);
    const times = Array.from({ length: 100 }, (_, n) => n);
    const statuses = await Promise.all(
      times.map(async (n) => (await ask(tool, { arguments: { n }, id: `again-${n}` })).status),
    );
    expect(statuses).toEqual(times.map(() => 403));
    const others = await Promise.all(
      times.map(
        async (n) => (await ask(tool, { arguments: { n }, id: `other-${n}`, headers: other })).status,
      ),
    );
    expect(others).toEqual(times.map(() => 202));
    const asked = (name: string) => rig.asks.filter(({ approval }) => approval.startsWith(name));
    await until(async () => (asked("other-").length === times.length ? true : undefined));
    expect(asked("again-")).toEqual([]);
  });

  test("is asked for another tool, target or audience, and so is another program", async () => {
    const tool = newTool();
    await refused(tool, { for: "P7D" }, { action: { target: "db-1", audience: "runner" } });
    const place = { target: "db-1", audience: "runner" };
    const statuses = await Promise.all([
      ask(tool, { action: place }),
      ask(newTool(), { action: place }),
      ask(tool, { action: { ...place, target: "db-2" } }),
      ask(tool, { action: { ...place, audience: "another" } }),
      ask(tool, { action: { target: "db-1" } }),
      ask(tool, { action: place, headers: other }),
    ]);
    expect(statuses.map(({ status }) => status)).toEqual([403, 202, 202, 202, 202, 202]);
  });

  test("finds what was asked before people said so", async () => {
    const tool = newTool();
    const before = { id: `before-${tool}`, arguments: { n: 3 } };
    expect((await ask(tool, before)).status).toBe(202);
    const id = await refused(tool);
    expect((await ask(tool, before)).status).toBe(202);
    // The refused one itself, sent again.
    expect((await ask(tool, { id })).status).toBe(202);
    expect((await ask(tool, { ...before, arguments: { n: 4 } })).status).toBe(403);
  });

  test("gets Rejected from requireApproval", async () => {
    const tool = newTool();
    const id = await refused(tool);
    const run = requireApproval(() => "ran", {
      client: createClient({ url: rig.url, key: agentKey }),
      action: { tool },
      question: () => ({ title: "Run it", approvers: ["ana@example.com"] }),
    });
    const error = await run({ n: 1 }, { id: `run-${tool}` }).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(Rejected);
    expect(String(error)).toContain(id);
  });
});

describe("it is about", () => {
  test("the same arguments, if people say so", async () => {
    const tool = newTool();
    await refused(tool, { for: "P1D", arguments: "same" }, { arguments: { a: 1, b: [2] } });
    expect((await ask(tool, { arguments: { b: [2], a: 1 } })).status).toBe(403);
    expect((await ask(tool, { arguments: { a: 1, b: [2], c: 3 } })).status).toBe(202);
  });

  test("arguments within limits, whatever else there is", async () => {
    const tool = newTool();
    await refused(tool, { for: "P1D", limits: { "/amount": { min: 100, max: 1_000 } } });
    const statuses = async (given: object) => (await ask(tool, { arguments: given })).status;
    expect(await statuses({ amount: 100, to: "x" })).toBe(403);
    expect(await statuses({ amount: 99.99 })).toBe(202);
    expect(await statuses({ amount: "100" })).toBe(202);
    expect(await statuses({ to: "x" })).toBe(202);
  });

  test("what several approvals refuse, each by itself", async () => {
    const tool = newTool();
    const ids = ["first", "second", "third"].map((name) => `${name}-${tool}`);
    for (const id of ids) expect((await ask(tool, { id, arguments: { id } })).status).toBe(202);
    for (const id of ids) await decide(id, no({ for: "P1D", arguments: "same" }));
    for (const id of ids) await rig.settled(id);
    for (const id of ids) {
      const again = await ask(tool, { arguments: { id } });
      expect([again.status, again.body["refusal"]]).toEqual([403, expect.objectContaining({ approval: id })]);
    }
    expect((await ask(tool, { arguments: { id: "other" } })).status).toBe(202);
  });

  test("any item of a request, which is named", async () => {
    const [bad, good] = [newTool(), newTool()];
    await refused(bad);
    const items = [good, bad, good].map((tool) => ({ tool, arguments: {} }));
    const body = { title: "Run them", approvers: ["ana@example.com"], items };
    const { status, body: problem } = await rig.json("POST", "/approvals", body, agent);
    expect([status, problem["refusal"]]).toEqual([403, expect.objectContaining({ items: [2] })]);
  });

  test("a standing approval, too, if it is about any arguments", async () => {
    const tool = newTool();
    const standing = { limits: { "/n": { max: 5 } }, uses: 3 };
    const asking = () =>
      rig.json(
        "POST",
        "/approvals",
        {
          title: "Run it",
          approvers: ["ana@example.com"],
          action: { tool, standing, reversible: "yes" },
        },
        agent,
      );
    await refused(tool, { for: "P1D", arguments: "same" });
    expect((await asking()).status).toBe(202);
    await refused(tool, { for: "P1D" }, { arguments: { n: 2 } });
    expect((await asking()).status).toBe(403);
  });
});

describe("it stands", () => {
  const three = { approvers: ["ana@example.com", "bo@example.com", "cy@example.com"], require: 2 };

  test("only once the approval is rejected", async () => {
    const tool = newTool();
    const id = `open-${tool}`;
    await ask(tool, { id, more: { ...three, rejection: "majority" } });
    await decide(id, no(), 1);
    expect((await ask(tool)).status).toBe(202);
    await decide(id, no(), 2);
    await rig.settled(id);
    expect((await ask(tool)).status).toBe(403);
  });

  test("not if one of those who rejected did not say so", async () => {
    const tool = newTool();
    const id = `half-${tool}`;
    await ask(tool, { id, more: { ...three, rejection: "majority" } });
    await decide(id, no(), 1);
    await decide(id, { choice: "reject" }, 2);
    await rig.settled(id);
    expect((await ask(tool)).status).toBe(202);
    expect(await show(id)).not.toHaveProperty("refusal");
  });

  test("not if the approval was approved", async () => {
    const tool = newTool();
    const id = `yes-${tool}`;
    await ask(tool, { id, more: { ...three, rejection: "majority" } });
    await decide(id, no(), 1);
    await decide(id, { choice: "approve" }, 2);
    await decide(id, { choice: "approve" }, 3);
    await rig.settled(id);
    expect((await ask(tool)).status).toBe(202);
  });

  test("not if time ended it, and not the answers", async () => {
    const id = await refused(newTool(), { for: "P1D" });
    const root = await rig.settled(id);
    expect(standingRefusal(root)).toMatchObject({ approval: id });
    const progress = {
      of: "approvals",
      given: 0,
      needed: 2,
      people: 3,
      rejections: 1,
      answered: 1,
      stage: 1,
      stages: 1,
    };
    for (const because of ["deadline", "stage-time"]) {
      const value = { ...(root.value as object), why: { because, progress, atMs: 1 } };
      expect(outcomeOf({ ...root, value })).toMatchObject({ why: { because } });
      expect(standingRefusal({ ...root, value })).toBeUndefined();
    }
  });

  test("for what all of them refuse", async () => {
    const tool = newTool();
    const id = `both-${tool}`;
    await ask(tool, { id, arguments: { n: 1 }, more: { ...three, rejection: "majority" } });
    await decide(id, no({ for: "P30D" }), 1);
    await decide(id, no({ for: "P1D", arguments: "same" }), 2);
    await rig.settled(id);
    expect((await ask(tool, { arguments: { n: 2 } })).status).toBe(202);
    const again = await ask(tool, { arguments: { n: 1 } });
    expect(again.status).toBe(403);
    const { until } = again.body["refusal"] as { until: string };
    expect(Math.round((Date.parse(until) - Date.now()) / 3_600_000)).toBe(24);
  });
});

test("is shown with its approval, and in the outcome", async () => {
  const id = await refused(newTool(), { for: "P1D", arguments: "same" });
  expect(await show(id)).toMatchObject({
    status: "rejected",
    refusal: { approval: id, state: "in-force", said: [{ by: "ana@example.com", arguments: "same" }] },
    outcome: { decisions: [{ doNotAsk: { until: expect.any(String), same: [expect.any(String)] } }] },
    ballots: [{ doNotAsk: { until: expect.any(String) } }],
  });
});

describe("it is revoked", () => {
  test("from the next request on, by a key that may manage approvals", async () => {
    const tool = newTool();
    const id = await refused(tool);
    expect((await revoke(id, operator)).body).toMatchObject({ approval: id, effective: true });
    expect((await ask(tool)).status).toBe(202);
    expect((await revoke(id, operator)).body).toMatchObject({ effective: false });
    expect(await show(id)).toMatchObject({
      refusal: { state: "revoked" },
      uses: [{ n: 1, state: "revoked", reason: "Ask again" }],
    });
  });

  test("and its place is free for the next", async () => {
    const tool = newTool();
    await revoke(await refused(tool), operator);
    const second = await refused(tool);
    const again = await ask(tool);
    expect([again.status, again.body["refusal"]]).toEqual([
      403,
      expect.objectContaining({ approval: second }),
    ]);
  });

  test("not by the program that it refuses, nor by one that may only cancel", async () => {
    const tool = newTool();
    const id = await refused(tool);
    expect((await revoke(id, agent)).status).toBe(403);
    expect((await revoke(id, other)).status).toBe(403);
    expect((await ask(tool)).status).toBe(403);
  });
});

describe("an answer cannot say it", () => {
  test.each([
    ["with a choice that approves", { choice: "approve", doNotAsk: { for: "P1D" } }, "doNotAsk"],
    ["for longer than 30 days", no({ for: "P31D" }), "doNotAsk.for"],
    ["within no limits at all", no({ for: "P1D", limits: {} }), "doNotAsk.limits"],
    ["with limits that are none", no({ for: "P1D", limits: { "/a": {} } }), "doNotAsk.limits./a"],
    [
      "about the same arguments and within limits",
      no({ for: "P1D", arguments: "same", limits: {} }),
      "doNotAsk.limits",
    ],
    [
      "with limits that cannot be shown",
      no({ for: "P1D", limits: { "/a": { fixed: "a\u202eb" } } }),
      "/doNotAsk/limits/~1a/fixed",
    ],
  ])("%s", async (_, body, field) => {
    const id = String((await ask(newTool())).body["id"]);
    const { status, body: problem } = await decide(id, body);
    expect([status, problem["errors"]]).toEqual([422, [expect.objectContaining({ field })]]);
    expect(await show(id)).toMatchObject({ status: "pending" });
  });

  test("about no action", async () => {
    const request = { title: "Just so", approvers: ["ana@example.com"] };
    const id = String((await rig.json("POST", "/approvals", request, agent)).body["id"]);
    expect((await decide(id, no())).status).toBe(422);
  });
});

test("limits that another program has stored are amounts, or none", () => {
  const within = (max: string) => ({ until: "2026-12-24T00:00:00.000Z", limits: { "/n": { max } } });
  expect(storedDoNotAsk.safeParse(within("12.50")).success).toBe(true);
  expect(storedDoNotAsk.safeParse(within("abc")).success).toBe(false);
});
