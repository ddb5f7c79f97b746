/** Uses of standing approvals, on a real engine, by gateways that share nothing but the engine and are cut off anywhere. */
import { afterAll, describe, expect, test } from "vitest";
import { KIND_TAG } from "../../../../src/approval/ids.ts";
import { type Standing, standingSchema } from "../../../../src/approval/limits/schema.ts";
import { standingUseOf } from "../../../../src/approval/limits/use-record.ts";
import { useId } from "../../../../src/approval/use.ts";
import { STANDING_USE_FUNC, USE_KIND } from "../../../../src/approval/use-names.ts";
import type { Durable } from "../../../../src/durable/durable.ts";
import { createDurable } from "../../../../src/durable/resonate.ts";
import { SYSTEM_CLOCK } from "../../../../src/engine/clock.ts";
import { openEngine } from "../../../../src/engine/engine.ts";
import { createLastSlots } from "../../../../src/service/approvals/last-slots.ts";
import { readStandingUses } from "../../../../src/service/approvals/standing-uses.ts";
import {
  type UseCall,
  type UseOutcome,
  useStanding,
} from "../../../../src/service/approvals/use-standing.ts";
import { randomFrom } from "../../../support/seeds.ts";

/** Random uses with gateways that are cut off; `STANDING_USES=1000000` for the whole proof. */
const RANDOM_USES = Number(process.env["STANDING_USES"] ?? 2_000);
const RANDOM_TIMEOUT_MS = 60_000 + RANDOM_USES * 10;

const engine = openEngine({ file: ":memory:", clock: SYSTEM_CLOCK });
const network = engine.network({ group: "gateway" });
const durable = createDurable(network);
network.start();
afterAll(async () => {
  await durable.stop();
  await engine.close();
});

const UNTIL_MS = Date.now() + 3_600_000;

const RECORD = {
  id: "",
  state: "pending",
  value: undefined,
  tags: { [KIND_TAG]: USE_KIND },
  createdAt: 0,
  timeoutAt: UNTIL_MS,
} as const;

let gateways = 0;

class Killed extends Error {}

/** A gateway, cut off at one of its requests: before the engine has it, or before it has the answer. */
function gateway(cut?: { readonly at: number; readonly isDone: boolean }) {
  let requests = 0;
  const counted = async <T>(request: () => Promise<T>): Promise<T> => {
    requests += 1;
    if (requests === cut?.at && !cut.isDone) throw new Killed();
    const answer = await request();
    if (requests >= (cut?.at ?? Number.POSITIVE_INFINITY)) throw new Killed();
    return answer;
  };
  const through: Durable = {
    ...durable,
    engineTime: durable.engineTime ?? fail(),
    start: (call) => counted(() => durable.start(call)),
    create: (latent) => counted(() => durable.create(latent)),
    read: (id) => counted(() => durable.read(id)),
    settle: (...given) => counted(() => durable.settle(...given)),
  };
  let now = 0;
  const options = { durable: through, clock: Date.now, slots: createLastSlots(through, () => now) };
  gateways += 1;
  return {
    name: `gateway-${gateways}`,
    /** Uses nothing for so many milliseconds. */
    rest: (ms: number) => {
      now += ms;
    },
    requests: () => requests,
    use: (approval: string, standing: Standing, call: UseCall, untilMs = UNTIL_MS) =>
      useStanding(options, { approval, standing, untilMs }, call),
  };
}

function fail(): never {
  throw new Error("The engine has a clock");
}

let approvals = 0;
const newApproval = () => `standing-${(approvals += 1)}`;
const standingOf = (uses: number, totalMax?: number): Standing =>
  standingSchema.parse({
    limits: { "/amount": { max: 500 } },
    uses,
    ...(totalMax === undefined ? {} : { total: { argument: "/amount", max: totalMax } }),
  });
const attempt = (name: string, amount = 1, caller = "key:pay"): UseCall => ({
  attempt: name,
  arguments: { amount },
  caller,
});

/** A word for what came of it: the slot, or why there is none. */
function said(outcome: UseOutcome): number | string {
  if (outcome.kind === "used") return outcome.use.n;
  return outcome.kind === "over-limit" ? outcome.refusal.limit : outcome.kind;
}

/** What the slots say, read one by one. */
async function slotsOf(approval: string) {
  const slots = [];
  for (let n = 1; ; n++) {
    const record = await durable.read(useId(approval, n));
    if (record === undefined) return slots;
    slots.push(standingUseOf(record));
  }
}

