/**
 * Webhooks from end to end, with real processes: whatever dies between a delivery and its effect, the sender's next try
 * finishes it, and it has its effect once.
 */
import { createHmac, randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Api } from "../support/api.ts";
import type { Asked, Moment } from "../support/engine-proxy.ts";
import { eventually } from "../support/eventually.ts";
import { type Called, call } from "../support/http.ts";
import { ServiceProcess } from "../support/service-process.ts";
import { newId, openSite, type Site, type SiteEnv } from "../support/site.ts";

const SECRET = `whsec_${randomBytes(24).toString("base64url")}`;
const SOURCES = `
sources:
  stripe:
    scheme: stripe
    secrets: [{ env: STRIPE_WEBHOOK_SECRET }]
    match: { order: data.object.client_reference_id }
    resolve: { path: type, equals: checkout.session.completed }
    reject: { path: type, equals: checkout.session.expired }
    value: { path: data.object }
`;

let site: Site;
let api: Api;
/** Of every gateway: where the sources are, and the secret that they refer to. */
let env: SiteEnv;

beforeAll(async () => {
  site = await openSite();
  const file = join(site.dataDir, "webhooks.yaml");
  writeFileSync(file, SOURCES);
  env = { WEBHOOKS_FILE: file, STRIPE_WEBHOOK_SECRET: SECRET } as SiteEnv;
  await site.startParts({ gateways: 0, workers: 1 });
  api = new Api(site.publicUrl);
});

afterAll(() => site[Symbol.asyncDispose]());

interface Event {
  readonly id: string;
  readonly type: string;
  readonly data: { readonly object: { readonly client_reference_id: string } };
}

function paid(order: string): Event {
  return {
    id: newId("evt"),
    type: "checkout.session.completed",
    data: { object: { client_reference_id: order } },
  };
}

/** As Stripe does: signed anew for each try. */
function send(event: Event, origin = site.publicUrl): Promise<Called> {
  const body = JSON.stringify(event);
  const time = Math.floor(Date.now() / 1000);
  const mac = createHmac("sha256", SECRET).update(`${time}.${body}`).digest("hex");
  const headers = { "content-type": "application/json", "stripe-signature": `t=${time},v1=${mac}` };
  return call(`${origin}/webhooks/stripe`, { method: "POST", headers, body });
}

async function beginCheckout(order: string): Promise<string> {
  return api.begin(newId("checkout"), { order, amountCents: 4120 }, { func: "checkout", timeout: "P4D" });
}

/** The wait is registered once its step has a value. */
async function waits(workflow: string): Promise<void> {
  await eventually("the workflow waits", async () => {
    const step = await call(`${site.publicUrl}/wait?id=${workflow}:2`);
    return step.status === 200 && step.json()["status"] === "resolved";
  });
}

const SHIPPED = { status: "resolved", result: { status: "shipped", because: "paid" } };

test("before the workflow waits, after it, and again: it ships once, and nothing secret is in the logs", async () => {
  const gateway = await site.start("gateway", env);
  const early = newId("order");
  const event = paid(early);
  expect((await send(event)).json()).toMatchObject({ result: "kept", effective: false });
  expect(await api.ended(await beginCheckout(early))).toMatchObject(SHIPPED);
  expect((await send(event)).json()).toMatchObject({ duplicate: true });

  const late = newId("order");
  const workflow = await beginCheckout(late);
  await waits(workflow);
  expect((await api.wait(workflow)).status).toBe("pending");
  expect((await send(paid(late))).json()).toMatchObject({
    result: "settled",
    effective: true,
    duplicate: false,
  });
  expect(await api.ended(workflow)).toMatchObject(SHIPPED);

  expect((await call(`${site.publicUrl}/webhooks/stripe`, { method: "POST", body: "{}" })).status).toBe(401);
  await gateway.stop();
  const said = gateway.said;
  for (const secret of [SECRET, "v1=", "client_reference_id"]) expect(said).not.toContain(secret);
});

