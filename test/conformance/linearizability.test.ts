import { afterAll, expect, test } from "vitest";
import { testEngine, testServer } from "../support/engine.ts";
import { type Call, isLinearizable } from "../support/linearizability.ts";
import { type Random, randomFrom, seeds } from "../support/seeds.ts";
import { type Answer, answerIn, envelopeOf, type Op, WORKFLOW } from "./workflow-model.ts";

type History = readonly Call<Op, Answer>[];

function call(op: Op, answer: Answer, calledAt: number, answeredAt: number): Call<Op, Answer> {
  return { op, answer, calledAt, answeredAt };
}

/** Calls one after the other, from `at` on. */
function inTurn(at: number, ...calls: readonly (readonly [Op, Answer])[]): History {
  return calls.map(([op, answer], n) => call(op, answer, at + 2 * n, at + 2 * n + 1));
}

const made = call({ kind: "create" }, [200, ""], 0, 1);
/** Waits for its child from 9 on. */
const waiting = inTurn(
  2,
  [{ kind: "createChild" }, [200, ""]],
  [{ kind: "acquire", version: 0 }, [200, "acquired 1 0"]],
  [{ kind: "suspend", version: 1 }, [200, ""]],
);

test.each<[string, History]>([
  [
    "one after the other",
    [made, ...inTurn(2, [{ kind: "settle", value: "x" }, [200, "x"]], [{ kind: "get" }, [200, "x"]])],
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
  [
    "a workflow that is woken by what it waits for",
    [
      made,
      ...waiting,
      ...inTurn(
        10,
        [{ kind: "settleChild", value: "x" }, [200, "x"]],
        [{ kind: "getTask" }, [200, "pending 1 1"]],
        [{ kind: "acquire", version: 1 }, [200, "acquired 2 0"]],
        [{ kind: "fulfill", version: 2, value: "y" }, [200, "y"]],
        [{ kind: "getTask" }, [200, "fulfilled 2 0"]],
      ),
    ],
  ],
])("isLinearizable() takes %s", (_, history) => {
  expect(isLinearizable(WORKFLOW, history)).toBe(true);
});

test.each<[string, History]>([
  [
    "a read that forgot what was acknowledged",
    [made, ...inTurn(2, [{ kind: "settle", value: "x" }, [200, "x"]], [{ kind: "get" }, [200, ""]])],
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
      call({ kind: "acquire", version: 0 }, [200, "acquired 1 0"], 2, 9),
      call({ kind: "acquire", version: 0 }, [200, "acquired 1 0"], 2, 9),
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
  [
    "a workflow that sleeps on when what it waits for has come",
    [
      made,
      ...waiting,
      ...inTurn(
        10,
        [{ kind: "settleChild", value: "x" }, [200, "x"]],
        [{ kind: "getTask" }, [200, "suspended 1 0"]],
      ),
    ],
  ],
  [
    "a write of a worker that lost its task",
    [made, ...waiting, ...inTurn(10, [{ kind: "fence", version: 1, value: "x" }, [200, "x"]])],
  ],
])("isLinearizable() refuses %s", (_, history) => {
  expect(isLinearizable(WORKFLOW, history)).toBe(false);
});

const seen: Call<Op, Answer>[][] = [];

const CLIENTS = 12;
const ORIGINS = 20;
/** Of each client at each workflow. */
const CALLS = 12;

/** What many clients are told who all work at the same few workflows over HTTP, workflow by workflow. */
async function histories(url: string, seed: number, clients = CLIENTS): Promise<Call<Op, Answer>[][]> {
  const all = Array.from({ length: ORIGINS }, () => [] as Call<Op, Answer>[]);
  const versions = all.map(() => 0);
  const client = async (n: number): Promise<void> => {
    const random = randomFrom(seed + n);
    for (const [origin, history] of all.entries()) {
      for (let turn = 0; turn < CALLS; turn += 1) {
        const op = nextOp(random, `c${n}-${turn}`, versions[origin] ?? 0);
        const calledAt = performance.now();
        const answer = await send(url, `wf${seed}-${origin}`, op);
        history.push({ op, answer, calledAt, answeredAt: performance.now() });
        // Whoever comes next mostly goes on from what anybody was told.
        const [, version = 0] = answer[1].split(" ").map(Number);
        if (op.kind === "acquire" || op.kind === "getTask") {
          versions[origin] = Math.max(versions[origin] ?? 0, version);
        }
      }
    }
  };
  await Promise.all(Array.from({ length: clients }, (_, n) => client(n)));
  return all;
}

test.each(seeds(3))(
  "what many clients saw over HTTP is linearizable, origin by origin (SEEDS=%i)",
  async (seed) => {
    const { url } = await testServer(testEngine());
    const all = await histories(url, seed);
    for (const [origin, history] of all.entries()) {
      const said = `seed ${seed}, origin ${origin}: ${JSON.stringify(history)}`;
      expect(isLinearizable(WORKFLOW, history), said).toBe(true);
    }
    seen.push(...all);
  },
);

// Agreement proves something only where calls met, and where each kind came to something.
afterAll(() => {
  const calls = seen.flat();
  const overlapping = seen.flatMap((history) =>
    history.filter((one) => history.some((other) => other !== one && meet(one, other))),
  );
  const isLost = ({ op, answer }: Call<Op, Answer>) =>
    op.kind.startsWith("settle") && answer[1] !== valueOf(op);
  const successes = KINDS.map((kind) => {
    return [kind, calls.filter(({ op, answer }) => op.kind === kind && answer[0] === 200).length] as const;
  });
  const wakeUps = calls.filter(({ answer }) => answer[1].startsWith("pending") && answer[1].endsWith(" 1"));
  const turns = {
    overlapping: overlapping.length,
    lost: calls.filter(isLost).length,
    wakeUps: wakeUps.length,
  };
  console.log(
    `${calls.length} calls of ${CLIENTS} clients, ${seen.length} histories: ${JSON.stringify(turns)}`,
    `\nwith success: ${successes.map((each) => each.join(" ")).join(", ")}`,
  );
  expect(turns.overlapping).toBeGreaterThan(calls.length / 2);
  expect(turns.lost).toBeGreaterThan(5);
  expect(turns.wakeUps).toBeGreaterThan(0);
  expect(successes.filter(([, count]) => count === 0)).toEqual([]);
});

test("a server that answers a read from memory, once in a while, is found out", async () => {
  const [seed = 0] = seeds(1);
  const engine = testEngine();
  const known = new Map<string, Awaited<ReturnType<typeof engine.send>>>();
  let reads = 0;
  const forgetful = {
    ...engine,
    send: async (request: unknown) => {
      const { kind, data } = request as { kind: string; data: { id: string } };
      const reply = await engine.send(request);
      if (kind !== "task.get" || reply.head.status !== 200) return reply;
      reads += 1;
      const first = known.get(data.id) ?? reply;
      known.set(data.id, first);
      return reads % 3 === 0 ? first : reply;
    },
  };
  const { url } = await testServer(forgetful);
  // Of few clients, as showing that there is no order takes trying all of them.
  const all = await histories(url, seed, 4);
  expect(
    all.every((history) => isLinearizable(WORKFLOW, history)),
    `seed ${seed}`,
  ).toBe(false);
});

function meet(one: Call<Op, Answer>, other: Call<Op, Answer>): boolean {
  return one.calledAt < other.answeredAt && other.calledAt < one.answeredAt;
}

function valueOf(op: Op): string | undefined {
  return "value" in op ? op.value : undefined;
}

const KINDS = [
  "create",
  "createChild",
  "get",
  "getChild",
  "getTask",
  "settle",
  "settleChild",
  "acquire",
  "release",
  "suspend",
  "fence",
  "fulfill",
  "halt",
  "continue",
] as const;

/** So often is each drawn: few ends, lest nothing is left to do afterwards. */
const OFTEN: Readonly<Partial<Record<Op["kind"], number>>> = {
  create: 8,
  createChild: 20,
  get: 10,
  getChild: 6,
  getTask: 40,
  acquire: 60,
  release: 12,
  suspend: 50,
  fence: 6,
  settleChild: 4,
  fulfill: 8,
  halt: 2,
  continue: 30,
};
const DRAWN = KINDS.flatMap((kind) => Array.from({ length: OFTEN[kind] ?? 1 }, () => kind));

function nextOp(random: Random, value: string, known: number): Op {
  const kind = random.pick(DRAWN);
  const version = random.chance(0.8) ? known : random.below(5);
  switch (kind) {
    case "settle":
    case "settleChild":
      return { kind, value };
    case "acquire":
    case "release":
    case "suspend":
      return { kind, version };
    case "fulfill":
    case "fence":
      return { kind, version, value };
    default:
      return { kind };
  }
}

async function send(url: string, id: string, op: Op): Promise<Answer> {
  const response = await fetch(url, {
    method: "POST",
    headers: { "Content-Type": "application/json", Authorization: "Bearer token" },
    body: JSON.stringify(envelopeOf(id, op)),
  });
  const { data } = (await response.json()) as { data: unknown };
  return answerIn(response.status, data);
}
