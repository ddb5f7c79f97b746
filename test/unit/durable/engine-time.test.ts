/** Durations are counted by the engine's clock, whatever the clock of the process that counts them says. */

import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { type Context, type Network, ResonateTimeoutException } from "@resonatehq/sdk";
import { pino } from "pino";
import { afterEach, describe, expect, onTestFinished, test } from "vitest";
import { childId, endId } from "../../../src/approval/ids.ts";
import { APPROVAL_SLACK_MS } from "../../../src/approval/request.ts";
import { callOf } from "../../../src/approval/stored.ts";
import type { Durable, StoredPromise } from "../../../src/durable/durable.ts";
import { engineTimeOf, RemoteClock, timeIn } from "../../../src/durable/engine-time.ts";
import { createHttpNetwork } from "../../../src/durable/http-network.ts";
import { createDurable } from "../../../src/durable/resonate.ts";
import { type Clock, SYSTEM_CLOCK } from "../../../src/engine/clock.ts";
import { openEngine } from "../../../src/engine/engine.ts";
import { serveEngine } from "../../../src/engine/serve/http.ts";
import { startGateway } from "../../../src/gateway/gateway.ts";
import { createLinkTokens } from "../../../src/tokens/tokens.ts";
import { requestApproval } from "../../../worker/authoring/request-approval.ts";
import { waitForWebhook } from "../../../worker/authoring/wait-for-webhook.ts";
import { lasting } from "../../../worker/runtime/step-options.ts";
import { startWorker } from "../../../worker/runtime/worker.ts";
import { WORKFLOWS } from "../../../worker/workflows/index.ts";
import { callbackUrlProblem, NO_CALLBACKS } from "../../support/callbacks.ts";
import { EVERYBODY_MAY, json, request, TEST_SIGNING_KEYS } from "../../support/gateway.ts";
import { mailerOf } from "../../support/mailer.ts";

const MINUTE = 60_000;
const DAY = 86_400_000;
/** How long an approval is stored as open at most, whatever its deadline. */
const LIFE_MS = 400 * DAY + APPROVAL_SLACK_MS;

describe("RemoteClock", () => {
  function clockAt(start = { passed: 1_000, wall: 5_000_000 }) {
    const time = { ...start };
    const clock = new RemoteClock({ passed: () => time.passed, wall: () => time.wall });
    const pass = (ms: number) => {
      time.passed += ms;
      time.wall += ms;
    };
    /** A reply after `ms` that was written in the middle of it. */
    const ask = (ms: number, aheadMs: number, exact = true) => {
      const sentAt = time.passed;
      pass(ms / 2);
      const at = time.wall + aheadMs;
      const from = exact ? at : Math.floor(at / 1000) * 1000;
      pass(ms / 2);
      clock.hear(sentAt, { from, to: exact ? at : from + 999 });
    };
    return { clock, time, pass, ask };
  }

  test("goes by this process's clock until it has heard the engine", () => {
    const { clock } = clockAt();
    expect([clock.now(), clock.isCurrent()]).toEqual([5_000_000, false]);
  });

  test.each([3 * MINUTE, -3 * MINUTE, 0])("knows a clock that is %i ms ahead after one reply", (ahead) => {
    const { clock, time, pass, ask } = clockAt();
    ask(10, ahead);
    expect(clock.now()).toBe(time.wall + ahead);
    pass(30_000);
    expect([clock.now(), clock.isCurrent()]).toEqual([time.wall + ahead, true]);
  });

  test("learns a clock that tells seconds alone to within less and less", () => {
    const { clock, time, pass, ask } = clockAt();
    const errors: number[] = [];
    for (let n = 0; n < 40; n += 1) {
      ask(20, 3 * MINUTE, false);
      errors.push(Math.abs(clock.now() - time.wall - 3 * MINUTE));
      pass(137);
    }
    expect(errors[0]).toBeLessThanOrEqual(520);
    expect(errors.at(-1)).toBeLessThanOrEqual(80);
  });

  test("follows the engine's clock when that is set, and keeps to it when this machine's is", () => {
    const { clock, time, ask } = clockAt();
    ask(10, MINUTE);
    ask(10, -MINUTE);
    expect(clock.now()).toBe(time.wall - MINUTE);
    const before = clock.now();
    time.wall += 5 * MINUTE;
    expect([clock.now(), clock.isCurrent()]).toEqual([before, false]);
  });

  test("is not current after a minute, nor when the machine has slept, until it hears the engine again", () => {
    const { clock, time, pass, ask } = clockAt();
    ask(10, 0);
    pass(MINUTE + 1);
    expect(clock.isCurrent()).toBe(false);
    ask(10, 0);
    time.wall += 60 * MINUTE;
    expect(clock.isCurrent()).toBe(false);
    ask(10, 0);
    expect([clock.isCurrent(), clock.now()]).toEqual([true, time.wall]);
  });

  test("reads our header, or HTTP's, or neither", () => {
    const date = "Mon, 30 Nov 2026 12:00:00 GMT";
    const ms = Date.parse(date);
    expect(timeIn(new Headers({ date, "countersign-time": "1796040000123" }))).toEqual({
      from: 1_796_040_000_123,
      to: 1_796_040_000_123,
    });
    expect(timeIn(new Headers({ date, "countersign-time": "soon" }))).toEqual({ from: ms, to: ms + 999 });
    expect(timeIn(new Headers({ date: "soon" }))).toBeUndefined();
  });
});

