import { readFileSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { pino } from "pino";
import { afterEach, describe, expect, test } from "vitest";
import { loadSources } from "../../../src/webhooks/load.ts";
import type { Sources } from "../../../src/webhooks/source.ts";
import { startWorker, type Worker } from "../../../worker/runtime/worker.ts";
import { WORKFLOWS } from "../../../worker/workflows/index.ts";
import { askedApproval } from "./approval.ts";
import { type Rig, startRig } from "./rig.ts";

const DAY_MS = 86_400_000;
const SECRETS = (name: string) => `${name} of the test`;

let open: { rig: Rig; worker: Worker } | undefined;
afterEach(async () => {
  await open?.worker.stop(1_000);
  await open?.rig[Symbol.asyncDispose]();
  open = undefined;
});

function guide(name: string): { sources: Sources; event: string; code: string[]; text: string } {
  const text = readFileSync(new URL(`../../../docs/${name}.md`, import.meta.url), "utf8");
  const blocks = (language: string) =>
    [...text.matchAll(new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``, "g"))].map(
      ([, block]) => block ?? "",
    );
  const loaded = loadSources(blocks("yaml")[0] ?? "", SECRETS);
  if (!loaded.ok) throw new Error(loaded.problems.join("\n"));
  return { text, sources: loaded.sources, event: blocks("json").at(-1) ?? "", code: blocks("ts") };
}

async function start(sources: Sources): Promise<Rig> {
  const rig = await startRig({ sources });
  const network = rig.engine.network({ group: "worker" });
  const worker = startWorker({
    network,
    pid: "test",
    leaseMs: 60_000,
    concurrency: 10,
    log: pino({ level: "silent" }),
    workflows: WORKFLOWS,
    services: {
      group: "worker",
      tokens: { recipientId: () => "x".repeat(22), issueLink: () => "token" },
      callbacks: { endpointsFor: () => [], urlProblem: () => undefined },
      mailer: { requestDecision: async () => ({ status: "sent", messageId: "<m@x>" }) },
    } as never,
  });
  network.start();
  open = { rig, worker };
  return rig;
}

/** Signs as the source's sender does; that our signing is theirs is held by their vectors. */
async function deliver(rig: Rig, sources: Sources, name: string, text: string) {
  const source = sources.get(name)!;
  const body = Buffer.from(text);
  const url = `${rig.url}/webhooks/${name}`;
  const { headers } = source.scheme.sign!({ body, url, nowMs: Date.now(), id: "m1" });
  return rig.send({ body, url, headers: Object.entries(headers) });
}

async function result(rig: Rig, id: string): Promise<unknown> {
  for (;;) {
    const promise = await rig.read(id);
    if (promise.state !== "pending") return promise.value;
    await pause(5);
  }
}

