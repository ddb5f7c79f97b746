/** A worker in somebody's process, over HTTP to the real engine, beside Countersign's own worker. */

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { expect, onTestFinished, test } from "vitest";
import type { RequestMail } from "../../../../src/channels/mail/mailer.ts";
import { createDurable } from "../../../../src/durable/resonate.ts";
import { answerBallot } from "../../../../src/service/approvals/decide.ts";
import { meet } from "../../../../src/service/webhooks/meet.ts";
import { createLinkTokens } from "../../../../src/tokens/tokens.ts";
import {
  type CreateWorkerOptions,
  callbackUrl,
  createWorker,
  defineWorkflow,
  lasting,
  requestApproval,
  waitForWebhook,
} from "../../../../worker/authoring/index.ts";
import { startWorker } from "../../../../worker/runtime/worker.ts";
import { ballotOf } from "../../../../worker/testing/approver.ts";
import { arrivalOf } from "../../../../worker/testing/webhook.ts";
import { PRODUCT_WORKFLOWS } from "../../../../worker/workflows/index.ts";
import { NO_CALLBACKS } from "../../../support/callbacks.ts";
import { testEngine, testServer } from "../../../support/engine.ts";
import { mailerOf } from "../../../support/mailer.ts";
import { freePort } from "../../../support/ports.ts";

const DAY_MS = 24 * 3_600_000;

/** The engine and, in the group `worker`, what Countersign runs itself. */
async function openSite() {
  const engine = testEngine();
  const server = await testServer(engine);
  const people = engine.network({ group: "gateway" });
  const durable = createDurable(people);
  people.start();
  onTestFinished(() => durable.stop());
  const asked: RequestMail[] = [];
  const network = engine.network({ group: "worker", moreGroups: ["worker-builtin"] });
  const worker = startWorker({
    network,
    pid: network.pid,
    leaseMs: 60_000,
    concurrency: 10,
    log: pino({ level: "silent" }),
    workflows: PRODUCT_WORKFLOWS,
    services: {
      mailer: mailerOf(async (mail) => {
        asked.push(mail);
        return { status: "sent", messageId: "<1@example.com>" };
      }),
      callbacks: NO_CALLBACKS,
      tokens: createLinkTokens({ keys: [{ kid: "k", secret: Buffer.alloc(32) }], issuer: "http://x" }),
      publicUrl: "http://x",
      group: "worker",
    },
  });
  onTestFinished(() => worker.stop(1_000));
  network.start();
  return {
    url: server.url,
    durable,
    asked: () => asked.map(({ approval, request }) => [approval, request.title]),
    async approve(n: number) {
      const mail = asked[n];
      if (mail === undefined) throw new Error(`There is no mail ${n}`);
      const answer = { choice: "approve", comment: "", door: "mail", nonce: "once" } as const;
      await answerBallot(durable, ballotOf(mail), mail, answer);
    },
    begin: (id: string, func: string, target = "shop") =>
      durable.start({ id, func, args: ["pens"], target, timeoutAt: Date.now() + 100 * DAY_MS }),
    async ended(id: string) {
      for (;;) {
        const promise = await durable.waitFor(id, { timeoutMs: 60_000 });
        if (promise?.state !== "pending") return promise;
      }
    },
  };
}

type Site = Awaited<ReturnType<typeof openSite>>;

function embed(site: Pick<Site, "url">, options: Partial<CreateWorkerOptions> = {}) {
  const lines: unknown[] = [];
  const note = (fields: object, message: string) => void lines.push({ ...fields, message });
  const log = { info() {}, warn: note, error: note };
  const all = { url: site.url, token: "token", group: "shop", workflows: [restock], log, ...options };
  const worker = createWorker(all);
  onTestFinished(() => worker.stop({ graceMs: 1_000 }));
  return { ...worker, lines };
}

const restock = defineWorkflow({
  name: "restock",
  *run(ctx, item: string) {
    const asked = { title: `Order ${item}`, approvers: ["ana@example.com"], deadline: "P2D" };
    const { outcome, approval } = yield* requestApproval(ctx, asked);
    const where: string = yield* ctx.run(function place() {
      return `ordered ${item}`;
    }, lasting(ctx));
    return { outcome, approval, where };
  },
});

test("a workflow in your own process gets its approval from Countersign's worker, under the id that it has in its folder", async () => {
  const site = await openSite();
  const { ready, lines } = embed(site);
  await ready;
  await site.begin("r-1", "restock");
  await expect.poll(site.asked).toEqual([["r-1:1", "Order pens"]]);
  await site.approve(0);
  expect(await site.ended("r-1")).toMatchObject({
    state: "resolved",
    value: { outcome: "approved", approval: "r-1:1", where: "ordered pens" },
  });
  expect(lines).toEqual([]);
});

