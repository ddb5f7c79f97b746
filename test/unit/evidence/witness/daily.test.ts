import { expect, test, vi } from "vitest";
import { readCheckpoint } from "../../../../src/evidence/checkpoint.ts";
import { verifierKey } from "../../../../src/evidence/note.ts";
import { cosignedBy } from "../../../../src/evidence/witness/cosignature.ts";
import { DailyWitnesses } from "../../../../src/evidence/witness/daily.ts";
import type { Witness } from "../../../../src/evidence/witness/submit.ts";
import { KEY_TYPES, readVerifierKeyOf } from "../../../../src/lib/verifier-key.ts";
import { startTestGateway, type TestGateway } from "../../../support/gateway.ts";
import { LogTree, ORIGIN } from "../../../support/log-tree.ts";
import { startWitness, type TestWitness } from "../../../support/witness.ts";

const SEED = Buffer.alloc(32, 9);
const LOG_KEY = verifierKey(ORIGIN, SEED);
const DAY_MS = 86_400_000;
const NOON_MS = Date.parse("2027-03-02T12:00:00Z");

function witnessOf({ key: text, url }: TestWitness): Witness {
  const key = readVerifierKeyOf(KEY_TYPES.cosignature, text);
  if ("wrong" in key) throw new Error(key.wrong);
  return { key, url };
}

function daily(gateway: TestGateway, servers: readonly TestWitness[], tree: LogTree) {
  const log = { info: vi.fn(), warn: vi.fn(), error: vi.fn() };
  const counted: string[] = [];
  const heads = new DailyWitnesses({
    witnesses: servers.map(witnessOf),
    durable: gateway.durable,
    eventLog: tree.eventLog,
    signHead: async () => tree.head(SEED),
    log,
    measures: { count: (_, { result = "" }) => void counted.push(result) },
  });
  return { heads, log, counted };
}

async function witnesses() {
  const servers = [
    await startWitness("witness.example/w1", () => [LOG_KEY]),
    await startWitness("witness.example/w2", () => [LOG_KEY]),
  ] as const;
  for (const server of servers) server.seconds = () => NOON_MS / 1_000;
  return servers;
}

test("each day one head is cosigned by all, whichever gateway asks first, and is still known after a restart", async () => {
  const servers = await witnesses();
  await using w1 = servers[0];
  await using w2 = servers[1];
  await using gateway = await startTestGateway();
  const tree = new LogTree().add(5);
  const first = daily(gateway, servers, tree);
  await first.heads.look(NOON_MS);
  expect(first.heads.isReady(NOON_MS)).toBe(true);
  const note = first.heads.note() ?? "";
  for (const server of servers)
    expect(cosignedBy(witnessOf(server).key, note, NOON_MS)).toMatchObject({ result: "holds" });
  expect(first.counted).toEqual(["cosigned", "cosigned"]);

  // The log goes on; the head of the day stays.
  tree.add(3);
  await first.heads.look(NOON_MS + 600_000);
  const second = daily(gateway, servers, tree);
  await second.heads.look(NOON_MS + 600_000);
  expect(second.heads.note()).toBe(note);
  expect([...w1.statuses, ...w2.statuses]).toEqual([200, 200]);

  // The next day, a gateway that was just started knows what they have.
  const third = daily(gateway, servers, tree);
  await third.heads.look(NOON_MS + DAY_MS);
  expect(readCheckpoint(third.heads.noteOfToday(NOON_MS + DAY_MS) ?? "")?.size).toBe(8);
  expect([...w1.statuses, ...w2.statuses]).toEqual([200, 200, 200, 200]);
});

test("a witness that is away is told of once, keeps nothing waiting for long, and gets the same head later", async () => {
  const servers = await witnesses();
  await using w1 = servers[0];
  await using w2 = servers[1];
  await using gateway = await startTestGateway();
  const tree = new LogTree().add(5);
  const { heads, log } = daily(gateway, servers, tree);
  w2.instead = (res) => {
    res.writeHead(503).end("busy");
    return true;
  };
  await heads.look(NOON_MS);
  expect(heads.isReady(NOON_MS)).toBe(false);
  await heads.look(NOON_MS + 600_000);
  expect(log.warn.mock.calls).toEqual([
    [
      { witness: "witness.example/w2", why: 'it answers 503: "busy"' },
      "The witness does not cosign the log's head. It is asked again every ten minutes",
    ],
  ]);
  expect(heads.states()).toMatchObject([
    { name: "witness.example/w1", last: { size: 5 } },
    { name: "witness.example/w2", failing: { sinceMs: NOON_MS, why: 'it answers 503: "busy"' } },
  ]);
  expect(heads.isReady(NOON_MS + 3_600_000)).toBe(true);

  w2.instead = undefined;
  tree.add(4);
  await heads.look(NOON_MS + 1_200_000);
  expect(log.info).toHaveBeenCalledExactlyOnceWith(
    { witness: "witness.example/w2", size: 5 },
    "The witness cosigns the log's head again",
  );
  const note = heads.note() ?? "";
  for (const server of [w1, w2])
    expect(cosignedBy(witnessOf(server).key, note, NOON_MS)).toMatchObject({ result: "holds" });
  expect(heads.states().some(({ failing }) => failing !== undefined)).toBe(false);
});

test("a log that was written again is an error of its own, and an empty log is nothing to cosign", async () => {
  const servers = await witnesses();
  await using w1 = servers[0];
  await using _ = servers[1];
  await using gateway = await startTestGateway();
  const empty = daily(gateway, servers, new LogTree());
  await empty.heads.look(NOON_MS);
  expect(empty.heads.isReady(NOON_MS)).toBe(true);
  expect(w1.statuses).toEqual([]);

  await daily(gateway, servers, new LogTree().add(9)).heads.look(NOON_MS);
  const { heads, log, counted } = daily(gateway, servers, new LogTree().add(4, "other"));
  await heads.look(NOON_MS + DAY_MS);
  expect(counted).toEqual(["contradiction", "contradiction"]);
  expect(log.error).toHaveBeenCalledWith(
    expect.objectContaining({ witness: "witness.example/w1" }),
    "The witness does not cosign the log's head: it has seen another log",
  );
});