test("uses are counted up to the limit, and the same attempt is the same use", async () => {
  const [approval, standing, pay] = [newApproval(), standingOf(3), gateway()];
  const made = [];
  for (const name of ["a", "b", "a", "c", "d", "b"])
    made.push(said(await pay.use(approval, standing, attempt(name))));
  expect(made).toEqual([1, 2, 1, 3, "uses", 2]);
  // Another executor may call its tries the same.
  expect(said(await pay.use(approval, standing, attempt("a", 1, "key:other")))).toBe("uses");
  expect(said(await gateway().use(approval, standing, attempt("c")))).toBe(3);
  expect(said(await gateway().use(approval, standing, attempt("c", 2)))).toBe("other-arguments");
});

test("what is known of an approval's slots is not taken for those of a later one with its id", async () => {
  const stored = new Map<string, unknown>();
  const read = async (id: string) =>
    stored.has(id) ? ({ ...RECORD, param: stored.get(id) } as never) : undefined;
  const slots = createLastSlots({ read });
  const use = { kind: "use", n: 1, attempt: "a", argumentsHash: "x", arguments: {}, used: { uses: 1 } };
  stored.set(useId("re-used", 1), use);
  const last = (untilMs: number) =>
    slots.inTurn({ approval: "re-used", untilMs }, async (of) => (await of.last()).n);
  expect(await last(UNTIL_MS)).toBe(1);
  // Its approval is erased, and another one has the id.
  stored.clear();
  expect([await last(UNTIL_MS), await last(UNTIL_MS + 1)]).toEqual([1, 0]);
});

test("the total is exact, and a smaller use may still fit", async () => {
  const [approval, standing, pay] = [newApproval(), standingOf(10, 0.3), gateway()];
  expect(said(await pay.use(approval, standing, attempt("a", 0.1)))).toBe(1);
  expect(said(await pay.use(approval, standing, attempt("b", 0.3)))).toBe("total");
  expect(said(await pay.use(approval, standing, attempt("c", 0.2)))).toBe(2);
  expect(said(await pay.use(approval, standing, attempt("d", 0.01)))).toBe("total");
  expect((await slotsOf(approval)).map((use) => use?.used)).toEqual([
    { uses: 1, total: "0.1" },
    { uses: 2, total: "0.3" },
  ]);
});

test("what is refused leaves nothing behind", async () => {
  const [approval, standing, pay] = [newApproval(), standingOf(1), gateway()];
  await pay.use(approval, standing, attempt("a"));
  expect(said(await pay.use(approval, standing, attempt("b")))).toBe("uses");
  expect(said(await pay.use(approval, standing, attempt("c", 501)))).toBe("max");
  const { promises } = await durable.family(approval);
  expect(promises.filter(({ tags }) => tags[KIND_TAG] === "use-attempt")).toHaveLength(1);
});

test("the first use, and the one with which four fifths are used up, are calls of the workflow that tells people", async () => {
  const [approval, standing, pay] = [newApproval(), standingOf(5), gateway()];
  for (const name of ["a", "b", "c", "d", "e"]) await pay.use(approval, standing, attempt(name));
  const funcs = [];
  for (const n of [1, 2, 3, 4, 5]) {
    const param = (await durable.read(useId(approval, n)))?.param as { readonly func?: string };
    funcs.push(param.func);
  }
  expect(funcs).toEqual([STANDING_USE_FUNC, undefined, undefined, STANDING_USE_FUNC, undefined]);
});

test("a use takes three requests, however many there were; a gateway that is new to the approval takes a few more", async () => {
  const [approval, standing, pay] = [newApproval(), standingOf(300), gateway()];
  await pay.use(approval, standing, attempt("first"));
  for (let i = 1; i < 200; i++) {
    const before = pay.requests();
    await pay.use(approval, standing, attempt(`a${i}`));
    expect(pay.requests() - before).toBe(3);
  }
  const late = gateway();
  expect(said(await late.use(approval, standing, attempt("late")))).toBe(201);
  expect(late.requests()).toBeLessThan(3 + 2 * Math.ceil(Math.log2(200)) + 1);
});

