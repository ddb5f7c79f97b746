import { describe, expect, test } from "vitest";
import { GRANT_LIFE_MIN_MS } from "../../../../src/approval/grant.ts";
import { KIND_TAG } from "../../../../src/approval/ids.ts";
import { useId } from "../../../../src/approval/use.ts";
import { USE_KIND } from "../../../../src/approval/use-names.ts";
import type { Durable } from "../../../../src/durable/durable.ts";
import { looseLineage } from "../../../../src/durable/lineage.ts";
import { createDurable } from "../../../../src/durable/resonate.ts";
import { type Engine, openEngine } from "../../../../src/engine/engine.ts";
import { restoredId } from "../../../../src/protocol/restored.ts";
import { type Consumed, consumeAction } from "../../../../src/service/approvals/consume.ts";
import { revokeFailure } from "../../../../src/service/approvals/consume-failure.ts";
import { revokeAction } from "../../../../src/service/approvals/revoke.ts";
import { usesOf } from "../../../../src/service/approvals/uses.ts";
import {
  ACTION,
  approvedAction,
  approvedItems,
  askedAction,
  outcomeOf,
  WANTED,
} from "../../../support/approved-action.ts";
import { FakeClock } from "../../../support/fake-clock.ts";

const DAY_MS = 86_400_000;
const START_MS = Date.UTC(2026, 11, 1);

interface World extends AsyncDisposable {
  readonly engine: Engine;
  readonly durable: Durable;
  readonly clock: FakeClock;
}

function openWorld(): World {
  const clock = new FakeClock(START_MS);
  const engine = openEngine({ file: ":memory:", clock });
  const network = engine.network({ group: "gateway" });
  network.start();
  const durable = createDurable(network);
  return {
    engine,
    durable,
    clock,
    async [Symbol.asyncDispose]() {
      await durable.stop();
      await engine.close();
    },
  };
}

const optionsOf = ({ durable, clock }: World) => ({ durable, clock: () => clock.now() });
const call = { ...WANTED, attempt: "job-1", caller: "key:a", client: "payments" };
const consume = (world: World, more: object = {}, id = "pay-1") =>
  consumeAction(optionsOf(world), id, { ...call, ...more });
const revoke = (world: World, nonce = "n1", id = "pay-1") =>
  revokeAction(optionsOf(world), id, { door: "api", nonce, caller: "key:b", reason: "Fraud" });
const whyOf = (consumed: Consumed) => (consumed.kind === "refused" ? consumed.why : consumed.kind);
const approved = ({ durable, clock }: World, action?: object, id = "pay-1") =>
  approvedAction(durable, id, { action, nowMs: clock.now() });

test("a grant says what may run, until when, and who approved it", async () => {
  await using world = openWorld();
  await approved(world);
  await world.clock.advance(90_500);
  const { audience, ...run } = ACTION;
  expect(await consume(world)).toEqual({
    kind: "granted",
    approval: "pay-1",
    n: 1,
    digest: "d".repeat(64),
    claims: {
      sub: "pay-1",
      jti: "pay-1:use~1",
      aud: audience,
      iat: START_MS / 1_000 + 90,
      exp: (START_MS + DAY_MS) / 1_000,
      ...run,
      reversible: "no",
      digest: "d".repeat(64),
      approvedBy: ["ana@example.com"],
    },
  });
});

test("the same attempt gets the same grant, also when its time and the grant's are over", async () => {
  await using world = openWorld();
  await approved(world);
  const first = await consume(world);
  expect(first.kind).toBe("granted");
  expect(await consume(world)).toEqual(first);
  // In another order of members, and with another key of the same client.
  const { items, ...others } = ACTION.arguments;
  expect(await consume(world, { arguments: { items, ...others }, caller: "key:new" })).toEqual(first);
  await world.clock.advance(2 * DAY_MS);
  expect(await consume(world)).toEqual(first);
});

test.each([
  ["another attempt", { attempt: "job-2" }],
  ["the same attempt of another client", { client: "deploy" }],
  ["the same attempt without a key", { caller: "open", client: undefined }],
])("%s is told who was first, and when", async (_, more) => {
  await using world = openWorld();
  await approved(world);
  await consume(world);
  const lost = { kind: "refused", why: "consumed", atMs: START_MS, caller: "key:a", client: "payments" };
  expect(await consume(world, more)).toMatchObject(lost);
  await world.clock.advance(2 * DAY_MS);
  expect(await consume(world, more)).toMatchObject(lost);
});

