/** A tool that asks first: over real HTTP, with people who press the links of their mails. */
import { describe, expect, test } from "vitest";
import {
  Cancelled,
  Changed,
  Expired,
  type Policy,
  Rejected,
  requireApproval,
  Used,
} from "../../../src/agents/index.ts";
import type { Scope } from "../../../src/auth/scopes.ts";
import { type Client, CountersignError, createClient } from "../../../src/client/index.ts";
import { openRig, type Rig } from "../gateway/rig.ts";
import { makeKeys } from "../mcp/agents.ts";

interface Transfer {
  readonly amount: number;
  readonly to: string;
}

const PAY: Transfer = { amount: 4_120, to: "DE89370400440532013000" };
const SCOPES: readonly Scope[] = [
  "approvals:create",
  "approvals:read",
  "approvals:cancel",
  "approvals:consume",
];

interface World extends AsyncDisposable {
  readonly rig: Rig;
  readonly client: Client;
  readonly policy: Policy<Transfer>;
  /** What the tool was called with. */
  readonly ran: unknown[];
  readonly tool: (args: Transfer, granted: { readonly use: string }) => string;
}

async function openWorld(more: Partial<Policy<Transfer>["action"]> = {}): Promise<World> {
  const keys = makeKeys();
  const rig = await openRig({ authenticate: keys.authenticate });
  const client = createClient({ url: rig.url, key: keys.keyOf("payments", ...SCOPES), retries: 0 });
  const ran: unknown[] = [];
  return {
    rig,
    client,
    ran,
    policy: {
      client,
      action: { tool: "payments.transfer", target: "ERP", ...more },
      question: ({ amount }) => ({ title: `Pay ${amount} €`, approvers: ["ana@example.com"] }),
      outageMs: 0,
    },
    tool: (args, { use }) => {
      ran.push({ ...args, use });
      return `paid ${args.amount}`;
    },
    [Symbol.asyncDispose]: () => rig[Symbol.asyncDispose](),
  };
}

const press = async (rig: Rig, choice: "approve" | "reject", id = "pay-1") =>
  rig.press(await rig.link(id, choice), { confirm: "yes", comment: "Ask Bo first" });

test("an approved tool runs once with the arguments that were approved, whoever calls and however often", async () => {
  await using world = await openWorld();
  const { rig, policy, ran } = world;
  const pay = requireApproval(world.tool, policy);
  const calls = [pay(PAY, { id: "pay-1" }), pay({ to: PAY.to, amount: PAY.amount }, { id: "pay-1" })];
  await rig.link("pay-1", "approve");
  expect(ran).toEqual([]);
  await press(rig, "approve");
  expect(await Promise.all(calls)).toEqual(["paid 4120", "paid 4120"]);
  expect(await pay(PAY, { id: "pay-1" })).toBe("paid 4120");
  expect(ran).toEqual([{ ...PAY, use: "pay-1:use~1" }]);
});

test("a tool that fails has run: its error is what every call of that name gets", async () => {
  await using world = await openWorld();
  let runs = 0;
  const pay = requireApproval(async () => {
    runs += 1;
    throw new RangeError("No such account");
  }, world.policy);
  const call = pay(PAY, { id: "pay-1" });
  await press(world.rig, "approve");
  await expect(call).rejects.toThrow("No such account");
  await expect(pay(PAY, { id: "pay-1" })).rejects.toThrow(RangeError);
  expect(runs).toBe(1);
});

