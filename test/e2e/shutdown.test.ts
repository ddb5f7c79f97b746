/** SIGTERM with work under way, as an orchestrator stops a process: it exits 0, and nothing is lost or done twice. */
import { expect, test } from "vitest";
import { Api } from "../support/api.ts";
import { eventually } from "../support/eventually.ts";
import { call } from "../support/http.ts";
import { press } from "../support/press.ts";
import { startRelay } from "../support/relay.ts";
import { needsEmbeddedEngine } from "../support/resonate-server.ts";
import type { ServiceProcess } from "../support/service-process.ts";
import { newId, openSite } from "../support/site.ts";

const ANA = "ana@example.com";
const CLEAN = { code: 0, signal: null };

test("the worker in the middle of a mail: it ends the mail, and new work goes to the other at once", async () => {
  await using relay = await startRelay();
  await using site = await openSite({ relay });
  const { gateway, worker: first } = await site.startParts({ workers: 1 });
  const api = new Api(gateway.url);
  const held = relay.holdNext();
  const id = await api.ask({ id: newId("po"), approvers: [ANA] });
  await held.mail;
  await using _second = await site.start("worker");

  const stopped = first.stop();
  await isStopping(first);
  const next = await Promise.all(
    Array.from({ length: 6 }, () => api.ask({ id: newId("next"), approvers: [ANA] })),
  );
  // What had gone to the first would be handed out again after 30 s.
  const mails = next.map((one) => relay.mailTo(ANA, one, { withinMs: 25_000 }));
  await Promise.race(mails);
  expect(first.isRunning).toBe(true);
  held.release("accept");
  await Promise.all(mails);
  expect(await stopped).toEqual(CLEAN);

  const mail = await relay.mailTo(ANA, id);
  await api.approvalWhen(id, "the mail is on record", ({ ballots }) => ballots[0]?.mail.status === "sent");
  expect(await press(mail.links.approve)).toMatchObject({ decision: "approved", effective: true });
  expect(await api.ended(id)).toMatchObject({ result: { outcome: "approved" } });
  expect(relay.mailsOf(id)).toHaveLength(1);
});

test("the gateway with a press under way and somebody waiting: both are answered", async () => {
  await using relay = await startRelay();
  await using site = await openSite({ relay });
  await site.startParts({ gateways: 0, workers: 1 });
  const { service, proxy } = await site.startProxied("gateway");
  const api = new Api(service.url);
  const id = await api.ask({ id: newId("po"), approvers: [ANA] });
  const { links } = await relay.mailTo(ANA, id);
  // Another one: the press may end its own before the signal to stop arrives.
  const other = await api.ask({ id: newId("po"), approvers: [ANA] });
  const isListening = proxy.hold("reply", ({ kind }) => kind === "promise.register_listener");
  const waiting = api.waitRaw(other, 60);
  await isListening.reached;
  isListening.release();
  const settled = proxy.hold("reply", ({ kind }) => kind === "promise.settle");
  const pressed = call(links.approve, {
    method: "POST",
    headers: { "content-type": "application/x-www-form-urlencoded" },
    body: "confirm=yes",
  });
  await settled.reached;

  const stopped = service.stop();
  const answer = await waiting;
  expect(answer.status).toBe(200);
  expect(answer.headers["retry-after"]).toBeDefined();
  await expect(call(`${service.url}/livez`)).rejects.toThrow("ECONNREFUSED");
  settled.release();
  expect(await pressed).toMatchObject({ status: 303 });
  expect(await stopped).toEqual(CLEAN);

  const next = await site.start("gateway");
  const receipt = await call(new URL((await pressed).headers.location!, next.url).href);
  expect(receipt.text).toContain('data-decision="approved" data-effective="true"');
  expect(await api.ended(id)).toMatchObject({ result: { outcome: "approved" } });
});