test.each([
  ["other arguments", { arguments: { ...ACTION.arguments, amount: 1 } }, "arguments"],
  ["arguments in a list", { arguments: [ACTION.arguments] }, "arguments"],
  ["another audience", { audience: "deploy" }, "audience"],
  ["no audience", { audience: undefined }, "audience"],
])("%s get nothing, and take nothing", async (_, more, why) => {
  await using world = openWorld();
  await approved(world);
  expect(whyOf(await consume(world, more))).toBe(why);
  expect(await world.durable.read(useId("pay-1", 1))).toBeUndefined();
  expect(whyOf(await consume(world))).toBe("granted");
  // Nor does the attempt that has the grant.
  expect(whyOf(await consume(world, more))).toBe(why);
});

test("an action without an audience is not for one", async () => {
  await using world = openWorld();
  await approved(world, { tool: "t", arguments: ACTION.arguments });
  expect(whyOf(await consume(world))).toBe("audience");
  const granted = await consume(world, { audience: undefined });
  expect(granted.kind === "granted" && granted.claims).not.toHaveProperty("aud");
});

describe("what nobody approved", () => {
  test("is refused while it is open, and given once it is approved", async () => {
    await using world = openWorld();
    await askedAction(world.durable, "pay-1", { nowMs: START_MS });
    expect(await consume(world)).toMatchObject({ why: "not-approved", status: "pending" });
    await world.durable.settle("pay-1", outcomeOf("pay-1", "approved"));
    expect(whyOf(await consume(world))).toBe("granted");
  });

  test.each([
    ["rejected", "not-approved"],
    ["expired", "ended"],
    ["cancelled", "ended"],
  ] as const)("%s: refused", async (status, why) => {
    await using world = openWorld();
    await askedAction(world.durable, "pay-1", { nowMs: START_MS });
    await world.durable.settle("pay-1", outcomeOf("pay-1", status));
    expect(await consume(world)).toMatchObject({ kind: "refused", why, status });
    expect(await revoke(world)).toMatchObject({ kind: "refused", why: "not-approved", status });
  });

  test("a workflow that broke off, an approval without an action, no approval", async () => {
    await using world = openWorld();
    await askedAction(world.durable, "pay-1", { nowMs: START_MS });
    await world.durable.settle("pay-1", "Broken", "rejected");
    expect(await consume(world)).toMatchObject({ why: "not-approved", status: "failed" });
    await approvedAction(world.durable, "pay-2", { action: {}, nowMs: START_MS });
    expect(await consume(world, {}, "pay-2")).toMatchObject({ why: "no-action" });
    expect(await revoke(world, "n1", "pay-2")).toMatchObject({ why: "no-action" });
    expect(await consume(world, {}, "pay-3")).toEqual({ kind: "unknown" });
    expect(await revoke(world, "n1", "pay-3")).toEqual({ kind: "unknown" });
  });

  test("an outcome that another program wrote, without an action", async () => {
    await using world = openWorld();
    await askedAction(world.durable, "pay-1", { nowMs: START_MS });
    const { action: _, ...outcome } = outcomeOf("pay-1", "approved") as { action: unknown };
    await world.durable.settle("pay-1", outcome);
    expect(whyOf(await consume(world))).toBe("no-action");
  });
});

