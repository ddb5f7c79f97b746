import { expect, test, vi } from "vitest";
import { logHeadId } from "../../../src/approval/log-head.ts";
import { checkpointText, readCheckpoint } from "../../../src/evidence/checkpoint.ts";
import { embeddedEventLog } from "../../../src/evidence/event-log.ts";
import { openNote, readVerifierKey, signNote, verifierKey } from "../../../src/evidence/note.ts";
import { signedHead } from "../../../src/evidence/signed-head.ts";
import { lookAfterHeads, mailLogHeads } from "../../../src/processes/mail-log-heads.ts";
import { openRig } from "../gateway/rig.ts";

const KEY = Buffer.alloc(32, 9);
const ORIGIN = "approvals.example.com/log";
const ADDRESSES = ["audit@example.com", "notary@example.org"];

test("each address gets one mail a day with the signed head, however many gateways order it", async () => {
  await using rig = await openRig();
  const network = rig.engine.network({ group: "heads" });
  let now = Date.now();
  const options = {
    addresses: ADDRESSES,
    // Without the engine's own time: days pass here.
    durable: {
      read: (id: string) => rig.durable.read(id),
      start: (call: Parameters<typeof rig.durable.start>[0]) => rig.durable.start(call),
    },
    signHead: () =>
      signedHead({
        eventLog: embeddedEventLog(network),
        logKeys: [KEY],
        publicUrl: "https://approvals.example.com",
      }),
    clock: () => now,
    log: { warn: vi.fn() },
  };
  const order = () => lookAfterHeads(options);
  await Promise.all([order(), order()]);
  await order();
  const day = new Date(now).toISOString().slice(0, 10);
  for (const n of [1, 2]) await rig.settled(logHeadId({ day, n }));
  expect(rig.headMails.map(({ to }) => to.email).toSorted()).toEqual(ADDRESSES);

  const [mail] = rig.headMails;
  const key = readVerifierKey(verifierKey(ORIGIN, KEY));
  expect(openNote(String(mail?.note), key === undefined ? [] : [key])).toMatchObject({ signatures: 1 });
  expect(readCheckpoint(String(mail?.note))).toMatchObject({ origin: ORIGIN });

  now += 86_400_000;
  await order();
  await rig.settled(logHeadId({ day: new Date(now).toISOString().slice(0, 10), n: 2 }));
  expect(rig.headMails).toHaveLength(4);
});

test("the mail has what witnesses said, and waits an hour at most for those that say nothing", async () => {
  await using rig = await openRig();
  const nowMs = Date.parse("2027-03-02T12:00:00Z");
  const note = signNote(checkpointText({ origin: ORIGIN, size: 3, root: Buffer.alloc(32) }), ORIGIN, [KEY]);
  const cosigned = `${note}— witness.example/w1 AAAA\n`;
  let ready = false;
  const options = {
    addresses: [ADDRESSES[0] ?? ""],
    durable: {
      read: (id: string) => rig.durable.read(id),
      start: (call: Parameters<typeof rig.durable.start>[0]) => rig.durable.start(call),
    },
    signHead: async () => note,
    witnesses: { look: async () => undefined, isReady: () => ready, noteOfToday: () => cosigned },
    clock: () => nowMs,
    log: { warn: vi.fn() },
  };
  await lookAfterHeads(options);
  expect(await rig.durable.read(logHeadId({ day: "2027-03-02", n: 1 }))).toBeUndefined();
  ready = true;
  await lookAfterHeads(options);
  await rig.settled(logHeadId({ day: "2027-03-02", n: 1 }));
  expect(rig.headMails.map((mail) => mail.note)).toEqual([cosigned]);
});

test("without addresses there is nothing to look after", () => {
  vi.useFakeTimers();
  try {
    const never = {
      addresses: [],
      durable: undefined as never,
      signHead: () => Promise.reject(new Error("not asked for")),
      clock: Date.now,
      log: { warn: vi.fn() },
    };
    mailLogHeads(never).stop();
    expect(vi.getTimerCount()).toBe(0);
    const heads = mailLogHeads({ ...never, addresses: ["a@example.com"] });
    expect(vi.getTimerCount()).toBe(2);
    heads.stop();
    expect(vi.getTimerCount()).toBe(0);
  } finally {
    vi.useRealTimers();
  }
});