const isDelivery = ({ id }: Asked) => id.startsWith("webhook.stripe.");
const isMeeting = ({ id }: Asked) => id.startsWith("meeting.stripe.");
const isWait = ({ id }: Asked) => id.startsWith("checkout-");

/** Between any two requests that one delivery makes of the engine, to a workflow that waits. */
const MOMENTS: readonly (readonly [string, Moment, (asked: Asked) => boolean])[] = [
  ["before the delivery is noted", "request", (a) => a.kind === "promise.create" && isDelivery(a)],
  ["when the delivery is noted", "reply", (a) => a.kind === "promise.create" && isDelivery(a)],
  ["when the meeting is found", "reply", (a) => a.kind === "promise.create" && isMeeting(a)],
  ["before the workflow's wait is settled", "request", (a) => a.kind === "promise.settle" && isWait(a)],
  ["when the workflow's wait is settled", "reply", (a) => a.kind === "promise.settle" && isWait(a)],
  ["when the meeting is closed", "reply", (a) => a.kind === "promise.settle" && isMeeting(a)],
  ["before the delivery is closed", "request", (a) => a.kind === "promise.settle" && isDelivery(a)],
  ["when the delivery is closed", "reply", (a) => a.kind === "promise.settle" && isDelivery(a)],
];

test.each(MOMENTS)("kill -9 of the gateway %s: the sender's next try ends it", async (_, moment, matches) => {
  const order = newId("order");
  const { service, proxy } = await site.startProxied("gateway", env);
  const workflow = await beginCheckout(order);
  await waits(workflow);
  const event = paid(order);
  const held = proxy.hold(moment, matches);
  const lost = send(event).catch(() => "cut off");
  await held.reached;
  await service.killHard();
  held.release("cut");
  expect(await lost).toBe("cut off");

  await using _second = await site.start("gateway", env);
  const told = (await send(event)).json();
  expect(told).toMatchObject({ result: "settled", effective: true, promise: `${workflow}:1` });
  expect(await api.ended(workflow)).toMatchObject(SHIPPED);
  expect((await send(event)).json()).toMatchObject({ duplicate: true, effective: true });
  // A second event about the same order finds nobody who waits.
  expect((await send(paid(order))).json()).toMatchObject({ result: "kept" });
});

test("kill -9 of the worker while it takes an early event: the next worker has it", async () => {
  await using _gateway = await site.start("gateway", env);
  for (const matches of [
    (a: Asked) => a.kind === "promise.create" && isMeeting(a),
    (a: Asked) => a.kind === "promise.settle" && isMeeting(a),
  ]) {
    // Of its own, so that the site's worker does not take the work.
    const group = newId("group");
    const short = { WORKER_GROUP: group, WORKER_LEASE_MS: "2000" };
    const { service, proxy } = await site.startProxied("worker", short);
    const held = proxy.hold("reply", matches);
    const order = newId("order");
    expect((await send(paid(order))).json()).toMatchObject({ result: "kept" });
    const workflow = newId("checkout");
    await beginIn(group, workflow, order);
    await held.reached;
    await service.killHard();
    held.release("cut");
    await using _next = await site.start("worker", { WORKER_GROUP: group });
    expect(await api.ended(workflow)).toMatchObject(SHIPPED);
  }
});

/** Through a gateway of its own, which addresses workflows to this group. */
async function beginIn(group: string, id: string, order: string): Promise<void> {
  await using gateway = await site.start("gateway", { ...env, WORKER_GROUP: group });
  const other = new Api(gateway.url);
  await other.begin(id, { order, amountCents: 1 }, { func: "checkout", timeout: "P4D" });
}

test("a source without its secret stops the start, and says which", async () => {
  const broken = { ...site.env, PORT: "0", PUBLIC_URL: site.publicUrl, ...env, STRIPE_WEBHOOK_SECRET: "" };
  await expect(ServiceProcess.start("gateway", broken as Record<string, string>)).rejects.toThrow(
    /sources\.stripe\.secrets\[0\] \(the environment's STRIPE_WEBHOOK_SECRET\) is not set, or empty/,
  );
});