describe("its time, by the engine's clock", () => {
  const action = { ...ACTION, validFor: "PT1H" };

  test.each([
    [-1, "granted"],
    [0, "too-late"],
    [1, "too-late"],
  ])("%i ms after its end: %s", async (ms, expected) => {
    await using world = openWorld();
    await approved(world, action);
    world.clock.set(START_MS + 3_600_000 + ms);
    expect(whyOf(await consume(world))).toBe(expected);
    expect(whyOf(await consume(world))).toBe(expected);
  });

  test.each([
    [-1, "granted"],
    [0, "too-late"],
    [1, "too-late"],
  ])("a gateway whose clock is behind changes nothing: at %i ms %s", async (ms, expected) => {
    await using world = openWorld();
    await approved(world, action);
    world.clock.set(START_MS + 3_600_000 + ms);
    // It knows the engine's clock no better, and so it creates the promise.
    const { engineTime: _, ...durable } = bound(world.durable);
    const late = { durable, clock: () => START_MS };
    expect(whyOf(await consumeAction(late, "pay-1", call))).toBe(expected);
    expect(whyOf(await consumeAction(late, "pay-1", call))).toBe(expected);
    const { uses = [] } = await usesOf(durable, await rootOf(world));
    expect(uses).toHaveLength(expected === "granted" ? 1 : 0);
  });

  test("a use of a standing approval that came too late is in no view, though its promise lives longer", async () => {
    await using world = openWorld();
    const standing = { limits: { "/amount": { max: 5 } }, uses: 5 };
    const { arguments: _, ...tool } = ACTION;
    const root = await approved(world, { ...tool, standing, reversible: "costly", validFor: "PT1H" });
    const { engineTime: __, ...durable } = bound(world.durable);
    const late = { durable, clock: () => START_MS };
    const use = (attempt: string) =>
      consumeAction(late, "pay-1", { ...call, arguments: { amount: 1 }, attempt });
    const seen = async () => ((await usesOf(durable, root)).uses ?? []).map(({ n }) => n);
    for (const attempt of ["a", "b", "c"]) expect(whyOf(await use(attempt))).toBe("granted");
    expect(await seen()).toEqual([3]);
    world.clock.set(START_MS + 3_600_000);
    // The fourth is one that people are told of.
    expect(whyOf(await use("d"))).toBe("too-late");
    expect(await world.durable.read(useId("pay-1", 4))).toBeDefined();
    expect(await seen()).toEqual([3]);
  });

  test.each([
    [-1, "revoked"],
    [0, "late"],
    [1, "late"],
  ])("the same for a revocation: %i ms after its end: %s", async (ms, expected) => {
    await using world = openWorld();
    await approved(world, action);
    world.clock.set(START_MS + 3_600_000 + ms);
    expect(await revoke(world)).toMatchObject({ kind: "stands", taken: { kind: expected } });
    expect(whyOf(await consume(world))).toBe(ms < 0 ? "revoked" : "too-late");
  });

  test("a grant of the last moment is good for five minutes", async () => {
    await using world = openWorld();
    await approved(world, action);
    const lastMs = START_MS + 3_600_000 - 1_000;
    world.clock.set(lastMs);
    expect(await consume(world)).toMatchObject({ claims: { exp: (lastMs + GRANT_LIFE_MIN_MS) / 1_000 } });
  });
});

describe("a revocation", () => {
  test("keeps everybody from consuming, and may be repeated", async () => {
    await using world = openWorld();
    await approved(world);
    const revocation = { nonce: "n1", reason: "Fraud" };
    expect(await revoke(world)).toMatchObject({ taken: { kind: "revoked", revocation } });
    expect(await revoke(world, "n2")).toMatchObject({ taken: { kind: "revoked", revocation } });
    expect(await consume(world)).toMatchObject({ why: "revoked", revocation, atMs: START_MS });
    expect((await usesOf(world.durable, await rootOf(world))).uses).toEqual([
      { n: 1, state: "revoked", at: "2026-12-01T00:00:00.000Z", reason: "Fraud", caller: "key:b" },
    ]);
  });

  test("comes too late for what was consumed", async () => {
    await using world = openWorld();
    await approved(world);
    const granted = await consume(world);
    expect(await revoke(world)).toMatchObject({ taken: { kind: "use", use: { client: "payments" } } });
    expect(await consume(world)).toEqual(granted);
  });

  test("or a use: one of the two, whichever of them comes first", async () => {
    await using world = openWorld();
    const won = { use: 0, revoked: 0 };
    for (let i = 0; i < 40; i += 1) {
      const id = `pay-${i}`;
      await approved(world, ACTION, id);
      // It takes a request less, so half of the times it comes later.
      const later = async () => {
        for (let reads = 0; reads < i % 4; reads += 1) await world.durable.read("nobody");
        return await revoke(world, "n", id);
      };
      const [revoked, consumed] = await Promise.all([later(), consume(world, {}, id)]);
      const kind = revoked.kind === "stands" ? revoked.taken.kind : revoked.kind;
      expect([kind, whyOf(consumed)]).toEqual(kind === "use" ? ["use", "granted"] : ["revoked", "revoked"]);
      won[kind as keyof typeof won] += 1;
    }
    expect(won).toEqual({ use: 20, revoked: 20 });
  });
});