describe("engineTimeOf()", () => {
  const servers: Server[] = [];
  afterEach(() => {
    for (const server of servers.splice(0)) server.close();
  });

  async function serve(headers: Record<string, string>, sendDate: boolean) {
    let asked = 0;
    const server = createServer(async (req, res) => {
      let body = "";
      for await (const chunk of req) body += String(chunk);
      asked += 1;
      const { kind, head } = JSON.parse(body) as { kind: string; head: { corrId: string; version: string } };
      res.sendDate = sendDate;
      res.writeHead(404, { "content-type": "application/json", ...headers });
      res.end(JSON.stringify({ kind, head: { ...head, status: 404 }, data: "Promise not found" }));
    });
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const network = createHttpNetwork({ url, token: undefined, group: "g", pid: "p" });
    return { time: engineTimeOf(network), asked: () => asked };
  }

  test("asks once, for all who want to know, and then goes by replies", async () => {
    const ahead = new Date(Date.now() + 10 * MINUTE).toUTCString();
    const { time, asked } = await serve({ date: ahead }, false);
    const times = await Promise.all([time.current(), time.current(), time.current()]);
    for (const each of times) expect(Math.abs(each - Date.now() - 10 * MINUTE)).toBeLessThan(MINUTE);
    await time.current();
    expect(asked()).toBe(1);
  });

  test("takes its own clock for that of an engine that never tells, and does not ask it each time", async () => {
    const { time, asked } = await serve({}, false);
    expect(Math.abs((await time.current()) - Date.now())).toBeLessThan(MINUTE);
    await time.current();
    expect(asked()).toBe(1);
  });

  test("says that the engine is away", async () => {
    const network = createHttpNetwork({ url: "http://127.0.0.1:1", token: undefined, group: "g", pid: "p" });
    await expect(engineTimeOf(network).current()).rejects.toMatchObject({ code: "ENGINE_UNAVAILABLE" });
  });
});

const WAYS = ["in this process", "over HTTP"] as const;
const AHEAD = [3 * MINUTE, -3 * MINUTE, 90 * DAY];

