import { expect, test } from "vitest";
import { testEngine, testServer } from "../support/engine.ts";
import { acquire, create, type Envelope, request, rootTags, settle } from "../support/engine-requests.ts";
import { type Call, isLinearizable, type Model } from "../support/linearizability.ts";
import { type Random, randomFrom, seeds } from "../support/seeds.ts";

const DAY = 86_400_000;

type Op =
  | { readonly kind: "create" }
  | { readonly kind: "get" }
  | { readonly kind: "settle"; readonly value: string }
  | { readonly kind: "acquire"; readonly version: number }
  | { readonly kind: "release"; readonly version: number }
  | { readonly kind: "fulfill"; readonly version: number; readonly value: string };
/** Status, and what the promise's value is then: "" for none. */
type Answer = readonly [number, string];

interface Workflow {
  readonly promise: "none" | "pending" | "settled";
  readonly value: string;
  readonly task: "pending" | "acquired";
  readonly version: number;
}

/** One workflow: its promise is settled once, its task belongs to one holder a version. */
const WORKFLOW: Model<Workflow, Op, Answer> = {
  first: { promise: "none", value: "", task: "pending", version: 0 },
  step(state, op) {
    const stays = (status: number, value = "") => ({ state, answer: [status, value] as const });
    if (op.kind === "create") {
      const made = state.promise === "none" ? { ...state, promise: "pending" as const } : state;
      return { state: made, answer: [200, made.value] };
    }
    if (state.promise === "none") return stays(404);
    if (op.kind === "get") return stays(200, state.value);
    if (op.kind === "settle") {
      if (state.promise === "settled") return stays(200, state.value);
      return { state: { ...state, promise: "settled", value: op.value }, answer: [200, op.value] };
    }
    if (state.promise === "settled" || state.version !== op.version) return stays(409);
    if (op.kind === "acquire") {
      if (state.task !== "pending") return stays(409);
      return { state: { ...state, task: "acquired", version: state.version + 1 }, answer: [200, ""] };
    }
    if (state.task !== "acquired") return stays(409);
    if (op.kind === "release") return { state: { ...state, task: "pending" }, answer: [200, ""] };
    return { state: { ...state, promise: "settled", value: op.value }, answer: [200, op.value] };
  },
};

function call(op: Op, answer: Answer, calledAt: number, answeredAt: number): Call<Op, Answer> {
  return { op, answer, calledAt, answeredAt };
}
const made = call({ kind: "create" }, [200, ""], 0, 1);

test.each<[string, Call<Op, Answer>[]]>([
  [
    "one after the other",
    [made, call({ kind: "settle", value: "x" }, [200, "x"], 2, 3), call({ kind: "get" }, [200, "x"], 4, 5)],
  ],
  [
    "a read beside a settlement, which may see either",
    [
      made,
      call({ kind: "settle", value: "x" }, [200, "x"], 2, 9),
      call({ kind: "get" }, [200, ""], 3, 4),
      call({ kind: "get" }, [200, "x"], 5, 6),
    ],
  ],
  [
    "two settlements at once: the second to be answered won",
    [
      made,
      call({ kind: "settle", value: "x" }, [200, "y"], 2, 5),
      call({ kind: "settle", value: "y" }, [200, "y"], 2, 9),
    ],
  ],
])("isLinearizable() takes %s", (_, history) => {
  expect(isLinearizable(WORKFLOW, history)).toBe(true);
});