describe("a gateway that others have overtaken", () => {
  const usedBy = async (
    pay: ReturnType<typeof gateway>,
    approval: string,
    standing: Standing,
    uses: number,
  ) => {
    for (let i = 0; i < uses; i++) await pay.use(approval, standing, attempt(`${pay.name}-${i}`));
  };
  const costs = async (pay: ReturnType<typeof gateway>, use: () => Promise<UseOutcome>) => {
    const before = pay.requests();
    return [said(await use()), pay.requests() - before] as const;
  };

  test("looks for the last use from the one that it knows, and not at each between", async () => {
    const [approval, standing, pay, other] = [newApproval(), standingOf(500), gateway(), gateway()];
    await usedBy(pay, approval, standing, 3);
    await usedBy(other, approval, standing, 200);
    pay.rest(60_000);
    const [slot, requests] = await costs(pay, () => pay.use(approval, standing, attempt("a")));
    expect(slot).toBe(204);
    expect(requests).toBeLessThan(3 + 2 * Math.ceil(Math.log2(200)) + 1);
    pay.rest(60_000);
    expect(await costs(pay, () => pay.use(approval, standing, attempt("b")))).toEqual([205, 4]);
    expect(await costs(pay, () => pay.use(approval, standing, attempt("c")))).toEqual([206, 3]);
  });

  test("does not look again at all slots for an attempt that came to nothing", async () => {
    const [approval, standing, pay, other] = [newApproval(), standingOf(100), gateway(), gateway()];
    await usedBy(pay, approval, standing, 1);
    await usedBy(other, approval, standing, 99);
    // It believes to know the last use, and begins.
    expect((await costs(pay, () => pay.use(approval, standing, attempt("a"))))[0]).toBe("uses");
    const [again, requests] = await costs(pay, () => pay.use(approval, standing, attempt("a")));
    expect(again).toBe("uses");
    expect(requests).toBeLessThan(5);
  });
});

describe("a revocation", () => {
  const revoke = (approval: string, n: number) =>
    durable.create({
      id: useId(approval, n),
      param: { kind: "revoked", n, atMs: 1, door: "api", nonce: "x" },
      timeoutAt: Date.now() + 3_600_000,
      tags: { [KIND_TAG]: USE_KIND },
      isLoose: true,
    });

  test("ends all uses at once, also what was granted before", async () => {
    const [approval, standing, pay] = [newApproval(), standingOf(5), gateway()];
    expect(said(await pay.use(approval, standing, attempt("a")))).toBe(1);
    await revoke(approval, 2);
    expect(said(await pay.use(approval, standing, attempt("b")))).toBe("revoked");
    expect(said(await pay.use(approval, standing, attempt("a")))).toBe("revoked");
    expect(said(await gateway().use(approval, standing, attempt("c")))).toBe("revoked");
    expect(await slotsOf(approval)).toHaveLength(2);
  });

  test("after the last use is told, too", async () => {
    const [approval, standing, pay] = [newApproval(), standingOf(1), gateway()];
    await pay.use(approval, standing, attempt("a"));
    await revoke(approval, 2);
    expect(said(await pay.use(approval, standing, attempt("b")))).toBe("revoked");
  });
});

test("after its time nobody can use it", async () => {
  const [approval, standing, pay] = [newApproval(), standingOf(5), gateway()];
  const untilMs = Date.now() + 3_600_000;
  await pay.use(approval, standing, attempt("a"), untilMs);
  expect(said(await pay.use(approval, standing, attempt("b"), 1))).toBe("late");
  expect(await slotsOf(approval)).toHaveLength(1);
});

test("a slot that a gateway took too late, as its clock was behind, is none, though its promise lives longer", async () => {
  const standing = standingOf(5);
  for (const before of [0, 1, 3]) {
    const [approval, pay] = [newApproval(), gateway()];
    for (let i = 0; i < before; i++) await pay.use(approval, standing, attempt(`before${i}`));
    const usedAtMs = Date.now();
    await expect.poll(() => Date.now()).toBeGreaterThan(usedAtMs);
    const untilMs = Date.now();
    // As of a use that people are told of.
    const param = {
      kind: "use",
      n: before + 1,
      attempt: "a",
      argumentsHash: "x",
      arguments: {},
      used: { uses: 9 },
    };
    await durable.create({
      id: useId(approval, before + 1),
      param,
      timeoutAt: untilMs + 3_600_000,
      tags: { [KIND_TAG]: USE_KIND },
      isLoose: true,
    });
    const granted = { approval, untilMs, standing, grantedBy: [], action: { tool: "pay" } as never };
    const read = await readStandingUses(durable, granted);
    expect([read.used.uses, read.last?.use.n]).toEqual([before, before === 0 ? undefined : before]);
    const reads: string[] = [];
    const counted = {
      read: (id: string) => {
        reads.push(id);
        return durable.read(id);
      },
    };
    await readStandingUses(counted, granted);
    expect(new Set(reads).size).toBe(reads.length);
  }
});

test("what another program wrote in a slot ends all uses", async () => {
  const [approval, standing] = [newApproval(), standingOf(5)];
  await durable.create({ id: useId(approval, 1), param: "x", timeoutAt: Date.now() + 60_000, tags: {} });
  expect(said(await gateway().use(approval, standing, attempt("a")))).toBe("unreadable");
});

