/** Of a thousand people, each has in their inbox what they can answer, and nothing else: also after kills, rebuilds and races. */
import { join } from "node:path";
import { expect, test } from "vitest";
import { KIND_TAG } from "../../../src/approval/ids.ts";
import type { Projection } from "../../../src/engine/store/projection.ts";
import { CrowdLife } from "../../support/crowd-life.ts";
import { temporaryFolder } from "../../support/engine.ts";
import { LEDGER } from "../../support/ledger-engine.ts";
import { randomFrom, seeds } from "../../support/seeds.ts";

const APPROVALS = 120;
const ACTS = 200;

async function expectInboxesRight(life: CrowdLife, moment: string): Promise<number> {
  const [open, inboxes] = [await life.openBallots(), await life.inboxes()];
  expect(Object.fromEntries(inboxes), moment).toEqual(Object.fromEntries(open));
  return open.size;
}

test.each(seeds(1))("everybody's inbox is exactly their open ballots (seed %i)", async (seed) => {
  const random = randomFrom(seed);
  const left = join(temporaryFolder(), "left");
  {
    await using life = new CrowdLife(temporaryFolder(), LEDGER, random);
    await life.begin(APPROVALS);
    await life.rest();
    // With fewer it would be no crowd.
    expect(await expectInboxesRight(life, "when all are asked")).toBeGreaterThan(200);
    await life.race(ACTS);
    await life.rest();
    await expectInboxesRight(life, "after a race");
    // More are asked while others answer: half way through, the process dies.
    await Promise.all([life.begin(APPROVALS / 4), life.race(ACTS, () => life.leave(left))]);
  }
  await using life = new CrowdLife(left, LEDGER, random);
  await life.rest();
  await expectInboxesRight(life, "when another process has finished what was under way");
  const before = await life.inboxes();
  await life.engine.rebuild();
  expect(await life.inboxes(), "after a rebuild").toEqual(before);
  await Promise.all([life.race(ACTS), life.engine.rebuild()]);
  await life.rest();
  expect(await expectInboxesRight(life, "after a rebuild beside a race")).toBeGreaterThan(20);
});

test("an index that does not see answers which decide nothing yet is found out", async () => {
  const faulty: Projection = {
    ...LEDGER,
    subjectOf: (promise) => (promise.tags[KIND_TAG] === "ballot" ? undefined : LEDGER.subjectOf(promise)),
  };
  await using life = new CrowdLife(temporaryFolder(), faulty, randomFrom(1));
  await life.begin(40);
  await life.rest();
  // In a small crowd, most answers decide a stage, and then the judgement brings the index up to date.
  let isFound = false;
  for (let race = 0; race < 20 && !isFound; race += 1) {
    await life.race(20);
    await life.rest();
    isFound = await expectInboxesRight(life, "with a fault").then(
      () => false,
      () => true,
    );
  }
  expect(isFound).toBe(true);
});
