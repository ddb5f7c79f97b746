/** What others send comes to the workflow, and back out of it, as it was sent. */
import { randomUUID } from "node:crypto";
import { type Context, LocalNetwork, type Network } from "@resonatehq/sdk";
import { pino } from "pino";
import { afterEach, describe, expect, test } from "vitest";
import type { Durable } from "../../../src/durable/durable.ts";
import { createHttpNetwork } from "../../../src/durable/http-network.ts";
import { createDurable } from "../../../src/durable/resonate.ts";
import { openEngine } from "../../../src/engine/engine.ts";
import { parseExactJson } from "../../../src/lib/exact-json.ts";
import { settleLatent } from "../../../src/service/promises/settle.ts";
import { meet } from "../../../src/service/webhooks/meet.ts";
import { deliveryId, webhookAnswerOf } from "../../../src/webhooks/records.ts";
import { type WebhookOutcome, waitForWebhook } from "../../../worker/authoring/wait-for-webhook.ts";
import type { Future } from "../../../worker/runtime/future.ts";
import { startWorker, type Worker } from "../../../worker/runtime/worker.ts";
import { RESONATE_TOKEN, RESONATE_URL } from "../../support/resonate-server.ts";

/** Words that the SDK's codec has of its own, at each place where it would take them for its own. */
const FOREIGN = JSON.parse(
  '{"a":"__INF__","b":["__NEG_INF__"],"c":{"__type":"error","message":"m"},"d":{"__type":"aggregate_error"},"__type":"error","toJSON":1}',
) as unknown;
const TEXT = JSON.stringify(FOREIGN);

let close: (() => Promise<void>) | undefined;
afterEach(async () => {
  await close?.();
  close = undefined;
});

type Host = () => (group: string) => Network & { start?: () => void };

/** Where each run is one of many, its names are its own. */
const RUN = randomUUID();
const GROUP = `worker-${RUN}`;

const HOSTS: readonly [string, Host][] = [
  [
    "the embedded engine",
    () => {
      const engine = openEngine({ file: ":memory:" });
      return (group) => engine.network({ group });
    },
  ],
  [
    "the SDK's own server",
    () => {
      const network = new LocalNetwork({ pid: "test", group: GROUP });
      return () => network;
    },
  ],
  ...(RESONATE_URL === undefined ? [] : [["a Resonate Server", atServer(RESONATE_URL)] as [string, Host]]),
];

function atServer(url: string): Host {
  return () => (group) => createHttpNetwork({ url, token: RESONATE_TOKEN, group, pid: randomUUID() });
}

function start(host: Host, seen: unknown[]): Durable {
  const networkOf = host();
  const gateway = networkOf(`gateway-${RUN}`);
  gateway.start?.();
  const durable = createDurable(gateway, { group: GROUP });
  function* echo(ctx: Context, value: unknown): Generator<unknown, unknown> {
    seen.push(value);
    const kept: unknown = yield* ctx.run(function keep() {
      return value;
    });
    const promise: Future<unknown> = yield* ctx.promise({
      timeout: 60_000,
      data: kept,
      tags: { "resonate:external": "true" },
    });
    return [kept, yield* promise];
  }
  function* wait(ctx: Context): Generator<unknown, WebhookOutcome> {
    const outcome = yield* waitForWebhook(ctx, { source: "acme", match: { order: RUN }, timeout: "PT1M" });
    seen.push(outcome);
    return outcome;
  }
  const network = networkOf(GROUP);
  const worker: Worker = startWorker({
    network,
    pid: randomUUID(),
    leaseMs: 60_000,
    concurrency: 10,
    log: pino({ level: "silent" }),
    workflows: [
      { name: "echo", version: 1, func: echo },
      { name: "wait", version: 1, func: wait },
    ],
    services: { group: GROUP } as never,
  });
  network.start?.();
  close = async () => {
    await worker.stop(1_000);
    await durable.stop();
  };
  return durable;
}

describe.each(HOSTS)("on %s", (_, host) => {
  test("an argument, a step's result, a promise's value and the workflow's result", async () => {
    const w = `w-${randomUUID()}`;
    const seen: unknown[] = [];
    const durable = start(host, seen);
    await durable.start({ id: w, func: "echo", args: [FOREIGN], timeoutAt: Date.now() + 60_000 });
    await expect.poll(() => durable.read(`${w}:1`)).toMatchObject({ state: "pending" });
    expect(JSON.stringify((await durable.read(`${w}:1`))?.param)).toBe(TEXT);
    await durable.settle(`${w}:1`, FOREIGN, "resolved", "n");
    const ended = await durable.waitFor(w, { timeoutMs: 60_000 });
    expect(JSON.stringify(ended?.value)).toBe(`[${TEXT},${TEXT}]`);
    expect(await durable.read(`${w}:1`)).toMatchObject({ nonce: "n" });
    // On the first pass and on each replay.
    expect(seen.length).toBeGreaterThan(1);
    for (const value of seen) expect(JSON.stringify(value)).toBe(TEXT);
  });

  test.each(["before the event", "after the event"])(
    "a webhook's event, with a wait that comes %s",
    async (when) => {
      const w = `w-${randomUUID()}`;
      const seen: unknown[] = [];
      const durable = start(host, seen);
      const begin = () => durable.start({ id: w, func: "wait", args: [], timeoutAt: Date.now() + 60_000 });
      const json = TEXT.replace("{", '{"n":[8202522731445525542,0.1234567890123456789],"__proto__":{"x":1},');
      const delivery = deliveryId("acme", w);
      const value = parseExactJson(json);
      const event = () =>
        meet(durable, Date.now(), {
          source: "acme",
          match: { order: RUN },
          delivery,
          answer: webhookAnswerOf({ outcome: "resolved", value, delivery }),
        });
      if (when === "before the event") {
        await begin();
        await expect.poll(() => durable.read(`${w}:1`)).toMatchObject({ state: "resolved" });
        await event();
      } else {
        await event();
        await begin();
      }
      await durable.waitFor(w, { timeoutMs: 60_000 });
      const outcome = seen.at(-1) as WebhookOutcome & { outcome: "resolved" };
      expect(outcome).toMatchObject({ outcome: "resolved", json, delivery });
      expect(JSON.stringify(outcome.value)).toBe(JSON.stringify(JSON.parse(json)));
    },
  );

  test("an event for a wait that it names itself, and one whose numbers need no text", async () => {
    const w = `w-${randomUUID()}`;
    const seen: unknown[] = [];
    const durable = start(host, seen);
    await durable.start({ id: w, func: "wait", args: [], timeoutAt: Date.now() + 60_000 });
    await expect.poll(() => durable.read(`${w}:1`)).toMatchObject({ state: "resolved" });
    const answer = {
      id: `${w}:0`,
      door: "webhook:acme",
      as: "resolved",
      value: FOREIGN,
      nonce: "n",
    } as const;
    expect(await settleLatent(durable, answer)).toMatchObject({ kind: "settled", effective: true });
    await durable.waitFor(w, { timeoutMs: 60_000 });
    expect(Object.keys(seen.at(-1) as object).toSorted()).toEqual(["outcome", "value"]);
    expect(JSON.stringify((seen.at(-1) as { value: unknown }).value)).toBe(TEXT);
  });
});