describe("a tool does not run", () => {
  test("when people say no: Rejected, with what they wrote", async () => {
    await using world = await openWorld();
    const call = requireApproval(world.tool, world.policy)(PAY, { id: "pay-1" });
    await press(world.rig, "reject");
    await expect(call).rejects.toThrow(Rejected);
    await expect(call).rejects.toMatchObject({
      approval: "pay-1",
      message: expect.stringContaining("Ask Bo first"),
    });
    expect(world.ran).toEqual([]);
  });

  test("when nobody answers in time: Expired", async () => {
    await using world = await openWorld();
    const { rig, policy } = world;
    const question = { title: "Pay", approvers: [{ email: "ana@example.com" }] };
    const action = { ...policy.action, arguments: PAY, reversible: "no", validFor: "P1D" };
    await rig.ask("pay-1", { ...question, action }, 400);
    const pay = requireApproval(world.tool, {
      ...policy,
      question: () => question,
      client: unasked(policy.client),
    });
    await expect(pay(PAY, { id: "pay-1" })).rejects.toThrow(Expired);
    expect(world.ran).toEqual([]);
  });

  test("when the approval is taken back before or after people said yes: Cancelled", async () => {
    await using world = await openWorld();
    const { rig, client, policy } = world;
    const pay = requireApproval(world.tool, policy);
    const call = pay(PAY, { id: "pay-1" });
    await rig.link("pay-1", "approve");
    await client.cancel("pay-1");
    await expect(call).rejects.toThrow(Cancelled);
    const revoking = { ...policy.client, wait: revokedAfter(client) };
    const late = requireApproval(world.tool, { ...policy, client: revoking })(PAY, { id: "pay-2" });
    await press(rig, "approve", "pay-2");
    await expect(late).rejects.toThrow(Cancelled);
    expect(world.ran).toEqual([]);
  });

  test("when something else was asked under its name, here or elsewhere: Changed", async () => {
    await using world = await openWorld();
    const { rig, policy } = world;
    const pay = requireApproval(world.tool, policy);
    const first = pay(PAY, { id: "pay-1" });
    await rig.link("pay-1", "approve");
    const more = { ...PAY, amount: 9_999 };
    await expect(pay(more, { id: "pay-1" })).rejects.toThrow(Changed);
    await expect(requireApproval(world.tool, policy)(more, { id: "pay-1" })).rejects.toThrow(Changed);
    await press(rig, "approve");
    await first;
    expect(world.ran).toEqual([{ ...PAY, use: "pay-1:use~1" }]);
  });

  test("for another audience: Changed", async () => {
    await using world = await openWorld({ audience: "payments" });
    const { rig, client, policy } = world;
    const other = {
      ...client,
      consume: (id: string, call: object) => client.consume(id, { ...call, audience: "else" } as never),
    };
    const call = requireApproval(world.tool, { ...policy, client: other })(PAY, { id: "pay-1" });
    await press(rig, "approve");
    await expect(call).rejects.toThrow(Changed);
    expect(world.ran).toEqual([]);
    expect(await requireApproval(world.tool, policy)(PAY, { id: "pay-1" })).toBe("paid 4120");
  });
});

describe("a program that is started again", () => {
  test("goes on waiting for the same approval, and asks nobody twice", async () => {
    await using world = await openWorld();
    const { rig, policy } = world;
    const stop = new AbortController();
    const before = requireApproval(world.tool, policy)(PAY, { id: "pay-1", signal: stop.signal });
    await rig.link("pay-1", "approve");
    stop.abort(new Error("The process ends"));
    await expect(before).rejects.toThrow("The process ends");
    const after = requireApproval(world.tool, policy)(PAY, { id: "pay-1" });
    await press(rig, "approve");
    expect(await after).toBe("paid 4120");
    expect(rig.asks).toHaveLength(1);
  });

  test("does not run the tool again, unless it names its attempt: then it is told which use it is", async () => {
    await using world = await openWorld();
    const { rig, policy, ran } = world;
    const named = { id: "pay-1", attempt: "job-7" };
    const before = requireApproval(world.tool, policy)(PAY, named);
    await press(rig, "approve");
    await before;
    await expect(requireApproval(world.tool, policy)(PAY, { id: "pay-1" })).rejects.toThrow(Used);
    expect(ran).toHaveLength(1);
    expect(await requireApproval(world.tool, policy)(PAY, named)).toBe("paid 4120");
    expect(ran).toEqual([
      { ...PAY, use: "pay-1:use~1" },
      { ...PAY, use: "pay-1:use~1" },
    ]);
  });

  test("gets the same grant after an answer that was lost, within one process", async () => {
    await using world = await openWorld();
    const { rig, client, policy } = world;
    let lost = 0;
    const losing: typeof policy.client = {
      ...client,
      async consume(id, call) {
        const consumed = await client.consume(id, call);
        lost += 1;
        if (lost === 1) throw new TypeError("The answer was lost");
        return consumed;
      },
    };
    const pay = requireApproval(world.tool, { ...policy, client: losing });
    const first = pay(PAY, { id: "pay-1" });
    await press(rig, "approve");
    await expect(first).rejects.toThrow("The answer was lost");
    expect(await pay(PAY, { id: "pay-1" })).toBe("paid 4120");
    expect(world.ran).toHaveLength(1);
  });
});

