import { expect, test } from "vitest";
import type { Envelope } from "../support/engine-requests.ts";
import { type Stepped, World } from "../support/engine-world.ts";
import { Comparison } from "./comparison.ts";
import { explore } from "./explore.ts";
import { shrink } from "./shrink.ts";

const hundred = Array.from({ length: 100 }, (_, n) => n);

test("shrink() finds the few that matter, in their order", () => {
  expect(shrink(hundred, (some) => [7, 41, 42, 99].every((each) => some.includes(each)))).toEqual([
    7, 41, 42, 99,
  ]);
  expect(shrink(hundred, (some) => some.some((each) => each > 70))).toHaveLength(1);
  expect(shrink(hundred, (some) => some.length >= 13)).toHaveLength(13);
});

test("shrink() keeps everything that is needed, and nothing if nothing is", () => {
  expect(shrink(hundred, (some) => some.length === 100)).toEqual(hundred);
  expect(shrink(hundred, () => true)).toEqual([]);
});

test("shrink() asks a few hundred times at most for two of two hundred", () => {
  let asked = 0;
  const two = shrink([...hundred, ...hundred.map((n) => n + 100)], (some) => {
    asked += 1;
    return some.includes(3) && some.includes(150);
  });
  expect(two).toEqual([3, 150]);
  expect(asked).toBeLessThan(200);
});

/** An engine that does something else after some requests. */
class Broken extends World {
  readonly #after: (world: World, envelope: Envelope, answer: Stepped) => Stepped | void;

  constructor(after: (world: World, envelope: Envelope, answer: Stepped) => Stepped | void) {
    super();
    this.#after = after;
  }

  override step(...args: Parameters<World["step"]>): Stepped {
    const answer = super.step(...args);
    return this.#after(this, args[1], answer) ?? answer;
  }
}

/** What explore() says of an engine that is broken in this way. */
function saidOf(seed: number, after: ConstructorParameters<typeof Broken>[0]): string {
  const comparison = new Comparison(new Broken(after));
  try {
    explore(comparison, seed, 5_000);
  } catch (error) {
    return (error as Error).message.replaceAll(/"c\d+"/gu, '"c"');
  } finally {
    comparison.close();
  }
  return "nothing";
}

/** Of the two hundred steps of a world, so many are few. */
const FEW = 6;

test.each<[what: string, found: RegExp, after: ConstructorParameters<typeof Broken>[0]]>([
  [
    "answers another status",
    /status of .*schedule\.delete/u,
    (_, { kind }, answer) => (kind === "schedule.delete" ? { ...answer, status: 200 } : answer),
  ],
  [
    "answers another record than it stores",
    /answer to .*promise\.settle/u,
    (_, { kind, data }, { data: record, ...answer }) => {
      if (kind !== "promise.settle" || data["state"] !== "rejected_canceled" || answer.status !== 200) return;
      return { ...answer, data: { promise: { ...(record["promise"] as object), state: "resolved" } } };
    },
  ],
  [
    "forgets to send a message",
    /messages of/u,
    (_, { kind }, answer) => (kind === "promise.create" ? { ...answer, messages: [] } : answer),
  ],
  [
    "forgets a callback, so a workflow would wait for ever",
    /a suspended task waits for something/u,
    (world, { kind }) => {
      if (kind === "task.suspend") world.db.exec("DELETE FROM callbacks");
    },
  ],
  [
    "stores a time that no answer shows",
    /only a pending task is not to be handed out before a time/u,
    (world, { kind }) => {
      if (kind === "task.create") world.db.exec("UPDATE tasks SET not_before = 5 WHERE state = 'acquired'");
    },
  ],
  [
    "decides anew what was decided",
    /a settled promise stays as it is/u,
    (world, { kind }) => {
      if (kind === "promise.settle")
        world.db.exec("UPDATE promises SET value_data = 'bmV3' WHERE state = 'resolved'");
    },
  ],
  [
    "sends a worker to a workflow that is held by another",
    /A worker is sent to/u,
    (_, { kind }, answer) => {
      if (kind !== "task.create" || answer.status !== 200) return;
      const { id, version } = answer.data["task"] as { id: string; version: number };
      const message = { kind: "execute", head: {}, data: { task: { id, version } } } as const;
      return { ...answer, messages: [{ address: "poll://any@worker", message }] };
    },
  ],
])("an engine that %s is found, and so are the few steps that show it", (_, found, after) => {
  const said = saidOf(4711, after);
  expect(said).toMatch(found);
  expect(said).toContain("Again: SEEDS=4711 npx vitest run --project unit test/differential");
  const steps = said.split("\n").filter((line) => line.startsWith("  at "));
  expect(steps.length).toBeLessThanOrEqual(FEW);
  expect(said).toMatch(new RegExp(`After ${steps.length} steps?, the fewest of \\d+ that show it:`, "u"));
  // The command says the same again.
  expect(saidOf(4711, after)).toBe(said);
});
