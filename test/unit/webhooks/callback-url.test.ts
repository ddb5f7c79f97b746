import type { Context } from "@resonatehq/sdk";
import { pino } from "pino";
import { expect, test } from "vitest";
import { createLinkTokens } from "../../../src/tokens/tokens.ts";
import { callbackUrl } from "../../../worker/authoring/callback-url.ts";
import type { Future } from "../../../worker/runtime/future.ts";
import { startWorker } from "../../../worker/runtime/worker.ts";
import { json, startTestGateway } from "../../support/gateway.ts";

test("callbackUrl(): the URL settles the workflow's promise, and is the same whenever the workflow asks", async () => {
  await using gateway = await startTestGateway();
  const handedOver: string[] = [];
  function* scan(ctx: Context): Generator<unknown, unknown> {
    const scanned: Future<unknown> = yield* ctx.promise({ timeout: 60_000 });
    const url = callbackUrl(ctx, scanned);
    handedOver.push(url);
    yield* ctx.run(function order_scan() {
      return null;
    });
    return yield* scanned;
  }
  const network = gateway.engine.network({ group: "worker" });
  const worker = startWorker({
    network,
    pid: "test",
    leaseMs: 60_000,
    concurrency: 1,
    log: pino({ level: "silent" }),
    workflows: [{ name: "scan", version: 1, func: scan }],
    services: {
      tokens: createLinkTokens({
        keys: [{ kid: "test", secret: Buffer.alloc(32, 7) }],
        issuer: gateway.publicUrl,
      }),
      publicUrl: gateway.publicUrl,
      group: "worker",
    } as never,
  });
  network.start();
  try {
    await gateway.durable.start({ id: "s", func: "scan", args: [], timeoutAt: Date.now() + 60_000 });
    await expect.poll(() => gateway.durable.read("s:1")).toMatchObject({ state: "resolved" });
    const [url = ""] = handedOver;
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/callbacks\/[\w-]+\.[\w-]+\.[\w-]+$/);
    const answer = await gateway.request(new URL(url).pathname, json({ clean: true }));
    expect(answer).toMatchObject({ status: 200, body: { effective: true } });
    const ended = await gateway.durable.waitFor("s", { timeoutMs: 60_000 });
    expect(ended).toMatchObject({ state: "resolved", value: { clean: true } });
    // The replay asked again.
    expect(handedOver.length).toBeGreaterThan(1);
    expect(new Set(handedOver).size).toBe(1);
  } finally {
    await worker.stop(1_000);
  }
});