describe("cut off at any request, before or after the engine has it, an attempt that is repeated has one use", () => {
  const cuts = [1, 2, 3, 4, 5].flatMap((at) => [false, true].map((isDone) => ({ at, isDone })));
  // Beside the first uses, those that tell people; with one slot known, and without.
  test.each(cuts)("request $at, done: $isDone", async (cut) => {
    for (const before of [0, 1, 3]) {
      const [approval, standing] = [newApproval(), standingOf(5, 100)];
      for (let i = 0; i < before; i++) await gateway().use(approval, standing, attempt(`before${i}`));
      const killed = gateway(cut);
      const first = await killed.use(approval, standing, attempt("a", 7)).catch((error: unknown) => error);
      if (cut.at <= 3) expect(first).toBeInstanceOf(Killed);
      // Somebody else comes between.
      expect(said(await gateway().use(approval, standing, attempt("between")))).toBeTypeOf("number");
      const outcomes = [gateway(), gateway()].map((each) => each.use(approval, standing, attempt("a", 7)));
      const [one, two] = (await Promise.all(outcomes)).map(said);
      expect(one).toBeTypeOf("number");
      expect(two).toBe(one);
      const slots = await slotsOf(approval);
      expect(slots.map((use) => use?.attempt ?? "").toSorted()).toEqual(
        [...Array.from({ length: before }, (_, i) => `before${i}`), "a", "between"].toSorted(),
      );
      expect(slots.at(-1)?.used).toEqual({ uses: before + 2, total: `${before + 8}` });
    }
  });
});

test(
  `${RANDOM_USES} random uses by gateways side by side, cut off at random, are never over a limit`,
  async () => {
    const seed = Number(process.env["STANDING_SEED"] ?? Date.now() % 1_000_000);
    const random = randomFrom(seed);
    const upTo = (max: number) => random.below(max);
    const seen = { used: 0, uses: 0, total: 0, killed: 0, repeated: 0 };
    for (let done = 0; done < RANDOM_USES; ) {
      const approval = newApproval();
      const uses = 1 + upTo(40);
      const totalTenths = upTo(300);
      const standing = standingOf(uses, totalTenths / 10);
      const known = [gateway(), gateway()];
      const granted = new Map<string, number>();
      for (let round = 0; round < 6; round++) {
        const calls = Array.from({ length: 10 }, () => {
          const name = `a${upTo(60)}`;
          // Each attempt has its amount, in tenths.
          return { name, amount: ((Number(name.slice(1)) * 7) % 23) / 10 };
        });
        done += calls.length;
        const outcomes = await Promise.all(
          calls.map(async ({ name, amount }) => {
            const isCut = upTo(3) === 0;
            const by = isCut ? gateway({ at: 1 + upTo(6), isDone: upTo(2) === 0 }) : known[upTo(2)];
            by?.rest(upTo(3) * 600);
            try {
              return await by?.use(approval, standing, attempt(name, amount));
            } catch (error) {
              if (!(error instanceof Killed)) throw error;
              seen.killed += 1;
              return undefined;
            }
          }),
        );
        for (const [i, outcome] of outcomes.entries()) {
          const { name = "" } = calls[i] ?? {};
          if (outcome?.kind === "used") {
            if (granted.has(name)) seen.repeated += 1;
            // Whoever was told a slot is told the same ever after.
            expect(granted.get(name) ?? outcome.use.n, `seed ${seed}`).toBe(outcome.use.n);
            granted.set(name, outcome.use.n);
            seen.used += 1;
          } else if (outcome !== undefined) {
            const why = said(outcome);
            expect(["uses", "total"], `seed ${seed}`).toContain(why);
            expect(granted.has(name), `seed ${seed}: ${name} was granted`).toBe(false);
            seen[why === "uses" ? "uses" : "total"] += 1;
          }
        }
      }
      const slots = await slotsOf(approval);
      const amounts = slots.map((use) => Number(use?.arguments["amount"]));
      const tenths = amounts.reduce((sum, amount) => sum + Math.round(amount * 10), 0);
      const names = new Set(slots.map((use) => use?.attempt));
      expect({ seed, isWithin: slots.length <= uses && tenths <= totalTenths, each: names.size }).toEqual({
        seed,
        isWithin: true,
        each: slots.length,
      });
      for (const [name, n] of granted) expect(slots[n - 1]?.attempt, `seed ${seed}`).toBe(name);
    }
    expect(Math.min(...Object.values(seen))).toBeGreaterThan(0);
  },
  RANDOM_TIMEOUT_MS,
);
