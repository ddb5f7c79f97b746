import { expect, test } from "vitest";
import { readCheckpoint } from "../../../../src/evidence/checkpoint.ts";
import { verifierKey } from "../../../../src/evidence/note.ts";
import { cosignedBy } from "../../../../src/evidence/witness/cosignature.ts";
import { askWitness, type Witness } from "../../../../src/evidence/witness/submit.ts";
import { KEY_TYPES, readVerifierKeyOf } from "../../../../src/lib/verifier-key.ts";
import { LogTree, ORIGIN } from "../../../support/log-tree.ts";
import { startWitness, type TestWitness } from "../../../support/witness.ts";

const SEED = Buffer.alloc(32, 9);
const LOG_KEY = verifierKey(ORIGIN, SEED);

function witnessOf({ key: text, url }: Pick<TestWitness, "key" | "url">): Witness {
  const key = readVerifierKeyOf(KEY_TYPES.cosignature, text);
  if ("wrong" in key) throw new Error(key.wrong);
  return { key, url };
}

function ask(
  server: Pick<TestWitness, "key" | "url">,
  tree: LogTree,
  { known = 0, size = tree.hashes.length } = {},
) {
  return askWitness({
    witness: witnessOf(server),
    eventLog: tree.eventLog,
    note: tree.head(SEED, size),
    newer: async () => tree.head(SEED),
    known,
    clock: Date.now,
  });
}

test("a witness cosigns the first head and each longer one, whatever we know of what it has", async () => {
  await using server = await startWitness("witness.example/w1", () => [LOG_KEY]);
  const tree = new LogTree().add(3);
  const first = await ask(server, tree);
  expect(first).toMatchObject({ size: 3 });
  expect(cosignedBy(witnessOf(server).key, first.note, Date.now())).toMatchObject({ result: "holds" });
  expect(await ask(server, tree.add(300), { known: 3 })).toMatchObject({ size: 303 });
  expect(server.statuses).toEqual([200, 200]);
  // We do not know any more what it has, or believe that it has less or more: it says so, and is asked once again.
  expect(await ask(server, tree.add(1), { known: 0 })).toMatchObject({ size: 304 });
  expect(await ask(server, tree.add(1), { known: 3 })).toMatchObject({ size: 305 });
  expect(await ask(server, tree, { known: 99_999 })).toMatchObject({ size: 305 });
  expect(server.statuses).toEqual([200, 200, 409, 200, 409, 200, 200]);
});

test("if it has seen a longer log than the head of today, it gets the head of now", async () => {
  await using server = await startWitness("witness.example/w1", () => [LOG_KEY]);
  const tree = new LogTree().add(9);
  await ask(server, tree);
  const found = await ask(server, tree.add(2), { size: 5 });
  expect(readCheckpoint(found.note)?.size).toBe(11);
});

test("a log that was shortened, or written again, is a contradiction that it does not cosign", async () => {
  await using server = await startWitness("witness.example/w1", () => [LOG_KEY]);
  await ask(server, new LogTree().add(9));
  await expect(ask(server, new LogTree().add(5))).rejects.toMatchObject({
    kind: "contradiction",
    message:
      "it has cosigned a log of 9 events, and there are 5: the log was shortened, or a backup was restored",
  });
  const fork = new LogTree().add(7).add(4, "other");
  await expect(ask(server, fork)).rejects.toMatchObject({
    kind: "contradiction",
    message: expect.stringContaining("that the log of 9 events, which it has cosigned, was only added to"),
  });
  const same = new LogTree().add(7).add(2, "other");
  await expect(ask(server, same)).rejects.toMatchObject({
    kind: "contradiction",
    message: expect.stringContaining("it has cosigned another head of 9 events"),
  });
  // As witnesses of an earlier text of the protocol say the same.
  let asked = 0;
  server.instead = (res) => {
    asked += 1;
    if (asked === 1) res.writeHead(409, { "Content-Type": "text/x.tlog.size" }).end("9\n");
    else res.writeHead(409).end();
    return true;
  };
  await expect(ask(server, same)).rejects.toMatchObject({ kind: "contradiction" });
});

test("a cosignature from before the events that it covers is refused, and says that a clock is wrong", async () => {
  await using server = await startWitness("witness.example/w1", () => [LOG_KEY]);
  const tree = new LogTree().add(3);
  const now = Math.floor(Date.now() / 1_000);
  tree.atMs = now * 1_000;
  const behind = (seconds: number) => {
    server.seconds = () => now - seconds;
  };
  // Clocks may differ by five minutes.
  behind(301);
  await expect(ask(server, tree)).rejects.toMatchObject({
    kind: "refused",
    message: `its cosignature cannot be used: it is of ${new Date((now - 301) * 1_000).toISOString()}, and the last event that it covers is of ${new Date(tree.atMs).toISOString()}. One of the two clocks is wrong`,
  });
  behind(300);
  expect(await ask(server, tree, { known: 3 })).toMatchObject({ size: 3, atMs: (now - 300) * 1_000 });
  // One that it made of this head hours ago is as good as one of now.
  behind(7_200);
  tree.atMs -= 7_000_000;
  expect(await ask(server, tree, { known: 3 })).toMatchObject({ atMs: (now - 7_200) * 1_000 });
});

test("what a witness answers is believed only if its own key has signed it", async () => {
  const keys = [LOG_KEY];
  await using server = await startWitness("witness.example/w1", () => keys);
  await using other = await startWitness("witness.example/w1", () => keys);
  const tree = new LogTree().add(3);
  await expect(ask({ url: other.url, key: server.key }, tree)).rejects.toMatchObject({
    kind: "refused",
    message: "its cosignature cannot be used: there is none of the key in the settings",
  });
  server.seconds = () => Math.floor(Date.now() / 1_000) + 3_600;
  await expect(ask(server, tree)).rejects.toMatchObject({
    kind: "refused",
    message: expect.stringContaining("which is to come"),
  });
  keys.length = 0;
  await expect(ask(server, tree)).rejects.toMatchObject({
    kind: "refused",
    message: expect.stringContaining("it does not know this log"),
  });
  // It goes on saying that it has another size.
  let has = 1;
  server.instead = (res) => {
    has += 1;
    res.writeHead(409, { "Content-Type": "text/x.tlog.size" }).end(`${has}\n`);
    return true;
  };
  await expect(ask(server, tree)).rejects.toMatchObject({
    kind: "refused",
    message: expect.stringContaining("after it said"),
  });
  server.instead = (res) => {
    res.writeHead(200).end("x".repeat(20_000));
    return true;
  };
  await expect(ask(server, tree)).rejects.toMatchObject({ message: expect.stringContaining("more than") });
  await server.close();
  await expect(ask(server, tree)).rejects.toMatchObject({
    kind: "unreachable",
    message: expect.stringContaining("it cannot be reached"),
  });
});
