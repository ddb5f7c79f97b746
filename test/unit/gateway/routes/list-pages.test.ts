/** Pages of a list, while what is in the list changes: nothing that stays is left out, and nothing comes twice. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { randomFrom } from "../../../support/seeds.ts";
import { openRig, type Rig } from "../rig.ts";

let rig: Rig;
beforeAll(async () => {
  rig = await openRig();
});
afterAll(() => rig[Symbol.asyncDispose]());

const APPROVALS = 8;

interface Item {
  readonly id: string;
  readonly status: string;
  readonly deadline: string;
}

async function ask(id: string, days: number): Promise<void> {
  const request = { id, title: "Order", approvers: ["ana@example.com"], deadline: `P${days}D` };
  expect((await rig.json("POST", "/approvals", request)).status).toBe(202);
}

async function page(
  query: string,
): Promise<{ readonly items: readonly Item[]; readonly nextCursor?: string }> {
  const { status, body } = await rig.json("GET", `/approvals?${query}`);
  expect(status).toBe(200);
  return body as unknown as Awaited<ReturnType<typeof page>>;
}

/** Goes through a list, with something that changes after each page: what was listed, and whose deadline moved meanwhile. */
async function listed(query: string, seed: number) {
  const random = randomFrom(seed);
  const own = `q=list${seed}`;
  // Deadlines in another order than the requests, some of them equal but for the moment of the request.
  for (let n = 0; n < APPROVALS; n += 1) await ask(`list${seed}-${n}`, 1 + random.below(APPROVALS));
  const before = await page(`${own}&limit=100`);
  const ids: string[] = [];
  const moved = new Set<string>();
  let cursor: string | undefined;
  let news = 0;
  do {
    const { items, nextCursor } = await page(
      `${own}&${query}&limit=2${cursor === undefined ? "" : `&cursor=${cursor}`}`,
    );
    ids.push(...items.map(({ id }) => id));
    cursor = nextCursor;
    if (ids.length > 3 * APPROVALS) break;
    const { id } = random.pick(before.items);
    const cancelled = await rig.json("POST", `/approvals/${random.pick(before.items).id}/cancel`, {});
    expect([200, 202, 409]).toContain(cancelled.status);
    const extended = await rig.json("POST", `/approvals/${id}/extend`, {
      deadline: `P${APPROVALS + 1 + news}D`,
    });
    expect([200, 202, 409]).toContain(extended.status);
    if (extended.status !== 409) moved.add(id);
    await ask(`list${seed}-new-${news}`, 1 + random.below(30));
    news += 1;
  } while (cursor !== undefined);
  const after = await page(`${own}&limit=100`);
  const isOld = (id: string) => before.items.some((each) => each.id === id);
  const stay = after.items.filter(({ id, status }) => isOld(id) && status === "pending");
  return { ids, moved, before: before.items.map(({ id }) => id), stay: stay.map(({ id }) => id) };
}

describe.each([1, 2])("while approvals are requested, cancelled and get more time (%i),", (seed) => {
  test("the list of all has each that was there once, in order, and nothing else", async () => {
    const { ids, before } = await listed("sort=created", seed * 10);
    expect(ids).toEqual(before);
  });

  test("a list of what is pending has each that stays pending once, and none twice", async () => {
    const { ids, stay } = await listed("status=pending", seed * 10 + 1);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids).toEqual(expect.arrayContaining(stay));
  });

  test("the list by deadline has each that stays, and twice at most what has moved to a later place", async () => {
    const { ids, moved, stay } = await listed("sort=due", seed * 10 + 2);
    expect(ids).toEqual(expect.arrayContaining(stay));
    const twice = ids.filter((id, at) => ids.indexOf(id) !== at);
    expect(twice.filter((id) => !moved.has(id))).toEqual([]);
  });
});