test.each<[string, Call<Op, Answer>[]]>([
  [
    "a read that forgot what was acknowledged",
    [made, call({ kind: "settle", value: "x" }, [200, "x"], 2, 3), call({ kind: "get" }, [200, ""], 4, 5)],
  ],
  [
    "two that were both told they had decided",
    [
      made,
      call({ kind: "settle", value: "x" }, [200, "x"], 2, 9),
      call({ kind: "settle", value: "y" }, [200, "y"], 3, 8),
    ],
  ],
  [
    "a task that two workers hold at one version",
    [
      made,
      call({ kind: "acquire", version: 0 }, [200, ""], 2, 9),
      call({ kind: "acquire", version: 0 }, [200, ""], 2, 9),
    ],
  ],
  [
    "reads that go back in time",
    [
      made,
      call({ kind: "settle", value: "x" }, [200, "x"], 2, 20),
      call({ kind: "get" }, [200, "x"], 3, 4),
      call({ kind: "get" }, [200, ""], 5, 6),
    ],
  ],
])("isLinearizable() refuses %s", (_, history) => {
  expect(isLinearizable(WORKFLOW, history)).toBe(false);
});

const CLIENTS = 8;
const ORIGINS = 12;
const CALLS = 60;

test.each(seeds(3))(
  "what many clients saw over HTTP is linearizable, origin by origin (SEEDS=%i)",
  async (seed) => {
    const { url } = await testServer(testEngine());
    const histories = Array.from({ length: ORIGINS }, () => [] as Call<Op, Answer>[]);
    await Promise.all(
      Array.from({ length: CLIENTS }, async (_, client) => {
        const random = randomFrom(seed + client);
        for (let n = 0; n < CALLS; n += 1) {
          // All of them at few workflows, so that they meet.
          const origin = Math.floor((n / CALLS) * ORIGINS);
          const op = nextOp(random, `c${client}-${n}`);
          const calledAt = performance.now();
          const answer = await send(url, `wf${origin}`, op);
          histories[origin]?.push({ op, answer, calledAt, answeredAt: performance.now() });
        }
      }),
    );
    for (const [origin, history] of histories.entries()) {
      expect(history.length).toBeGreaterThan(CLIENTS);
      const said = `seed ${seed}, origin ${origin}: ${JSON.stringify(history)}`;
      expect(isLinearizable(WORKFLOW, history), said).toBe(true);
    }
    const all = histories.flat();
    // Agreement proves something only where calls met.
    expect(all.filter(({ answer }) => answer[0] === 409).length).toBeGreaterThan(5);
    expect(
      all.filter(({ op, answer }) => op.kind === "settle" && answer[1] !== op.value).length,
    ).toBeGreaterThan(5);
  },
  60_000,
);

function nextOp(random: Random, value: string): Op {
  const version = random.below(3);
  const kind = random.pick([
    "create",
    "create",
    "get",
    "get",
    "settle",
    "acquire",
    "acquire",
    "release",
    "fulfill",
  ] as const);
  switch (kind) {
    case "create":
    case "get":
      return { kind };
    case "settle":
      return random.chance(0.5) ? { kind, value } : { kind: "get" };
    case "acquire":
    case "release":
      return { kind, version };
    case "fulfill":
      return { kind, version, value };
  }
}

async function send(url: string, id: string, op: Op): Promise<Answer> {
  const response = await fetch(url, {
    method: "POST",
    headers: { "Content-Type": "application/json", Authorization: "Bearer token" },
    body: JSON.stringify(envelopeOf(id, op)),
  });
  const { data } = (await response.json()) as { data: { promise?: { value: { data?: string } } } };
  const isOfPromise = response.status === 200 && op.kind !== "acquire" && op.kind !== "release";
  return [response.status, isOfPromise ? (data.promise?.value.data ?? "") : ""];
}

function envelopeOf(id: string, op: Op): Envelope {
  switch (op.kind) {
    case "create":
      return create(id, Date.now() + DAY, rootTags(id));
    case "get":
      return request("promise.get", { id });
    case "settle":
      return settle(id, "resolved", op.value);
    case "acquire":
      return acquire(id, op.version, DAY);
    case "release":
      return request("task.release", { id, version: op.version });
    case "fulfill":
      return request("task.fulfill", { id, version: op.version, action: settle(id, "resolved", op.value) });
  }
}