describe("calls that are one run", () => {
  test("leave it one by one: it goes on for the others, and ends with the last", async () => {
    await using world = await openWorld();
    const { rig, policy, ran } = world;
    const pay = requireApproval(world.tool, policy);
    const first = new AbortController();
    const second = new AbortController();
    const gone = pay(PAY, { id: "pay-1", signal: first.signal });
    const staying = pay(PAY, { id: "pay-1", signal: second.signal });
    await rig.link("pay-1", "approve");
    first.abort(new Error("The first is gone"));
    await expect(gone).rejects.toThrow("The first is gone");
    second.abort(new Error("The second is gone"));
    await expect(staying).rejects.toThrow("The second is gone");
    const later = pay(PAY, { id: "pay-1", signal: new AbortController().signal });
    const joined = pay(PAY, { id: "pay-1", signal: AbortSignal.timeout(1) });
    await expect(joined).rejects.toThrow("timeout");
    await press(rig, "approve");
    expect(await later).toBe("paid 4120");
    expect(ran).toHaveLength(1);
    expect(rig.asks).toHaveLength(1);
  });

  test("do not run the tool when all have left while the grant came", async () => {
    await using world = await openWorld();
    const { rig, client, policy, ran } = world;
    const stop = new AbortController();
    const stopping: typeof policy.client = {
      ...client,
      async consume(id, call) {
        const consumed = await client.consume(id, call);
        stop.abort(new Error("Everybody is gone"));
        return consumed;
      },
    };
    const pay = requireApproval(world.tool, { ...policy, client: stopping });
    const call = pay(PAY, { id: "pay-1", signal: stop.signal });
    await press(rig, "approve");
    await expect(call).rejects.toThrow("Everybody is gone");
    // The same try goes on: it is not used.
    expect(await pay(PAY, { id: "pay-1" })).toBe("paid 4120");
    expect(ran).toEqual([{ ...PAY, use: "pay-1:use~1" }]);
  });

  test("run the tool again after it failed, if they name the attempt", async () => {
    await using world = await openWorld();
    const uses: string[] = [];
    const pay = requireApproval<Transfer, string>((_args, { use }) => {
      uses.push(use);
      if (uses.length === 1) throw new RangeError("No such account");
      return "paid";
    }, world.policy);
    const named = { id: "pay-1", attempt: "job-7" };
    const call = pay(PAY, named);
    await press(world.rig, "approve");
    await expect(call).rejects.toThrow("No such account");
    expect(await pay(PAY, named)).toBe("paid");
    expect(await pay(PAY, named)).toBe("paid");
    expect(uses).toEqual(["pay-1:use~1", "pay-1:use~1"]);
  });

  test("end at once while the service is out of reach", async () => {
    await using world = await openWorld();
    const stop = new AbortController();
    let asked = 0;
    const out: Policy<Transfer>["client"] = {
      ...world.client,
      async start() {
        asked += 1;
        throw new CountersignError("Cannot reach the service");
      },
    };
    const pay = requireApproval(world.tool, { ...world.policy, client: out, outageMs: 60_000 });
    const call = pay(PAY, { id: "pay-1", signal: stop.signal });
    await expect.poll(() => asked).toBe(1);
    stop.abort(new Error("Gone"));
    await expect(call).rejects.toThrow("Gone");
    const before = AbortSignal.abort(new Error("Gone before"));
    await expect(pay(PAY, { id: "pay-2", signal: before })).rejects.toThrow("Gone before");
    expect(asked).toBe(1);
  });

  test("have a name: who forgets it is told", async () => {
    await using world = await openWorld();
    const pay = requireApproval(world.tool, world.policy) as (
      args: Transfer,
      call?: object,
    ) => Promise<string>;
    for (const call of [undefined, {}, { id: 7 }]) {
      const refused = expect(pay(PAY, call)).rejects;
      await refused.toThrow(new TypeError("Name the approval: call the tool with its arguments and { id }"));
    }
    expect(world.rig.asks).toEqual([]);
  });
});

/** Finds the approval that is there already: its deadline is nearer than a request may set it. */
function unasked(client: Policy<Transfer>["client"]): Policy<Transfer>["client"] {
  return {
    ...client,
    start: async (request) => ({ id: request.id ?? "", status: "pending", links: {} as never }),
  };
}

/** Revokes what people have approved before the tool can be run. */
function revokedAfter(client: Client): Client["wait"] {
  return async (id, options) => {
    const approval = await client.wait(id, options);
    if (approval.status === "approved") await client.revoke(id);
    return approval;
  };
}