describe.each(WAYS)("a duration, %s", (way) => {
  describe.each(AHEAD)("with an engine whose clock is %i ms ahead", (aheadMs) => {
    async function open() {
      const clock: Clock = { ...SYSTEM_CLOCK, now: () => Date.now() + aheadMs };
      const engine = openEngine({ file: ":memory:", clock });
      const server = await serveEngine(engine, { port: 0, token: "t" });
      let requests = 0;
      const network = (group: string): { network: Network; start: () => void } => {
        const inner = engine.network({ group, unavailable: (cause) => new ResonateTimeoutException(cause) });
        const made =
          way === "in this process"
            ? inner
            : createHttpNetwork({ url: server.url, token: "t", group, pid: `${group}-1` });
        return { network: made, start: () => (made === inner ? inner.start() : undefined) };
      };
      const outside = network("gateway");
      const { send } = outside.network;
      outside.network.send = ((sent: Parameters<typeof send>[0]) => {
        requests += 1;
        return send(sent);
      }) as typeof send;
      outside.start();
      const durable = createDurable(outside.network);
      const keys = [{ kid: "k", secret: Buffer.alloc(32, 1) }];
      const gateway = await startGateway({
        durable,
        log: pino({ level: "silent" }),
        host: "127.0.0.1",
        port: 0,
        publicUrl: undefined,
        keys,
        signingKeys: TEST_SIGNING_KEYS,
        mailbox: undefined,
        callbackUrlProblem,
        authenticate: EVERYBODY_MAY,
      });
      const inside = network("worker");
      const tokens = createLinkTokens({ keys, issuer: gateway.publicUrl });
      const mails = new Map<string, string>();
      const worker = startWorker({
        network: inside.network,
        pid: "worker-1",
        leaseMs: 60_000,
        concurrency: 10,
        log: pino({ level: "silent" }),
        workflows: [
          ...WORKFLOWS,
          {
            name: "asks",
            version: 1,
            *func(ctx: Context) {
              return yield* requestApproval(ctx, {
                title: "x",
                approvers: ["a@example.com"],
                deadline: "PT2M",
              });
            },
          },
          {
            name: "waits",
            version: 1,
            *func(ctx: Context): Generator<unknown, unknown> {
              yield* ctx.run(function step() {}, lasting(ctx));
              yield* ctx.beginRpc("nobody", ctx.options({ target: "elsewhere", timeout: 2 * MINUTE }));
              const told: number = yield* ctx.date.now();
              const latent: { id: string } = yield* ctx.promise({ timeout: 2 * MINUTE, data: told });
              void latent;
              return yield* waitForWebhook(ctx, { source: "s", match: { a: 1 }, timeout: "PT2M" });
            },
          },
          {
            name: "sleeps",
            version: 1,
            *func(ctx: Context) {
              yield* ctx.sleep(2 * MINUTE);
            },
          },
        ],
        services: {
          mailer: mailerOf(async (mail) => {
            mails.set(mail.approval, mail.links.approve);
            return { status: "sent", messageId: "<m@x>" };
          }),
          callbacks: NO_CALLBACKS,
          tokens,
          publicUrl: gateway.publicUrl,
          group: "worker",
        },
      });
      inside.start();
      onTestFinished(async () => {
        await worker.stop(1_000);
        await gateway.close();
        await durable.stop();
        await server.close();
        await engine.close();
      });
      return {
        durable,
        mails,
        requests: () => requests,
        call: (path: string, init?: RequestInit) => request(`${gateway.url}${path}`, init),
      };
    }

    /** How long it was given, from its creation by the engine's clock. */
    const given = ({ timeoutAt, createdAt }: StoredPromise) => timeoutAt - createdAt;
    /** How long its approvers were given, from its creation by the engine's clock. */
    const untilDeadline = (root: StoredPromise) =>
      (callOf(root)?.terms.deadlineAtMs ?? Number.NaN) - root.createdAt;
    const about = (ms: number, actual: number) =>
      expect(Math.abs(actual - ms), String(actual)).toBeLessThan(MINUTE / 2);

    async function stored(durable: Durable, id: string): Promise<StoredPromise> {
      for (;;) {
        const promise = await durable.read(id);
        if (promise !== undefined) return promise;
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    }

    async function until(fact: () => boolean): Promise<void> {
      while (!fact()) await new Promise((resolve) => setTimeout(resolve, 5));
    }

    test("PT2M of POST /approvals is two minutes for its approvers, from the first call on", async () => {
      const r = await open();
      const approval = { id: "po", title: "x", approvers: ["a@example.com"], deadline: "PT2M" };
      expect(await r.call("/approvals", json(approval))).toMatchObject({ status: 202 });
      const root = await stored(r.durable, "po");
      about(LIFE_MS, given(root));
      about(2 * MINUTE, untilDeadline(root));
      about(2 * MINUTE, given(await stored(r.durable, endId("po"))));
      // The deadline can be moved, so the ballot lasts as long as the approval.
      about(LIFE_MS, given(await stored(r.durable, childId("po", 1))));
      await until(() => r.mails.has("po"));
      const link = new URL(r.mails.get("po") as string).pathname;
      const form = { method: "POST", body: new URLSearchParams({ confirm: "yes" }) };
      expect(await r.call(link, form)).toMatchObject({ status: 200 });
      expect(await r.durable.waitFor("po", { timeoutMs: 60_000 })).toMatchObject({
        value: { outcome: "approved" },
      });
    });

    test("an instant is near or far by the engine's clock", async () => {
      const r = await open();
      const at = (ms: number) => new Date(Date.now() + aheadMs + ms).toISOString();
      const post = (deadline: string) =>
        r.call("/approvals", json({ title: "x", approvers: ["a@example.com"], deadline }));
      expect(await post(at(MINUTE + 10_000))).toMatchObject({ status: 202 });
      expect(await post(at(MINUTE - 10_000))).toMatchObject({ status: 422 });
      expect(await post(at(400 * DAY - 10_000))).toMatchObject({ status: 202 });
      expect(await post(at(400 * DAY + 10_000))).toMatchObject({ status: 422 });
    });

    test("timeout=PT2M of POST /begin is two minutes, and costs no request more once the engine was heard", async () => {
      const r = await open();
      await r.call("/begin?id=first&func=nobody&timeout=PT2M", { method: "POST" });
      about(2 * MINUTE, given(await stored(r.durable, "first")));
      const before = r.requests();
      await r.call("/begin?id=second&func=nobody&timeout=PT2M", { method: "POST" });
      expect(r.requests() - before).toBe(1);
      about(2 * MINUTE, given(await stored(r.durable, "second")));
    });

    test("in a worker: requestApproval, ctx.promise, ctx.rpc, ctx.sleep, waitForWebhook, ctx.date", async () => {
      const r = await open();
      for (const func of ["asks", "waits", "sleeps"])
        await r.call(`/begin?id=${func}&func=${func}`, { method: "POST" });
      const asked = await stored(r.durable, "asks:1");
      about(LIFE_MS, given(asked));
      about(2 * MINUTE, untilDeadline(asked));
      about(2 * MINUTE, given(await stored(r.durable, "asks:1.0")));
      about(2 * MINUTE, given(await stored(r.durable, "sleeps:0")));
      about(2 * MINUTE, given(await stored(r.durable, "waits:1")));
      const latent = await stored(r.durable, "waits:3");
      about(2 * MINUTE, given(latent));
      about(0, Number(latent.param) - latent.createdAt);
      about(2 * MINUTE, given(await stored(r.durable, "waits:4")));
    });
  });
});
