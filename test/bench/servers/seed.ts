/**
 * What one has on the SDK's own in-memory server: a bare Express gateway and the worker, all in one process, as in the
 * SDK's examples. Nothing is kept when the process ends, and nothing is checked or logged.
 */
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { Codec, LocalNetwork, Resonate } from "@resonatehq/sdk";
import express from "express";
import { createTransport } from "nodemailer";
import { foo } from "../../../worker/examples/foo.ts";
import { runChild } from "../lib/child.ts";
import { openSignals } from "../load/signals.ts";
import { type SimpleMail, simpleWorkflow } from "./simple-workflow.ts";
import { tapped } from "./tap.ts";

export interface SeedOptions {
  /** `smtp://127.0.0.1:port`; undefined: the mail step does nothing. */
  readonly smtpUrl?: string | undefined;
  readonly signalPort: number;
}

await runChild(async ({ smtpUrl, signalPort }: SeedOptions) => {
  const network = new LocalNetwork({ group: "default" });
  network.send = tapped(network.send, await openSignals(signalPort));
  const resonate = new Resonate({ network });
  const codec = new Codec();
  const send = smtpUrl === undefined ? undefined : mailer(smtpUrl);
  resonate.register("simple", simpleWorkflow(send));
  resonate.register("foo", foo);

  const app = express();
  app.use(express.json());
  app.post("/begin", async (req, res) => {
    const { id, func } = req.query as Record<string, string>;
    const handle = await resonate.beginRpc(id as string, func as string, req.body);
    res.json({ promise: handle.id, status: "pending", wait: `/wait?id=${handle.id}` });
  });
  app.get("/wait", async (req, res) => {
    const handle = await resonate.get(req.query["id"] as string);
    if (req.get("Prefer") === undefined && !(await handle.done())) {
      res.json({ status: "pending", promise_id: handle.id, message: "Processing in progress" });
    } else {
      res.json({ status: "resolved", promise_id: handle.id, result: await handle.result() });
    }
  });
  app.post("/decide", async (req, res) => {
    const record = await resonate.promises.resolve(req.query["id"] as string, encoded(codec, req.body));
    res.json({ status: record.state });
  });
  const server = app.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    ready: { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` },
    commands: { fill: (workflows: number) => fill(resonate, workflows) },
    stop: async () => {
      await resonate.stop();
      server.closeAllConnections();
    },
  };
});

/** So many workflows that wait for a decision. */
async function fill(resonate: Resonate, workflows: number): Promise<void> {
  for (let n = 0; n < workflows; n++) {
    const input = { to: `fill-${n}@example.com`, title: "Order 40 laptops" };
    await resonate.beginRpc(`fill-${n}`, "simple", input);
    // A few at once, each until it waits.
    if (n % 16 === 15)
      await until(async () => (await resonate.promises.get(`fill-${n}:1`)).state === "resolved");
  }
}

async function until(isTrue: () => Promise<boolean>): Promise<void> {
  while (!(await isTrue().catch(() => false))) await new Promise((resolve) => setImmediate(resolve));
}

function encoded(codec: Codec, value: unknown): { data: string } {
  return codec.encode(value) as { data: string };
}

/** A pool, which is the faster way to use the library. */
function mailer(smtpUrl: string): (mail: SimpleMail) => Promise<void> {
  const transport = createTransport({ url: smtpUrl, pool: true, ignoreTLS: true });
  return async (mail) => {
    await transport.sendMail({ from: "Approvals <approvals@example.com>", ...mail });
  };
}
