/**
 * The whole way of an approval on a server that is stricter than our engine and does less: see `support/strict-server.ts`.
 */
import { pino } from "pino";
import { expect, onTestFinished, test } from "vitest";
import type { RequestMail } from "../../../src/channels/mail/mailer.ts";
import { createHttpNetwork } from "../../../src/durable/http-network.ts";
import { createDurable } from "../../../src/durable/resonate.ts";
import { SYSTEM_CLOCK } from "../../../src/engine/clock.ts";
import { createLinkTokens } from "../../../src/tokens/tokens.ts";
import { startWorker } from "../../../worker/runtime/worker.ts";
import { WORKFLOWS } from "../../../worker/workflows/index.ts";
import { NO_CALLBACKS } from "../../support/callbacks.ts";
import { testEngine } from "../../support/engine.ts";
import { untilPasses } from "../../support/eventually.ts";
import { json, startTestGateway, TEST_KEYS } from "../../support/gateway.ts";
import { mailerOf } from "../../support/mailer.ts";
import { startStrictServer } from "../../support/strict-server.ts";

const HOUR_MS = 3_600_000;
const GROUP = "worker";
const ANA = "ana@example.com";

/** Gateway and worker, each with its way to the server. `mailing` is awaited before each mail that asks. */
async function start({
  leaseMs = 60_000,
  mailing = async () => {},
}: {
  leaseMs?: number;
  mailing?: () => Promise<void>;
} = {}) {
  let aheadMs = 0;
  const clock = { ...SYSTEM_CLOCK, now: () => Date.now() + aheadMs, looksEveryMs: 25 };
  const engine = testEngine({ clock });
  const server = await startStrictServer(engine, GROUP);
  const way = { url: server.url, token: undefined };
  // Nothing is found by polling within the time of a test.
  const pauses = { listeningMs: HOUR_MS, deafMs: HOUR_MS };
  const durable = createDurable(createHttpNetwork({ ...way, group: "gateway", pid: "g1" }), { pauses });
  const gateway = await startTestGateway({ durable });
  const mails: RequestMail[] = [];
  const startOne = (pid: string) =>
    startWorker({
      network: createHttpNetwork({ ...way, group: GROUP, pid, isWorker: true }),
      pid,
      leaseMs,
      concurrency: 100,
      log: pino({ level: "silent" }),
      workflows: WORKFLOWS,
      services: {
        mailer: mailerOf(async (mail) => {
          mails.push(mail);
          await mailing();
          return { status: "sent", messageId: `<${mail.approval}@example.com>` };
        }),
        callbacks: NO_CALLBACKS,
        tokens: createLinkTokens({ keys: TEST_KEYS, issuer: gateway.publicUrl }),
        publicUrl: gateway.publicUrl,
        group: GROUP,
      },
    });
  const worker = startOne("w1");
  onTestFinished(async () => {
    await worker.stop(1_000);
    await gateway[Symbol.asyncDispose]();
  });
  await untilPasses(() => expect(server.streams()).toBeGreaterThan(0));
  const stateOf = async (id: string) => {
    const { data } = await engine.send({
      kind: "task.get",
      head: { corrId: "c", version: "2026-04-01" },
      data: { id },
    });
    return (data as { task?: { state: string } }).task?.state;
  };
  return {
    server,
    gateway,
    mails,
    worker,
    startOne,
    stateOf,
    pass: (ms: number) => (aheadMs += ms),
    ask: (id: string, more: object = {}) =>
      gateway.request("/approvals", json({ id, title: "Order", approvers: [ANA], ...more })),
    waitFor: async (id: string) =>
      (await gateway.request(`/wait?id=${id}`, { headers: { prefer: "wait=45" } })).body,
    mailed: (id: string) =>
      untilPasses(() => {
        const mail = mails.find(({ approval }) => approval === id);
        if (mail === undefined) throw new Error(`no mail about ${id}`);
        return mail;
      }),
    rests: (id: string) => untilPasses(async () => expect(await stateOf(id)).toBe("suspended")),
  };
}

async function approve({ links }: RequestMail): Promise<void> {
  const body = new URLSearchParams({ confirm: "yes", comment: "" });
  expect((await fetch(links.approve, { method: "POST", body, redirect: "manual" })).status).toBe(303);
}

