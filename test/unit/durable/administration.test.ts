import type { Network, Request, Response } from "@resonatehq/sdk";
import { expect, test } from "vitest";
import { createAdministration } from "../../../src/durable/administration.ts";
import { ask, testEngine } from "../../support/engine.ts";
import { create, latentTags, request, rootTags } from "../../support/engine-requests.ts";

const WEEKLY = {
  name: "weekly",
  cron: "0 9 * * MON",
  func: "review",
  args: [],
  version: 1,
  timeoutMs: 3_600_000,
  target: "worker",
};
const DAY_MS = 86_400_000;

/** An engine in memory, seen through `change`: what it answers to each request. */
function network(change: (kind: string, data: Record<string, unknown>) => void = () => {}): Network {
  const inner = testEngine().network({ group: "cli" });
  const send = inner.send.bind(inner) as (request: Request) => Promise<Response>;
  return Object.assign(inner, {
    send: async (request: Request) => {
      const response = await send(request);
      change(request.kind, response.data as Record<string, unknown>);
      return response;
    },
  });
}

function aDayEarly(kind: string, data: Record<string, unknown>): void {
  if (kind !== "schedule.create") return;
  const schedule = data["schedule"] as { nextRunAt: number };
  data["schedule"] = { ...schedule, nextRunAt: schedule.nextRunAt - DAY_MS };
}

test("a server that reads the expression as other times is told of, and keeps no schedule", async () => {
  const misreading = createAdministration(network(aDayEarly), { isEmbedded: false });
  await expect(misreading.createSchedule(WEEKLY)).rejects.toMatchObject({
    code: "INVALID_REQUEST",
    message: expect.stringMatching(/reads 0 9 \* \* MON as other times.*Nothing was changed/),
  });
  expect(await misreading.schedules()).toEqual([]);
});

test("a schedule that was there before stays, also when it is read as other times", async () => {
  let isEarly = false;
  const seen = network((kind, data) => {
    if (isEarly) aDayEarly(kind, data);
  });
  const administration = createAdministration(seen, { isEmbedded: false });
  expect(await administration.createSchedule(WEEKLY)).toMatchObject({ isSame: true });
  isEarly = true;
  await expect(administration.createSchedule(WEEKLY)).rejects.toMatchObject({ code: "INVALID_REQUEST" });
  expect(await administration.schedules()).toMatchObject([{ name: "weekly" }]);
});

test("what an earlier version stored by number is the same schedule on the embedded engine alone", async () => {
  const shared = network();
  const embedded = createAdministration(shared, { isEmbedded: true });
  const other = createAdministration(shared, { isEmbedded: false });
  await embedded.createSchedule({ ...WEEKLY, cron: "0 9 * * 1" });
  expect(await embedded.createSchedule(WEEKLY)).toMatchObject({ isSame: true, cron: "0 9 * * 1" });
  // There, 1 was Sunday.
  expect(await other.createSchedule(WEEKLY)).toMatchObject({ isSame: false });
});

test("halted tasks of timers, which workers put to rest on other servers, are not among those to look at", async () => {
  const engine = testEngine();
  const inner = engine.network({ group: "cli" });
  const soon = Date.now() + DAY_MS;
  const timer = { "resonate:timer": "true", "resonate:target": "poll://any@worker" };
  await ask(engine, create("po", soon, rootTags("po")));
  await ask(engine, create("po:0", soon, latentTags("po:0", "po", timer)));
  for (const id of ["po", "po:0"]) await ask(engine, request("task.halt", { id }));
  const other = createAdministration(inner, { isEmbedded: false });
  expect(await other.tasks("halted", 10)).toMatchObject({
    tasks: [{ id: "po", state: "halted" }],
    truncated: false,
  });
});

test("of any number of timers at rest, a bounded number is looked at for halted workflows", async () => {
  const asked: string[] = [];
  const tasks = Array.from({ length: 100 }, (_, n) => ({ id: `po-${n}:0`, state: "halted", version: 1 }));
  const promise = { state: "resolved", tags: { "resonate:timer": "true" } };
  const endless = Object.assign(testEngine().network({ group: "cli" }), {
    send: async ({ kind, head }: Request) => {
      asked.push(kind);
      const data = kind === "task.search" ? { tasks, cursor: "more" } : { promise };
      return { kind, head: { ...head, status: 200 }, data };
    },
  }) as unknown as Network;
  const found = await createAdministration(endless, { isEmbedded: false }).tasks("halted", 100);
  expect(found).toEqual({ tasks: [], truncated: true });
  expect(asked.filter((kind) => kind === "task.search")).toHaveLength(20);
});
