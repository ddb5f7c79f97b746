import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { CREATOR_TAG } from "../../../../src/approval/creator.ts";
import { KIND_TAG } from "../../../../src/approval/ids.ts";
import { type DoNotAskRequest, doNotAskOf } from "../../../../src/approval/refusal/do-not-ask.ts";
import {
  PLACES_MAX,
  placeId,
  scopeOf,
  WINDOW_DAYS,
  windowOf,
  windowsAt,
} from "../../../../src/approval/refusal/place.ts";
import { parseApprovalRequest } from "../../../../src/approval/request.ts";
import { approvalCall } from "../../../../src/approval/starting.ts";
import type { Durable, StoredPromise } from "../../../../src/durable/durable.ts";
import { createDurable } from "../../../../src/durable/resonate.ts";
import { type Engine, openEngine } from "../../../../src/engine/engine.ts";
import { findRefusal, revokeRefusal, takePlaces } from "../../../../src/service/approvals/refusals.ts";
import { FakeClock } from "../../../support/fake-clock.ts";

const DAY_MS = 86_400_000;
const WINDOW_MS = WINDOW_DAYS * DAY_MS;
/** The first moment of a window. */
const START_MS = windowOf(Date.UTC(2026, 11, 1)) * WINDOW_MS;

const ACTION = { tool: "shell", arguments: { n: 1 }, reversible: "no", validFor: "P1D" } as const;

interface World extends AsyncDisposable {
  readonly engine: Engine;
  readonly durable: Durable;
  readonly clock: FakeClock;
}

function openWorld(startMs = START_MS + 40 * DAY_MS): World {
  const clock = new FakeClock(startMs);
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

const optionsOf = ({ durable, clock }: Pick<World, "durable" | "clock">) => ({
  durable,
  clock: () => clock.now(),
});
const find = (world: Pick<World, "durable" | "clock">, action: object = ACTION, client = "agent") =>
  findRefusal(optionsOf(world), client, [{ ...ACTION, ...action }]);

/** Starts an approval; nobody has answered. */
async function asked({ durable, clock }: World, id: string, more: object = {}): Promise<StoredPromise> {
  const read = parseApprovalRequest(
    { title: "Run it", approvers: ["ana@example.com"], action: { ...ACTION, ...more } },
    { nowMs: clock.now(), callbackUrlProblem: () => undefined },
  );
  if (!read.ok) throw new TypeError(JSON.stringify(read.problems));
  const call = approvalCall(read.value, read.terms);
  return await durable.start({
    id,
    ...call,
    tags: { [KIND_TAG]: "approval", [CREATOR_TAG]: "client:agent" },
  });
}

/** Takes the places, as an answer does before it is stored. @returns until when; undefined if there are none */
async function placed(world: World, root: StoredPromise, time = "P7D"): Promise<number | undefined> {
  const untilMs = Date.parse(doNotAskOf({ for: time }, [ACTION], world.clock.now()).until);
  const place = { root, client: "agent", actions: [ACTION], untilMs };
  return (await takePlaces(optionsOf(world), place)) ? untilMs : undefined;
}

/** Ends it as a worker does that has one rejection. */
async function rejected(world: World, root: StoredPromise, request: DoNotAskRequest): Promise<void> {
  const doNotAsk = doNotAskOf(request, [ACTION], world.clock.now());
  const at = new Date(world.clock.now()).toISOString();
  const decision = { n: 1, email: "ana@example.com", choice: "reject", doNotAsk, at, door: "mail" };
  await world.durable.settle(root.id, {
    approval: root.id,
    outcome: "rejected",
    reason: "Ana rejected it",
    decisions: [decision],
    action: { digest: "d".repeat(64) },
    metadata: {},
  });
}

async function refused(world: World, id: string, request: DoNotAskRequest = { for: "P7D" }): Promise<void> {
  const root = await asked(world, id);
  expect(await placed(world, root, request.for)).toBeDefined();
  await rejected(world, root, request);
}

test("a refusal stands to the millisecond that was said", async () => {
  await using world = openWorld();
  await refused(world, "a", { for: "P1D" });
  await world.clock.advance(DAY_MS - 1);
  expect(await find(world)).toMatchObject({ refusal: { approval: "a" }, indexes: [0] });
  await world.clock.advance(1);
  expect(await find(world)).toBeUndefined();
});

test("it is found from another window than the one it was said in, for as long as it can last", async () => {
  await using world = openWorld(START_MS + WINDOW_MS - 1);
  await refused(world, "a", { for: "P1D" });
  await world.clock.advance(1);
  expect(windowOf(world.clock.now())).toBe(windowOf(START_MS) + 1);
  expect(await find(world)).toBeDefined();
  await world.clock.advance(DAY_MS - 2);
  expect(await find(world)).toBeDefined();
});

test("every moment of the 30 days before is in a window that is looked into", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 400 * DAY_MS }),
      fc.integer({ min: 0, max: 30 * DAY_MS }),
      (at, age) => {
        const windows = windowsAt(START_MS + at);
        expect(windows).toContain(windowOf(START_MS + at - age));
        expect(windows.length).toBeLessThanOrEqual(2);
      },
    ),
  );
});

