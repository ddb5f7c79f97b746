/** A disk that fails at any moment in any way, and crashes: what the engine has is compared with what it acknowledged. */
import { join } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import * as fc from "fast-check";
import { expect, onTestFinished, test, vi } from "vitest";
import { groupCommit } from "../../../../src/engine/commit/group-commit.ts";
import { SILENT } from "../../../../src/engine/log.ts";
import { MEMORY, openDatabase } from "../../../../src/engine/store/database.ts";
import { type Journal, keepJournal } from "../../../../src/engine/store/journal.ts";
import { Store } from "../../../../src/engine/store/store.ts";
import { parseRequest } from "../../../../src/protocol/parse.ts";
import { temporaryFolder } from "../../../support/engine.ts";
import { brokenInvariants } from "../../../support/engine-invariants.ts";
import {
  acquire,
  create,
  type Envelope,
  latentTags,
  request,
  rootTags,
  settle,
  suspend,
} from "../../../support/engine-requests.ts";
import { FailingDisk, type Fault } from "../../../support/failing-disk.ts";

const NOW = 1_000_000;
const LATER = NOW + 86_400_000;
const CLOCK = { now: () => NOW, after: () => () => undefined };
const MESSENGER = {
  send: () => undefined,
  taskChanged: () => undefined,
  isReachable: () => true,
  handOutAgain: () => undefined,
  reset: () => undefined,
};

function core(db: DatabaseSync, journal: Journal) {
  const store = new Store(db, journal);
  const { batch, upkeep, close } = groupCommit({ store, clock: CLOCK, log: SILENT, messenger: MESSENGER });
  const send = (envelope: Envelope) => {
    const parsed = parseRequest(envelope);
    if ("refusal" in parsed) throw new Error(parsed.refusal.message);
    return batch.add(parsed.request, { local: false });
  };
  return { db, store, upkeep, close, send };
}

const root = fc.constantFrom("a", "b");
const leaf = fc.constantFrom("a:0", "a:1");
const anyId = fc.oneof(root, leaf);
const version = fc.nat(3);
const envelope = fc.oneof(
  root.map((id) => create(id, LATER, rootTags(id))),
  leaf.map((id) => create(id, LATER, latentTags(id, "a"))),
  anyId.map((id) => settle(id)),
  anyId.map((id) => request("promise.get", { id })),
  anyId.map((awaited) => request("promise.register_listener", { awaited, address: "poll://uni@g/p" })),
  fc.tuple(root, version).map(([id, at]) => acquire(id, at)),
  fc.tuple(version, leaf).map(([at, awaited]) => suspend("a", at, [awaited])),
);
const step = fc.oneof(
  { weight: 8, arbitrary: fc.array(envelope, { minLength: 1, maxLength: 4 }) },
  {
    weight: 4,
    arbitrary: fc.record({
      failAt: fc.oneof(fc.nat(6), fc.nat(40)),
      fault: fc.constantFrom<Fault>("refused", "rolled back"),
    }),
  },
  fc.constantFrom("checkpoint", "crash", "collect", "mend"),
);

test("whatever fails, and whenever it dies, an engine has all that it acknowledged and nothing else", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  onTestFinished(() => void vi.useRealTimers());
  const inTurn = async (steps: (typeof step extends fc.Arbitrary<infer Step> ? Step : never)[]) => {
    const file = join(temporaryFolder(), "engine.db");
    const disk = new FailingDisk();
    const open = () => core(disk.database(file), disk.journal(file));
    const model = core(openDatabase(MEMORY), keepJournal());
    let engine = open();
    for (const each of steps) {
      if (Array.isArray(each)) {
        const answers = await Promise.all(each.map(engine.send));
        const taken = each.filter((_, at) => answers[at]?.status !== 503);
        expect(answers.filter(({ status }) => status !== 503)).toEqual(
          await Promise.all(taken.map(model.send)),
        );
      } else if (typeof each === "object") disk.failAt(each.failAt, each.fault);
      else if (each === "mend") disk.mend();
      else if (each === "checkpoint") vi.advanceTimersByTime(1000);
      else if (each === "collect") {
        try {
          engine.upkeep.collect(NOW + 1);
          model.upkeep.collect(NOW + 1);
        } catch {
          // Nothing was collected.
        }
      } else {
        disk.mend();
        vi.clearAllTimers();
        engine.store.close();
        engine = open();
        expect(engine.store.snapshot()).toEqual(model.store.snapshot());
      }
    }
    disk.mend();
    await engine.send(request("promise.get", { id: "a" }));
    expect(engine.store.snapshot()).toEqual(model.store.snapshot());
    expect(brokenInvariants(engine.db)).toEqual({});
    engine.close();
    engine.store.close();
    engine = open();
    expect(engine.store.journalBytes).toBe(0);
    expect(engine.store.snapshot()).toEqual(model.store.snapshot());
    engine.store.close();
    model.store.close();
  };
  await fc.assert(fc.asyncProperty(fc.array(step, { maxLength: 60 }), inTurn), { numRuns: 100 });
});