describe("several actions in one approval", () => {
  const items = [1, 2, 3].map((n) => ({ ...ACTION, tool: `tool-${n}`, arguments: { n } }));
  const open = async (
    world: World,
    more: { readonly approved: readonly number[]; readonly atomic?: boolean },
  ) => await approvedItems(world.durable, "pay-1", { items, nowMs: START_MS, ...more });
  const one = (item: number) => ({ item, arguments: { n: item } });

  test("are consumed one by one, each once", async () => {
    await using world = openWorld();
    const root = await open(world, { approved: [1, 3] });
    const first = await consume(world, one(1));
    expect(first).toMatchObject({
      kind: "granted",
      n: 1,
      claims: { jti: "pay-1:use~1", item: 1, tool: "tool-1", arguments: { n: 1 }, aud: "payments" },
    });
    expect(await consume(world, one(1))).toEqual(first);
    expect(await consume(world, { ...one(3), attempt: "job-2" })).toMatchObject({
      kind: "granted",
      claims: { jti: "pay-1:use~3", item: 3, tool: "tool-3" },
    });
    expect(whyOf(await consume(world, { ...one(3), attempt: "job-3" }))).toBe("consumed");
    // It was struck out; the arguments of one are none for another; and an item must be named.
    expect(await consume(world, one(2))).toMatchObject({ why: "not-approved", status: "struck-out" });
    expect(whyOf(await consume(world, { item: 1, arguments: { n: 3 } }))).toBe("arguments");
    for (const item of [undefined, 4]) {
      expect(await consume(world, { ...one(1), item })).toMatchObject({ why: "item", count: 3 });
    }
    const { uses } = await usesOf(world.durable, root);
    expect(uses?.map(({ n, state }) => [n, state])).toEqual([
      [1, "consumed"],
      [3, "consumed"],
    ]);
  });

  test("that were struck out cannot be revoked, and the refusal says so", async () => {
    const actor = { door: "api", caller: "key:b", nonce: "n1" } as const;
    const why = async (world: World, item?: number) => {
      const revoked = await revokeAction(optionsOf(world), "pay-1", { ...actor, item });
      const failure = revoked.kind === "unknown" ? undefined : revokeFailure(revoked);
      return [failure?.code, failure?.message, failure?.more];
    };
    const more = { approvalStatus: "struck-out" };
    await using world = openWorld();
    await open(world, { approved: [1, 3] });
    expect(await why(world, 2)).toEqual(["CONFLICT", "Cannot revoke: this item was struck out", more]);
    await using none = openWorld();
    await open(none, { approved: [] });
    expect(await why(none)).toEqual(["CONFLICT", "Cannot revoke: all items were struck out", more]);
  });

  test("are revoked as far as nobody has consumed them, or one of them alone", async () => {
    await using world = openWorld();
    await open(world, { approved: [1, 2, 3] });
    await consume(world, one(1));
    const options = optionsOf(world);
    const actor = { door: "api", caller: "key:b" } as const;
    expect(await revokeAction(options, "pay-1", { ...actor, nonce: "n1", item: 1 })).toMatchObject({
      taken: { kind: "use" },
    });
    expect(await revokeAction(options, "pay-1", { ...actor, nonce: "n2", item: 3 })).toMatchObject({
      taken: { kind: "revoked" },
    });
    expect(await revokeAction(options, "pay-1", { ...actor, nonce: "n3" })).toMatchObject({
      taken: { kind: "revoked", revocation: { nonce: "n3", n: 2 } },
      all: [{ kind: "use" }, { kind: "revoked" }, { kind: "revoked", revocation: { nonce: "n2" } }],
    });
    expect(await revokeAction(options, "pay-1", { ...actor, nonce: "n4", item: 4 })).toMatchObject({
      kind: "no-item",
    });
    expect(whyOf(await consume(world, one(2)))).toBe("revoked");
  });

  test("that stay together are consumed together", async () => {
    await using world = openWorld();
    await open(world, { approved: [1, 2, 3], atomic: true });
    const all = { arguments: undefined, items: items.map((each) => each.arguments) };
    expect(whyOf(await consume(world, { arguments: { n: 1 } }))).toBe("arguments");
    expect(whyOf(await consume(world, { ...all, items: [{ n: 1 }, { n: 2 }] }))).toBe("arguments");
    expect(await consume(world, { ...all, item: 1 })).toMatchObject({ why: "item", isAtomic: true });
    const granted = await consume(world, all);
    const { target } = ACTION;
    const actions = items.map(({ tool, arguments: own }) => ({
      tool,
      target,
      arguments: own,
      reversible: "no",
    }));
    expect(granted).toMatchObject({ kind: "granted", n: 1, claims: { aud: "payments", actions } });
    expect(granted.kind === "granted" && granted.claims).not.toHaveProperty("tool");
    expect(whyOf(await consume(world, { ...all, attempt: "job-2" }))).toBe("consumed");
  });
});

