/** What many executors and operators are told at two gateways about a few approved actions, held against a sequential server. */
import { afterAll, expect, test } from "vitest";
import { KIND_TAG } from "../../src/approval/ids.ts";
import { USE_KIND } from "../../src/approval/use-names.ts";
import type { Durable } from "../../src/durable/durable.ts";
import { askedAction, outcomeOf, WANTED } from "../support/approved-action.ts";
import { json, startTestGateway, type TestGateway } from "../support/gateway.ts";
import { type Call, isLinearizable } from "../support/linearizability.ts";
import { randomFrom, seeds } from "../support/seeds.ts";
import { type ActionAnswer, type ActionOp, APPROVED_ACTION } from "./action-model.ts";

type History = readonly Call<ActionOp, ActionAnswer>[];

const CLIENTS = 8;
const APPROVALS = 24;
/** Of each client at each approval. */
const CALLS = 4;
const KINDS = ["approve", "cancel", "consume", "revoke", "look"] as const;
const DRAWN = [...KINDS, "approve", "consume", "consume", "consume", "look"] as const;

test("the model takes a use before a revocation, and refuses both", () => {
  const call = (op: ActionOp, answer: string, at: number) => ({
    op,
    answer,
    calledAt: at,
    answeredAt: at + 5,
  });
  const consume = (attempt: string) => ({ kind: "consume", attempt }) as const;
  const approved = { op: { kind: "approve" }, answer: "approved", calledAt: 0, answeredAt: 1 } as const;
  const takes = (...calls: History) => isLinearizable(APPROVED_ACTION, [approved, ...calls]);
  expect(takes(call({ kind: "revoke" }, "consumed", 2), call(consume("a"), "granted", 4))).toBe(true);
  expect(takes(call(consume("a"), "granted", 2), call(consume("a"), "granted", 3))).toBe(true);
  expect(takes(call({ kind: "revoke" }, "revoked", 2), call(consume("a"), "granted", 4))).toBe(false);
  expect(takes(call(consume("a"), "granted", 2), call(consume("b"), "granted", 3))).toBe(false);
  expect(takes(call(consume("a"), "granted", 2), call(consume("b"), "revoked", 3))).toBe(false);
});

const seen: History[] = [];

test.each(seeds(3))(
  "consumptions, revocations and ends are linearizable, approval by approval (SEEDS=%i)",
  async (seed) => {
    await using first = await startTestGateway();
    await using second = await startTestGateway({ durable: first.durable, publicUrl: first.publicUrl });
    const all = await histories([first, second], first.durable, seed);
    for (const [n, history] of all.entries()) {
      const said = `seed ${seed}, approval ${n}: ${JSON.stringify(history)}`;
      expect(isLinearizable(APPROVED_ACTION, history), said).toBe(true);
    }
    seen.push(...all);
  },
);

test("a gateway that looks whether the action was consumed, and then notes its own attempt, is found out", async () => {
  await using first = await startTestGateway();
  const { durable } = first;
  // As if the attempt was in the id: each has a promise of its own, and a look at the others comes before it.
  let attempts = 0;
  const create: Durable["create"] = async (latent) => {
    if (latent.tags[KIND_TAG] !== USE_KIND) return await durable.create(latent);
    const found = await durable.read(latent.id);
    if (found !== undefined) return found;
    attempts += 1;
    const own = await durable.create({ ...latent, id: `${latent.id}~${attempts}` });
    await durable.create(latent);
    return own;
  };
  const checksThenCreates = new Proxy(durable, {
    get(target, name: keyof Durable) {
      const member: unknown = name === "create" ? create : target[name];
      return typeof member === "function" ? (member.bind(target) as unknown) : member;
    },
  });
  await using faulty = await startTestGateway({ durable: checksThenCreates, publicUrl: first.publicUrl });
  await using other = await startTestGateway({ durable: checksThenCreates, publicUrl: first.publicUrl });
  const [seed = 0] = seeds(1);
  const all = await histories([faulty, other], durable, seed);
  expect(all.every((history) => isLinearizable(APPROVED_ACTION, history))).toBe(false);
});

// Agreement proves something only where calls met, and where each answer was given.
afterAll(() => {
  const calls = seen.flat();
  const answers = new Set(calls.map(({ op, answer }) => `${op.kind}: ${answer}`));
  console.log(
    `${calls.length} calls of ${CLIENTS} clients, ${seen.length} histories: ${[...answers].join(", ")}`,
  );
  for (const each of ["consume: granted", "consume: consumed", "consume: revoked", "consume: pending"])
    expect([...answers]).toContain(each);
  for (const each of ["revoke: revoked", "revoke: consumed", "revoke: refused", "cancel: approved"])
    expect([...answers]).toContain(each);
});

/** What the clients are told, approval by approval. */
async function histories(
  gateways: readonly TestGateway[],
  durable: Durable,
  seed: number,
): Promise<Call<ActionOp, ActionAnswer>[][]> {
  const all = Array.from({ length: APPROVALS }, () => [] as Call<ActionOp, ActionAnswer>[]);
  for (const n of all.keys()) await askedAction(durable, `pay-${n}`);
  const client = async (who: number): Promise<void> => {
    const random = randomFrom(seed + who);
    for (const [n, history] of all.entries()) {
      for (let turn = 0; turn < CALLS; turn += 1) {
        const kind = random.pick(DRAWN);
        // Two clients have the same name for their try.
        const op: ActionOp = kind === "consume" ? { kind, attempt: `job-${who >> 1}` } : { kind };
        const gateway = random.pick(gateways);
        const calledAt = performance.now();
        const answer = await send({ gateway, durable }, `pay-${n}`, op);
        history.push({ op, answer, calledAt, answeredAt: performance.now() });
      }
    }
  };
  await Promise.all(Array.from({ length: CLIENTS }, (_, who) => client(who)));
  return all;
}

interface World {
  readonly gateway: TestGateway;
  readonly durable: Durable;
}

async function send({ gateway, durable }: World, id: string, op: ActionOp): Promise<ActionAnswer> {
  const path = `/approvals/${id}`;
  switch (op.kind) {
    case "approve":
    case "cancel": {
      // As a worker ends it.
      const wanted = op.kind === "approve" ? "approved" : "cancelled";
      const root = await durable.settle(id, outcomeOf(id, wanted));
      if (root === undefined) throw new Error("It is not there");
      return (root.value as { readonly outcome: string }).outcome;
    }
    case "look": {
      const { body } = await gateway.request(path);
      const { status, uses = [] } = body as { status: string; uses?: { readonly state: string }[] };
      return `${status} ${uses[0]?.state ?? ""}`;
    }
    case "consume": {
      const { status, body } = await gateway.request(
        `${path}/consume`,
        json({ ...WANTED, attempt: op.attempt }),
      );
      const { approvalStatus } = body as { readonly approvalStatus?: string };
      if (status === 200) return "granted";
      return status === 409 ? "consumed" : (approvalStatus ?? `${status}`);
    }
    case "revoke": {
      const { status, body } = await gateway.request(`${path}/revoke`, json({}));
      const { type } = body as { readonly type?: string };
      if (status === 200) return "revoked";
      return type === "/problems/already-consumed" ? "consumed" : "refused";
    }
    default:
      return op satisfies never;
  }
}