describe("asking", () => {
  /** Counts what is asked of the engine. */
  function counted(world: World): Pick<World, "durable" | "clock"> & { readonly reads: string[] } {
    const reads: string[] = [];
    const { durable, clock } = world;
    const read = async (id: string) => {
      reads.push(id);
      return await durable.read(id);
    };
    return { clock, reads, durable: { ...durable, read } };
  }

  test("reads one promise where nothing was refused, and two in the first third of a window", async () => {
    await using world = openWorld(START_MS + 31 * DAY_MS);
    const late = counted(world);
    await find(late);
    expect(late.reads).toHaveLength(1);
    await using other = openWorld(START_MS + 29 * DAY_MS);
    const early = counted(other);
    await find(early);
    expect(early.reads).toHaveLength(2);
  });

  test("reads no more than its places, and two promises for each that is taken", async () => {
    await using world = openWorld();
    for (let n = 1; n <= PLACES_MAX; n++) await refused(world, `a-${n}`, { for: "P1D", arguments: "same" });
    const full = counted(world);
    expect(await find(full, { arguments: { n: 2 } })).toBeUndefined();
    expect(full.reads.length).toBeLessThanOrEqual(3 * PLACES_MAX);
  });
});

describe("places", () => {
  test("are taken by as many approvals as there are, and by no more until the next window", async () => {
    await using world = openWorld();
    for (let n = 1; n <= PLACES_MAX; n++) await refused(world, `a-${n}`, { for: "P1D" });
    const root = await asked(world, "more");
    expect(await placed(world, root)).toBeUndefined();
    const { durable } = world;
    const later = {
      durable: { create: (latent) => durable.create(latent), read: (id) => durable.read(id) } as Durable,
      clock: () => world.clock.now() + WINDOW_MS,
    };
    const place = { root, client: "agent", actions: [ACTION], untilMs: later.clock() + DAY_MS };
    expect(await takePlaces(later, place)).toBe(true);
  });

  test("are taken once by the answers of one approval, also if one is given again a while later, and again by one that lasts longer", async () => {
    await using world = openWorld();
    const root = await asked(world, "a");
    for (const time of ["P2D", "P2D", "P1D", "P2D"]) {
      expect(await placed(world, root, time)).toBeDefined();
      await world.clock.advance(60_000);
    }
    const second = placeId(scopeOf("agent", ACTION), windowOf(world.clock.now()), 2);
    expect(await world.durable.read(second)).toBeUndefined();
    await placed(world, root, "P30D");
    expect(await world.durable.read(second)).toBeDefined();
  });

  test("are one for each of many answers at once", async () => {
    await using world = openWorld();
    const names = Array.from({ length: PLACES_MAX }, (_, i) => `a-${i}`);
    const roots = await Promise.all(names.map((id) => asked(world, id)));
    const untils = await Promise.all(roots.map((root) => placed(world, root)));
    expect(untils).not.toContain(undefined);
    for (const root of roots) {
      await rejected(world, root, { for: "P7D" });
      expect(await find(world)).toBeDefined();
      await revokeRefusal(
        optionsOf(world),
        { approval: root.id, untilMs: world.clock.now() + DAY_MS },
        { door: "api", nonce: "n" },
      );
      // The next one is found by a place of its own.
      expect(await find(world)).toBeUndefined();
    }
  });

  test("refuse nothing without the answer that took them, and are no others' for another approval of that id", async () => {
    await using world = openWorld();
    const root = await asked(world, "a");
    await placed(world, root);
    expect(await find(world)).toBeUndefined();
    await world.durable.settle("a", { ...(root.value as object), outcome: "approved" });
    expect(await find(world)).toBeUndefined();
  });

  test("outlive the deletion of others: no refusal is lost while it stands", async () => {
    await using world = openWorld();
    const hour = DAY_MS / 24;
    await refused(world, "a", { for: "PT1H" });
    await world.clock.advance(hour / 2);
    await refused(world, "b", { for: "PT4H" });
    await world.clock.advance(3 * hour);
    // The first is over for long. Its approval is deleted, and its place is not: the second is found behind it.
    await world.engine.collect(3.2 * hour);
    expect(await world.durable.read("a")).toBeUndefined();
    expect(await find(world)).toMatchObject({ refusal: { approval: "b" } });
    await world.clock.advance(3 * hour);
    expect(await find(world)).toBeUndefined();
    await world.engine.collect(hour / 2);
    const first = placeId(scopeOf("agent", ACTION), windowOf(START_MS + 40 * DAY_MS), 1);
    expect(await world.durable.read(first)).toBeUndefined();
  });
});

test("a refusal lasts no longer than its approval is kept, and not for another approval of the same id", async () => {
  await using world = openWorld();
  await refused(world, "a", { for: "P30D" });
  expect(await find(world)).toBeDefined();
  await world.clock.advance(2 * DAY_MS);
  await world.engine.collect(DAY_MS);
  expect(await find(world)).toBeUndefined();
  const again = await asked(world, "a");
  await rejected(world, again, { for: "P7D" });
  expect(await find(world)).toBeUndefined();
});
