/**
 * The verdict, the decisions, what people and callers are told and the callbacks say one thing, in whatever order
 * presses, a cancellation, the deadline, the clock and the worker's own requests come. Small approvals are tried in every
 * order that makes a difference, larger ones in orders drawn by chance.
 */
import type { Context } from "@resonatehq/sdk";
import { describe, expect, test } from "vitest";
import type { JudgementV1 } from "../../../src/approval/approval.ts";
import { answersOn, closedBy, countedDecision, verdictOf } from "../../../src/approval/ending.ts";
import { stored } from "../../../src/durable/protocol-client.ts";
import { encodeValue } from "../../../src/durable/value.ts";
import { announce } from "../../../src/service/callbacks/announce.ts";
import { eventsOfJudgement } from "../../../src/service/callbacks/events.ts";
import { productServices } from "../../../worker/runtime/services.ts";
import type { JudgeInput } from "../../../worker/workflows/approval-1/judge.ts";
import { approvalWorlds, type Scenario } from "../../support/approval-model.ts";
import { exploreAll, exploreSome } from "../../support/interleavings.ts";
import { randomFrom, seeds } from "../../support/seeds.ts";

const two = ["ana@example.com", "bo@example.com"];
const three = [...two, "cy@example.com"];

const SMALL: Readonly<Record<string, Scenario>> = {
  "an approval and a veto": {
    request: { approvers: two },
    presses: [
      [1, "approve"],
      [2, "reject"],
    ],
  },
  "two presses of one ballot": {
    request: { approvers: two },
    presses: [
      [1, "approve"],
      [1, "reject"],
    ],
  },
  "one press and a cancellation": {
    request: { approvers: ["ana@example.com"] },
    presses: [[1, "approve"]],
    cancel: true,
    ticks: 1,
  },
  "one press and the deadline": {
    request: { approvers: ["ana@example.com"] },
    presses: [[1, "approve"]],
    deadline: true,
    ticks: 1,
  },
  "one press and a worker that dies": {
    request: { approvers: two },
    presses: [[1, "approve"]],
    dyingAfter: 6,
  },
};

/** Where nobody is told of an answer, one that decides nothing is not judged. */
const SMALL_UNHEARD = Object.entries(SMALL).map(
  ([name, scenario]) => [`${name}, without callbacks`, { ...scenario, unheard: true }] as const,
);

describe("every order", () => {
  test.each([...Object.entries(SMALL), ...SMALL_UNHEARD])("of %s", async (_, scenario) => {
    const explored = await exploreAll(approvalWorlds(scenario), 200_000);
    expect(explored.lie).toBeUndefined();
    // With fewer there is nothing to interleave, and the model has lost what it was made for.
    expect(explored.runs).toBeGreaterThan(20);
  });
});

/** Each takes some milliseconds; more for a quiet hour. */
const RUNS = Number(process.env["MODEL_RUNS"] ?? 300);

describe("orders by chance", () => {
  test.each(seeds(1))("of larger ones", async (seed) => {
    const random = randomFrom(seed);
    for (const [name, request] of Object.entries(LARGER)) {
      const explored = await exploreSome(
        // What is drawn by chance is drawn again for each run.
        () =>
          approvalWorlds({
            request,
            presses: request.approvers.map(
              (_, i) => [i + 1, random.chance(0.5) ? "approve" : "reject"] as const,
            ),
            cancel: random.chance(0.5),
            deadline: true,
            ticks: random.below(4),
            lookers: [1, 2],
            unheard: random.chance(0.3),
            ...(random.chance(0.5) ? { dyingAfter: random.below(14) } : {}),
          })(),
        RUNS,
        random,
      );
      expect([name, seed, explored.lie]).toEqual([name, seed, undefined]);
    }
  });
});

const LARGER: Readonly<Record<string, Scenario["request"]>> = {
  "any of three": { approvers: three },
  "all of three": { approvers: three, require: "all" },
  "two of three": { approvers: three, require: 2 },
  "two of three by majority": { approvers: three, require: 2, rejection: "majority" },
  "a deadline that rejects": { approvers: two, require: "all", onDeadline: "reject" },
};

describe("a judgement that writes the verdict before it closes the ballots", () => {
  test("is found out", async () => {
    const scenario = { ...(SMALL["an approval and a veto"] as Scenario), judge: judgeOfHaste };
    const { lie } = await exploreAll(approvalWorlds(scenario), 200_000);
    expect(lie?.lies.join("\n")).toMatch(/the outcome is approved, and its decisions say .*rejected/u);
  });
});

/** Keeps the verdict of its look, and counts what was answered until the end was written. */
async function judgeOfHaste(ctx: Context, seen: JudgeInput): Promise<JudgementV1> {
  const svc = productServices(ctx);
  const read = async (id: string) => stored(await svc.promises.get(id));
  const settle = async (id: string, value: unknown) =>
    stored(await svc.promises.resolve(id, encodeValue(value)));
  const look = await Promise.all(
    seen.ballots.map(async ({ id, settled }) => (settled ? await read(id) : undefined)),
  );
  const closed = closedBy(seen.request, answersOn(look, undefined));
  const settled = [seen.end, ...seen.ballots].filter((each) => each.settled).length;
  if (closed === undefined && !seen.end.settled) {
    return { verdict: { kind: "wait" }, settled, retryDue: false, decisions: [] };
  }
  const { answered: _, ...verdictAlone } = closed ?? { answered: [] };
  const end = closed === undefined ? await read(seen.end.id) : await settle(seen.end.id, verdictAlone);
  const ballots = await Promise.all(
    seen.ballots.map(async ({ id }, i) => look[i] ?? (await settle(id, { kind: "withdrawn" }))),
  );
  const answers = answersOn(ballots, end);
  const verdict = verdictOf(seen.request, end, answers);
  const decisions = answers.map(countedDecision);
  await announce(svc, 0, eventsOfJudgement(seen.approval, { verdict, decisions }, seen.before), undefined);
  return { verdict, settled, retryDue: false, decisions };
}