describe("guides", () => {
  test.each([
    ["stripe", "checkout", { order: "4711", amountCents: 4120 }, { status: "shipped", because: "paid" }],
    [
      "docusign",
      "contract",
      { document: "d", signers: [], envelope: "93be49ab-1f2e-4c5d-8e6f-0a1b2c3d4e5f" },
      { status: "signed", filed: "filed-93be49ab-1f2e-4c5d-8e6f-0a1b2c3d4e5f" },
    ],
  ])("%s: configuration, event and workflow go together as they stand", async (name, func, arg, ends) => {
    const { sources, event } = guide(`guides/${name}`);
    const rig = await start(sources);
    await rig.durable.start({ id: "w", func, args: [arg], timeoutAt: Date.now() + 40 * DAY_MS });
    expect(await deliver(rig, sources, name, event)).toMatchObject({ status: 200 });
    expect(await result(rig, "w")).toEqual(ends);
    expect(await deliver(rig, sources, name, event)).toMatchObject({
      status: 200,
      body: { duplicate: true },
    });
  });

  test("stripe: unpaid is ignored, failed ends it", async () => {
    const { sources, event } = guide("guides/stripe");
    const rig = await start(sources);
    const args = [{ order: "4711", amountCents: 1 }];
    await rig.durable.start({ id: "w", func: "checkout", args, timeoutAt: Date.now() + 40 * DAY_MS });
    const unpaid = event.replace('"paid"', '"unpaid"').replace("evt_1PxA4711", "evt_2");
    expect(await deliver(rig, sources, "stripe", unpaid)).toMatchObject({ body: { result: "ignored" } });
    const failed = unpaid
      .replace("session.completed", "session.async_payment_failed")
      .replace("evt_2", "evt_3");
    await deliver(rig, sources, "stripe", failed);
    expect(await result(rig, "w")).toEqual({ status: "cancelled", because: "payment failed" });
  });

  test("docusign: declined ends it", async () => {
    const { sources, event } = guide("guides/docusign");
    const rig = await start(sources);
    const args = [{ document: "d", signers: [], envelope: "93be49ab-1f2e-4c5d-8e6f-0a1b2c3d4e5f" }];
    await rig.durable.start({ id: "w", func: "contract", args, timeoutAt: Date.now() + 40 * DAY_MS });
    await deliver(rig, sources, "docusign", event.replace("envelope-completed", "envelope-declined"));
    expect(await result(rig, "w")).toEqual({ status: "declined" });
  });

  test("github: the deployment goes on when the approver has approved", async () => {
    const { sources, event } = guide("guides/github");
    const rig = await start(sources);
    const rule = {
      repository: "acme/shop",
      environment: "production",
      sha: "ec26c3e57ca3a959ca5aad62de7213c562f8c821",
      approvers: ["ana@example.com"],
    };
    await rig.durable.start({ id: "w", func: "release", args: [rule], timeoutAt: Date.now() + 40 * DAY_MS });
    expect(await deliver(rig, sources, "github", event)).toMatchObject({ status: 200 });
    const ballot = await ballotBelow(rig, "w");
    await rig.durable.settle(ballot, {
      kind: "decision",
      choice: "approve",
      by: "ana@example.com",
      at: new Date().toISOString(),
      door: "mail",
      nonce: "n",
    });
    expect(await result(rig, "w")).toMatchObject({
      status: "approved",
      review: { url: expect.stringMatching(/^https:\/\/api\.github\.com\//), state: "approved" },
    });
  });

  test("slack: the payload of the guide decides the ballot of the guide", async () => {
    const { sources, event } = guide("guides/slack");
    const rig = await startRig({ sources });
    open = { rig, worker: { stop: async () => {} } };
    await askedApproval(rig.durable, "po-4711", ["ana@example.com"]);
    const form = `payload=${encodeURIComponent(event)}`;
    expect(await deliver(rig, sources, "slack", form)).toMatchObject({
      status: 200,
      body: { result: "settled", effective: true, promise: "po-4711:1" },
    });
  });

  test("webhooks.md: its source can be loaded, and each of those in its table", () => {
    const { sources, text } = guide("webhooks");
    expect([...sources.keys()]).toEqual(["acme"]);
    const inTable = [...text.matchAll(/^\| ([A-Z]\w+) \| `\{(scheme: .*)\}` \|$/gm)];
    expect(inTable.map(([, name]) => name)).toEqual([
      "Shopify",
      "Paddle",
      "Square",
      "Box",
      "Zendesk",
      "Linear",
    ]);
    for (const [, name, fields] of inTable) {
      const source = `sources: { acme: { ${fields}, secrets: [{ env: S1 }], promise: p } }`;
      expect(loadSources(source, SECRETS), name).toMatchObject({ ok: true });
    }
  });

  test.each([
    ["stripe", "checkout"],
    ["github", "release"],
    ["docusign", "contract"],
  ])("%s: the code shown is the sample's", (name, file) => {
    const sample = readFileSync(new URL(`../../../worker/examples/${file}.ts`, import.meta.url), "utf8");
    const { code } = guide(`guides/${name}`);
    expect(code.length).toBeGreaterThan(0);
    for (const block of code) expect(sample).toContain(block);
  });
});

async function ballotBelow(rig: Rig, id: string): Promise<string> {
  for (;;) {
    const { promises } = await rig.durable.family(id);
    const ballot = promises.find(({ tags }) => tags["countersign:kind"] === "ballot");
    if (ballot !== undefined) return ballot.id;
    await pause(5);
  }
}