test("Countersign's group may have another name", async () => {
  const site = await openSite();
  const shop = embed(site, { countersignGroup: "elsewhere" });
  await shop.ready;
  await site.begin("r-1", "restock");
  await expect
    .poll(async () => (await site.durable.read("r-1:1"))?.tags["resonate:target"])
    .toBe("poll://any@elsewhere-builtin");
});

test("a request that is not well formed ends the workflow with what POST /approvals would say", async () => {
  const site = await openSite();
  const ask = defineWorkflow({
    name: "ask",
    *run(ctx) {
      return yield* requestApproval(ctx, { title: "", approvers: ["ana"] });
    },
  });
  await embed(site, { workflows: [ask] }).ready;
  await site.begin("a-1", "ask");
  const { state, value } = (await site.ended("a-1")) ?? {};
  expect([state, String(value)]).toEqual(["rejected", expect.stringMatching(/title .*; approvers\[0\] /u)]);
});

test("the operator's list says which addresses are one person's, as for POST /approvals", async () => {
  const site = await openSite();
  const folder = mkdtempSync(join(tmpdir(), "countersign-aliases-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const aliasesFile = join(folder, "aliases.yaml");
  writeFileSync(aliasesFile, "people:\n  - [kim@example.com, k.mueller@example.org]\n");
  const ask = defineWorkflow({
    name: "ask",
    *run(ctx) {
      const groups = [{ approvers: ["kim@example.com"] }, { approvers: ["k.mueller@example.org"] }];
      yield* requestApproval(ctx, { title: "Order", stages: [{ groups }] });
      return yield* requestApproval(ctx, {
        title: "Order",
        requester: "kim@example.com",
        approvers: ["k.mueller@example.org"],
      });
    },
  });
  await embed(site, { workflows: [ask], aliasesFile }).ready;
  await site.begin("a-1", "ask");
  await expect.poll(site.asked).toHaveLength(1);
  // Kim's one answer fills both groups.
  await site.approve(0);
  const { state, value } = (await site.ended("a-1")) ?? {};
  expect([state, String(value)]).toEqual(["rejected", expect.stringContaining("must not be the requester")]);
  expect(site.asked()).toHaveLength(1);
});

test("a callback URL needs keys, which only Countersign's worker has", async () => {
  const site = await openSite();
  const scan = defineWorkflow({
    name: "scan",
    *run(ctx) {
      return callbackUrl(ctx, yield* ctx.promise({ timeout: 1_000 }));
    },
  });
  const worker = embed(site, { workflows: [scan] });
  await worker.ready;
  await site.begin("s-1", "scan");
  const { state, value } = (await site.ended("s-1")) ?? {};
  expect([state, String(value)]).toEqual([
    "rejected",
    expect.stringContaining("Cannot make a callback URL: only Countersign's"),
  ]);
  // The workflow ends only when its open promise has; the log tells at once.
  expect(worker.lines).toContainEqual({ workflow: "s-1", message: expect.stringContaining("Cannot make") });
});

test("a workflow waits for a webhook until its time is over, and gets an event", async () => {
  const site = await openSite();
  const wait = defineWorkflow({
    name: "wait",
    *run(ctx) {
      const late = yield* waitForWebhook(ctx, { source: "carrier", match: { parcel: "0" }, timeout: "PT1S" });
      const came = yield* waitForWebhook(ctx, { source: "carrier", match: { parcel: "1" }, timeout: "P1D" });
      return [late, came];
    },
  });
  await embed(site, { workflows: [wait] }).ready;
  await site.begin("w-1", "wait");
  const { event } = arrivalOf({ source: "carrier", match: { parcel: "1" }, value: { at: "door" } }, 0);
  await meet(site.durable, Date.now(), event);
  expect(await site.ended("w-1")).toMatchObject({
    state: "resolved",
    value: [{ outcome: "timeout" }, { outcome: "resolved", value: { at: "door" } }],
  });
});

test("while your process is away its workflows wait for it, and Countersign's worker never sees them", async () => {
  const site = await openSite();
  await site.begin("r-1", "restock");
  const first = embed(site);
  await first.ready;
  await expect.poll(site.asked).toHaveLength(1);
  await first.stop();
  await site.approve(0);
  // What is begun after it has ended before: the press has reached the workflow, and nobody was there to take it up.
  await expect.poll(async () => (await site.durable.read("r-1:1"))?.state).toBe("resolved");
  expect(await site.durable.read("r-1")).toMatchObject({ state: "pending" });
  await embed(site).ready;
  expect(await site.ended("r-1")).toMatchObject({ state: "resolved", value: { outcome: "approved" } });
});

test("of two processes of one program, one that stops leaves its work to the other", async () => {
  const site = await openSite();
  const held = Promise.withResolvers<void>();
  let runs = 0;
  const slow = defineWorkflow({
    name: "slow",
    *run(ctx) {
      yield* ctx.run(async function wait() {
        runs += 1;
        await held.promise;
      }, lasting(ctx));
      yield* ctx.sleep(10);
      return "done";
    },
  });
  const [one, two] = [embed(site, { workflows: [slow] }), embed(site, { workflows: [slow] })];
  await Promise.all([one.ready, two.ready]);
  await Promise.all(["s-1", "s-2"].map((id) => site.begin(id, "slow")));
  await expect.poll(() => runs).toBe(2);
  const stopped = one.stop();
  held.resolve();
  await stopped;
  // It let the step come to its end, and the other one went on after the pause.
  for (const id of ["s-1", "s-2"]) expect(await site.ended(id)).toMatchObject({ value: "done" });
  expect(runs).toBe(2);
});

test("what still runs when the grace is over goes to another process when its lease is over", async () => {
  const site = await openSite();
  let runs = 0;
  const stuck = defineWorkflow({
    name: "stuck",
    *run(ctx) {
      yield* ctx.run(async function wait() {
        runs += 1;
        if (runs === 1) await new Promise(() => {});
      }, lasting(ctx));
      return "done";
    },
  });
  const options = { workflows: [stuck], leaseMs: 1_000 };
  const one = embed(site, options);
  await one.ready;
  await site.begin("s-1", "stuck");
  await expect.poll(() => runs).toBe(1);
  const startedAt = performance.now();
  await one.stop({ graceMs: 50 });
  // What is said where nothing is given is 15 s.
  expect(performance.now() - startedAt).toBeLessThan(14_000);
  await embed(site, options).ready;
  expect(await site.ended("s-1")).toMatchObject({ value: "done" });
  expect(runs).toBe(2);
});

test("two workflows may share one function", async () => {
  const site = await openSite();
  const one = defineWorkflow({
    name: "one",
    *run(_ctx, item: string) {
      return `got ${item}`;
    },
  });
  const workflows = [one, defineWorkflow({ ...one, version: 2 }), defineWorkflow({ ...one, name: "two" })];
  await embed(site, { workflows }).ready;
  for (const name of ["one", "two"]) {
    await site.begin(`${name}-1`, name);
    expect(await site.ended(`${name}-1`)).toMatchObject({ value: "got pens" });
  }
});

test("a worker is ready once the engine is there, and says while it waits", async () => {
  const port = await freePort();
  const hello = defineWorkflow({
    name: "hello",
    *run() {
      return "hello";
    },
  });
  const worker = embed({ url: `http://127.0.0.1:${port}` }, { workflows: [hello] });
  await expect
    .poll(() => worker.lines)
    .toContainEqual(expect.objectContaining({ message: "The engine does not answer yet; the worker waits" }));
  const engine = testEngine();
  await testServer(engine, port);
  await worker.ready;
  // Its stream of messages is open, too, or will be.
  const people = engine.network({ group: "gateway" });
  const durable = createDurable(people);
  people.start();
  onTestFinished(() => durable.stop());
  const timeoutAt = Date.now() + DAY_MS;
  await durable.start({ id: "h-1", func: "hello", args: [], target: "shop", timeoutAt });
  expect(await durable.waitFor("h-1", { timeoutMs: 60_000 })).toMatchObject({
    state: "resolved",
    value: "hello",
  });
});

test("an engine that refuses the token stops the worker, and the option is named", async () => {
  const site = await openSite();
  const wrong = embed(site, { token: "another" });
  await expect(wrong.ready).rejects.toThrow(
    `token is another engine's: the engine at ${site.url} answers 401`,
  );
  const without = embed(site, { token: undefined });
  await expect(without.ready).rejects.toThrow("token is missing");
  await site.begin("r-1", "restock");
  await wrong.stop();
  expect(wrong.lines).toContainEqual(
    expect.objectContaining({ message: "The worker cannot work, and has stopped" }),
  );
});

test("an address where something else answers is told apart from an engine that is away", async () => {
  const api = createServer((_, response) => response.writeHead(404).end('{"status":404}'));
  await new Promise<void>((resolve) => api.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void api.close());
  const { port } = api.address() as AddressInfo;
  const { ready } = embed({ url: `http://127.0.0.1:${port}` });
  await expect(ready).rejects.toThrow("url must be the engine's: what answers 404");
});

test("a worker that is stopped before the engine answers says so, also twice", async () => {
  const worker = embed({ url: `http://127.0.0.1:${await freePort()}` });
  await worker.stop();
  await worker.stop();
  await expect(worker.ready).rejects.toThrow("stopped before the engine had answered");
  await expect(worker.stop({ graceMs: -1 })).rejects.toThrow("graceMs must be a whole number from 0");
});
