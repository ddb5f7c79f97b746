import { expect, test } from "vitest";
import { ask, listen, temporaryFolder, testEngine } from "../../support/engine.ts";
import { request, TARGET } from "../../support/engine-requests.ts";
import { World } from "../../support/engine-world.ts";
import { FakeClock, settled } from "../../support/fake-clock.ts";

const MINUTE = 60_000;
/** A full minute. */
const T = 1_000_020_000_000;

function schedule(id: string, more: Record<string, unknown> = {}) {
  return request("schedule.create", {
    id,
    cron: "* * * * *",
    promiseId: "{{.id}}-{{.timestamp}}",
    promiseTimeout: 10 * MINUTE,
    promiseTags: { "resonate:target": TARGET },
    ...more,
  });
}

test("a schedule creates a promise at each occurrence, and hands its task out, by one timer", async () => {
  const clock = new FakeClock(T);
  const engine = testEngine({ clock });
  const worker = listen(engine, "worker", "w1");
  await ask(engine, schedule("s"));
  await clock.advance(MINUTE - 1);
  expect(worker.messages).toEqual([]);
  await clock.advance(MINUTE + 1);
  await settled();
  const ids = [T + MINUTE, T + 2 * MINUTE].map((time) => `s-${time}`);
  // Nobody takes them up, so each is handed out again every 30 s.
  const handed = worker.messages.flatMap((message) =>
    message.kind === "execute" ? [message.data.task.id] : [],
  );
  expect([...new Set(handed)]).toEqual(ids);
  expect((await ask(engine, request("promise.get", { id: ids[0] }))).data["promise"]).toMatchObject({
    createdAt: T + MINUTE,
    timeoutAt: T + 11 * MINUTE,
    tags: { "resonate:schedule": "s", "resonate:origin": ids[0] },
  });
  expect((await ask(engine, request("schedule.get", { id: "s" }))).data["schedule"]).toMatchObject({
    lastRunAt: T + 2 * MINUTE,
    nextRunAt: T + 3 * MINUTE,
  });
});

test("occurrences missed while no engine ran are made up for, more of them than one transaction takes", async () => {
  const dataDir = temporaryFolder();
  const first = testEngine({ dataDir, clock: new FakeClock(T) });
  await ask(first, schedule("s", { promiseTimeout: 10_000 * MINUTE }));
  await first.close();
  const clock = new FakeClock(T + 1_500 * MINUTE);
  const engine = testEngine({ dataDir, clock });
  await clock.advance(MINUTE);
  const found = await ask(engine, request("task.search", { limit: 1000 }));
  const more = await ask(engine, request("task.search", { limit: 1000, cursor: found.data["cursor"] }));
  const count = [found, more].flatMap(({ data }) => data["tasks"]).length;
  expect(count).toBe(1_501);
});

test("an occurrence whose promise is there already creates none; one that is over by now is born timed out", () => {
  using world = new World();
  world.step(T, schedule("s", { promiseId: "{{.id}}-once", promiseTimeout: 30_000 }));
  world.tick(T + 3 * MINUTE);
  expect(world.snapshot()).toMatchObject({
    promises: [{ id: "s-once", state: "rejected_timedout", settledAt: T + MINUTE + 30_000 }],
    schedules: [{ lastRunAt: T + 3 * MINUTE }],
  });
});

test("a deleted schedule creates nothing more, and what it created stays", () => {
  using world = new World();
  world.step(T, schedule("s"));
  world.tick(T + MINUTE);
  world.step(T + MINUTE, request("schedule.delete", { id: "s" }));
  world.tick(T + 5 * MINUTE);
  expect(world.snapshot()).toMatchObject({ promises: [{ id: `s-${T + MINUTE}` }], schedules: [] });
});

test("a schedule for a year runs out, and one that is over is refused", () => {
  using world = new World();
  world.step(T, schedule("s", { cron: "0 0 0 1 1 * 2002" }));
  world.tick(Date.UTC(2003, 0));
  const { data } = world.step(Date.UTC(2003, 0), request("schedule.get", { id: "s" }));
  expect(data["schedule"]).toMatchObject({ lastRunAt: Date.UTC(2002, 0), nextRunAt: 8_640_000_000_000_000 });
  expect(world.step(T, schedule("t", { cron: "0 0 0 1 1 * 1999" }))).toMatchObject({
    status: 400,
    data: { error: "data.cron must occur again: its last time has passed" },
  });
});

test("an expression that can be read no more stops neither the clock nor other schedules", () => {
  using world = new World();
  world.step(T, schedule("s"));
  world.step(T, schedule("t"));
  world.db.exec("UPDATE schedules SET cron = 'gone' WHERE id = 's'");
  world.tick(T + 2 * MINUTE);
  expect(world.snapshot().promises.map(({ id }) => id)).toEqual([
    `s-${T + MINUTE}`,
    `t-${T + MINUTE}`,
    `t-${T + 2 * MINUTE}`,
  ]);
});

test("a schedule that cannot be read is refused with the field that is wrong", () => {
  using world = new World();
  const said = (cron: string) => world.step(T, schedule("s", { cron })).data["error"];
  expect(said("0 9 15W * *")).toMatch(/^data\.cron must have for the day of the month one of 1 to 31/);
  expect(said("0 9 30 2 *")).toBe("data.cron must occur again, and 0 9 30 2 * never does");
});