test("an approval is asked for, decided and answered, and no request breaks a rule", async () => {
  const { server, ask, mailed, rests, waitFor } = await start();
  expect((await ask("po")).status).toBe(202);
  const mail = await mailed("po");
  await rests("po");
  const waiting = waitFor("po");
  await approve(mail);
  expect(await waiting).toMatchObject({ status: "resolved", result: { outcome: "approved" } });
  expect(server.refused).toEqual([]);
});

test("an approval ends at its deadline, which is a timer's", async () => {
  const { server, ask, mailed, rests, waitFor, pass } = await start();
  await ask("po", { deadline: "PT2H" });
  await mailed("po");
  await rests("po");
  const waiting = waitFor("po");
  pass(2 * HOUR_MS + 1_000);
  expect(await waiting).toMatchObject({ status: "resolved", result: { outcome: "expired" } });
  expect(server.refused).toEqual([]);
});

test("mails that take longer than a lease go out once each, however many at once", async () => {
  const held = Promise.withResolvers<void>();
  const { server, ask, mails, mailed, waitFor } = await start({
    leaseMs: 3_000,
    mailing: () => held.promise,
  });
  const ids = ["a", "b", "c"];
  for (const id of ids) await ask(id);
  for (const id of ids) await mailed(id);
  // Each lease is renewed on its own, until all of them would have run out.
  await untilPasses(() =>
    expect(ids.map((id) => (server.beats.get(id) ?? 0) >= 3)).toEqual([true, true, true]),
  );
  held.resolve();
  for (const id of ids) await approve(await mailed(id));
  for (const id of ids) expect(await waitFor(id)).toMatchObject({ result: { outcome: "approved" } });
  expect(mails.map(({ approval }) => approval).toSorted()).toEqual(ids);
  expect(server.refused).toEqual([]);
});

test("what was decided while no stream was open is taken up when one opens, and told to who waits", async () => {
  const { server, ask, mailed, rests, waitFor } = await start();
  await ask("po");
  const mail = await mailed("po");
  await rests("po");
  const waiting = waitFor("po");
  await untilPasses(() =>
    expect(server.asked).toContainEqual({ kind: "promise.register_listener", id: "po" }),
  );
  const takeStreams = server.cutStreams();
  await untilPasses(() => expect(server.streams()).toBe(0));
  await approve(mail);
  takeStreams();
  expect(await waiting).toMatchObject({ status: "resolved", result: { outcome: "approved" } });
  expect(server.refused).toEqual([]);
});

test("what was decided while no worker ran is taken up by the next one", async () => {
  const { worker, startOne, ask, mailed, rests, waitFor, mails } = await start();
  const ids = Array.from({ length: 12 }, (_, i) => `po-${i}`);
  for (const id of ids) await ask(id);
  const asked = await Promise.all(ids.map(mailed));
  await Promise.all(ids.map(rests));
  await worker.stop(1_000);
  for (const mail of asked) await approve(mail);
  const [one, two] = [startOne("w2"), startOne("w3")];
  onTestFinished(() => one.stop(1_000));
  onTestFinished(() => two.stop(1_000));
  for (const id of ids) expect(await waitFor(id)).toMatchObject({ result: { outcome: "approved" } });
  expect(mails).toHaveLength(ids.length);
});

test("nothing is asked for approvals that wait, once the tasks of their timers rest", async () => {
  const { server, ask, mailed, rests, stateOf, pass } = await start();
  const ids = ["a", "b", "c", "d", "e"];
  for (const id of ids) await ask(id);
  await Promise.all(ids.map(mailed));
  await Promise.all(ids.map(rests));
  const ends = ids.map((id) => `${id}:0`);
  await Promise.all(ends.map((id) => untilPasses(async () => expect(await stateOf(id)).toBe("suspended"))));
  const asked = server.asked.length;
  const acquired = server.asked.filter(({ kind, id }) => kind === "task.acquire" && ends.includes(id)).length;
  expect(acquired).toBeGreaterThanOrEqual(ends.length);
  // Many leases, and twice the time after which a task is offered again.
  pass(60_000);
  const looked = server.looks();
  await untilPasses(() => expect(server.looks()).toBeGreaterThan(looked + 5));
  expect(server.asked.slice(asked)).toEqual([]);
});