test("the engine while requests come in: what it has answered is there after the restart", async (ctx) => {
  needsEmbeddedEngine(ctx, "stops the engine");
  await using relay = await startRelay();
  await using site = await openSite({ relay });
  const { engine, gateway } = await site.startParts({ workers: 1 });
  const api = new Api(gateway.url);
  const acknowledged: string[] = [];
  const asking = Promise.all(
    Array.from({ length: 4 }, async () => {
      while (engine!.isRunning) {
        const id = newId("po");
        const answer = await api.askRaw({ id, approvers: [ANA] });
        if (answer.status === 202) acknowledged.push(id);
        else expect(answer.status).toBe(503);
      }
    }),
  );
  await eventually("requests come in", () => acknowledged.length > 20);
  expect(await engine!.stop()).toEqual(CLEAN);
  await asking;

  await site.start("engine");
  for (const id of acknowledged) {
    const { links } = await relay.mailTo(ANA, id);
    expect(await press(links.reject)).toMatchObject({ decision: "rejected", effective: true });
  }
  for (const id of acknowledged)
    expect(await api.ended(id)).toMatchObject({ result: { outcome: "rejected" } });
});

test("everything in one process in the middle of a mail, with somebody waiting: all is answered and kept", async () => {
  await using relay = await startRelay();
  await using site = await openSite({ relay });
  const first = await site.start("all");
  const api = new Api(first.url);
  const suspended = await api.ask({ id: newId("po"), approvers: [ANA] });
  const { links } = await relay.mailTo(ANA, suspended);
  const held = relay.holdNext();
  const id = await api.ask({ id: newId("po"), approvers: [ANA] });
  await held.mail;
  const waiting = api.waitRaw(suspended, 60);

  const stopped = first.stop();
  await isStopping(first);
  held.release("accept");
  expect((await waiting).status).toBe(200);
  expect(await stopped).toEqual(CLEAN);

  await site.start("all");
  expect(await press(links.approve)).toMatchObject({ decision: "approved", effective: true });
  expect(await press((await relay.mailTo(ANA, id)).links.approve)).toMatchObject({ decision: "approved" });
  for (const one of [suspended, id]) {
    expect(await api.ended(one)).toMatchObject({ result: { outcome: "approved" } });
    expect(relay.mailsOf(one)).toHaveLength(1);
  }
});

test("a second signal ends a process that would wait for a mail, and the mail goes out from the next", async () => {
  await using relay = await startRelay();
  await using site = await openSite({ relay, env: { WORKER_LEASE_MS: "1000" } });
  const { gateway, worker: first } = await site.startParts({ workers: 1 });
  const api = new Api(gateway.url);
  const held = relay.holdNext();
  const id = await api.ask({ id: newId("po"), approvers: [ANA] });
  await held.mail;
  first.kill("SIGTERM");
  await isStopping(first);
  first.kill("SIGTERM");
  expect(await first.exited).toEqual({ code: 1, signal: null });
  held.release({ code: 451 });

  await using _second = await site.start("worker");
  const mail = await relay.mailTo(ANA, id);
  expect(await press(mail.links.approve)).toMatchObject({ decision: "approved", effective: true });
  expect(await api.ended(id)).toMatchObject({ result: { outcome: "approved" } });
});

test("with nothing to do, each kind of process is gone at once", async () => {
  await using relay = await startRelay();
  await using site = await openSite({ relay });
  const { engine, gateway, worker } = await site.startParts({});
  const api = new Api(gateway.url);
  await api.ended(await api.begin(newId("foo"), {}));
  for (const service of [worker, gateway, ...(engine ? [engine] : [])]) {
    const from = performance.now();
    expect(await service.stop()).toEqual(CLEAN);
    const stoppedMs = performance.now() - from;
    console.log(`${service.part}: stopped in ${Math.round(stoppedMs)} ms`);
    // Who waits for work under way waits for 15 s.
    expect(stoppedMs).toBeLessThan(14_000);
  }
});

/** It has heard the signal. */
async function isStopping(service: ServiceProcess): Promise<void> {
  await eventually(`the ${service.part} process is stopping`, () =>
    service.log.some(({ msg }) => /stopping/iu.test(msg ?? "")),
  );
}