test("what another program wrote in its place is nobody's", async () => {
  await using world = openWorld();
  const root = await approved(world);
  const id = useId("pay-1", 1);
  await world.durable.create({ id, param: { kind: "other" }, timeoutAt: START_MS + DAY_MS, tags: {} });
  expect(whyOf(await consume(world))).toBe("unreadable");
  expect(await revoke(world)).toMatchObject({ taken: { kind: "unreadable" } });
  expect(await usesOf(world.durable, root)).toEqual({});
});

test("after a restore, what the backup does not know of is not given", async () => {
  await using world = openWorld();
  const { durable, clock } = world;
  await approved(world, ACTION, "pay-1");
  await approved(world, ACTION, "pay-2");
  const known = await consume(world, {}, "pay-1");
  await clock.advance(1_000);
  const backupAtMs = clock.now();
  await clock.advance(60_000);
  // As an engine notes it whose file is a backup.
  const param = { kind: "restored", backupAtMs, restoredAtMs: clock.now() };
  await durable.create({ id: restoredId(1), param, timeoutAt: START_MS + DAY_MS, tags: {} });
  await approved(world, ACTION, "pay-3");
  expect(await consume(world, {}, "pay-1")).toEqual(known);
  expect(await consume(world, {}, "pay-2")).toMatchObject({ why: "restored", backupAtMs });
  expect(whyOf(await consume(world, {}, "pay-3"))).toBe("granted");
  expect(await revoke(world, "n1", "pay-2")).toMatchObject({ taken: { kind: "revoked" } });
  expect(whyOf(await consume(world, {}, "pay-2"))).toBe("revoked");
});

test("it costs three requests, whoever is first and whenever", async () => {
  await using world = openWorld();
  await approved(world);
  const asked: string[] = [];
  const durable = new Proxy(world.durable, {
    get(target, name: keyof Durable) {
      const method: unknown = target[name];
      if (typeof method !== "function") return method;
      return (...args: unknown[]) => {
        asked.push(name);
        return (method as (...args: unknown[]) => unknown).apply(target, args);
      };
    },
  });
  await consumeAction({ durable, clock: () => 0 }, "pay-1", call);
  expect(asked.splice(0)).toEqual(["read", "read", "create"]);
  await consumeAction({ durable, clock: () => 0 }, "pay-1", { ...call, attempt: "job-2" });
  expect(asked.splice(0)).toEqual(["read", "read", "create"]);
  await world.clock.advance(2 * DAY_MS);
  await consumeAction({ durable, clock: () => 0 }, "pay-1", call);
  expect(asked.splice(0)).toEqual(["read", "read", "read"]);
  await usesOf(durable, await approvedAction(world.durable, "pay-2", { action: {}, nowMs: START_MS }));
  expect(asked).toEqual([]);
});

test("retention keeps an approval while its action can be consumed, and then removes both", async () => {
  await using world = openWorld();
  await approved(world, { ...ACTION, validFor: "P3D" });
  await consume(world);
  await world.clock.advance(2 * DAY_MS);
  expect(await world.engine.collect(DAY_MS)).toEqual({ promises: 0 });
  await world.clock.advance(3 * DAY_MS);
  expect(await world.engine.collect(DAY_MS)).toEqual({ promises: 2 });
  expect(await world.durable.read(useId("pay-1", 1))).toBeUndefined();
  // A new approval may have the id, and its action is its own.
  await approved(world);
  expect(whyOf(await consume(world, { attempt: "job-9" }))).toBe("granted");
});

test("the id of a use below another workflow is below the approval", () => {
  expect(useId("po-1", 1)).toBe("po-1:use~1");
  expect(useId("buy:2.1", 3)).toBe("buy:2.1.use~3");
  expect(looseLineage(useId("buy:2.1", 3))["resonate:origin"]).toBe("buy");
  expect({ [KIND_TAG]: USE_KIND }).toEqual({ "countersign:kind": "use" });
});

async function rootOf({ durable }: World) {
  const root = await durable.read("pay-1");
  if (root === undefined) throw new Error("It is not there");
  return root;
}

/** The port without the engine's clock. */
function bound(durable: Durable): Durable {
  return {
    start: (each) => durable.start(each),
    create: (each) => durable.create(each),
    read: (id) => durable.read(id),
    readTogether: (first, rest) => durable.readTogether(first, rest),
    settle: (...args) => durable.settle(...args),
    waitFor: (...args) => durable.waitFor(...args),
    children: (...args) => durable.children(...args),
    family: (id) => durable.family(id),
    search: (...args) => durable.search(...args),
    stop: () => durable.stop(),
  };
}
