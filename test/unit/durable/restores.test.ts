import { join } from "node:path";
import { expect, test } from "vitest";
import { stored } from "../../../src/durable/protocol-client.ts";
import { openRestores, restoredFrom } from "../../../src/durable/restores.ts";
import type { Engine } from "../../../src/engine/engine.ts";
import { backUp } from "../../../src/engine/operate/backup.ts";
import type { PromiseRecord } from "../../../src/protocol/records.ts";
import { ask, temporaryFolder, testEngine } from "../../support/engine.ts";
import { create, request, rootTags } from "../../support/engine-requests.ts";
import { FakeClock } from "../../support/fake-clock.ts";

const DAY = 86_400_000;

test("what was pending in a backup says so once the backup is restored, whatever became of it afterwards", async () => {
  const clock = new FakeClock(Date.now());
  let dataDir = temporaryFolder();
  let engine = testEngine({ dataDir, clock });
  const begin = (id: string) => ask(engine, create(id, clock.now() + 400 * DAY, rootTags(id)));
  const end = (id: string) => ask(engine, request("promise.settle", { id, state: "resolved", value: {} }));
  const restore = async () => {
    await clock.advance(1_000);
    const elsewhere = temporaryFolder();
    backUp(join(dataDir, "engine.db"), join(elsewhere, "engine.db"), undefined, clock.now());
    await engine.close();
    dataDir = elsewhere;
    await clock.advance(60_000);
    engine = testEngine({ dataDir, clock });
  };

  await begin("ended");
  await end("ended");
  await begin("open");
  expect(await restoresOf(engine, clock)).toEqual([]);
  await restore();
  await clock.advance(1);
  await begin("later");
  const [first, ...others] = await restoresOf(engine, clock);
  expect(others).toEqual([]);
  expect(first).toMatchObject({ restoredAtMs: expect.any(Number) });
  const at = async () => {
    const restores = await restoresOf(engine, clock);
    const seen = ["ended", "open", "later"].map(async (id) =>
      restoredFrom(restores, (await read(engine, id)) ?? raise()),
    );
    return (await Promise.all(seen)).map((each) => each.restoredFrom && Date.parse(each.restoredFrom));
  };
  expect(await at()).toEqual([undefined, first?.backupAtMs, undefined]);

  // Another start is no other restore, and an end does not take back that something before it may be lost.
  await engine.close();
  engine = testEngine({ dataDir, clock });
  await end("open");
  expect(await restoresOf(engine, clock)).toEqual([first]);
  expect(await at()).toEqual([undefined, first?.backupAtMs, undefined]);

  await restore();
  const restores = await restoresOf(engine, clock);
  expect(restores).toHaveLength(2);
  expect(await at()).toEqual([undefined, first?.backupAtMs, restores[1]?.backupAtMs]);
  await engine.close();
});

test("a failed reading is tried again, and a good one is asked for once a minute", async () => {
  let nowMs = 0;
  let reads = 0;
  const durable = {
    read: async () => {
      reads += 1;
      if (reads === 1) throw new Error("no engine");
      return undefined;
    },
  };
  const restores = openRestores(durable, () => nowMs);
  await expect(restores.read()).rejects.toThrow("no engine");
  expect(await Promise.all([restores.read(), restores.read()])).toEqual([[], []]);
  nowMs = 59_999;
  await restores.read();
  expect(reads).toBe(2);
  nowMs = 60_000;
  await restores.read();
  expect(reads).toBe(3);
});

async function restoresOf(engine: Engine, clock: FakeClock) {
  return await openRestores({ read: (id) => read(engine, id) }, () => clock.now()).read();
}

function raise(): never {
  throw new Error("there is no such promise");
}

async function read(engine: Engine, id: string) {
  const { status, data } = await ask(engine, request("promise.get", { id }));
  if (status !== 200) return undefined;
  const { promise } = data as { readonly promise: PromiseRecord };
  return stored(promise);
}
