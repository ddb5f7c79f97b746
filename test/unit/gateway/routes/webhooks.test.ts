import { createHmac } from "node:crypto";
import { afterEach, describe, expect, test } from "vitest";
import type { Durable } from "../../../../src/durable/durable.ts";
import { ServiceError } from "../../../../src/lib/errors.ts";
import { deliveryId } from "../../../../src/webhooks/records.ts";
import { type Rig, type RigOptions, startRig } from "../../webhooks/rig.ts";
import { SENDERS, sourcesOf } from "../../webhooks/senders.ts";

const EXTERNAL = { "resonate:external": "true" };
const SECRET = "whsec_test_secret";

let rig: Rig | undefined;
afterEach(async () => {
  await rig?.[Symbol.asyncDispose]();
  rig = undefined;
});

/** A source in Stripe's scheme: an id of its own in each event, and a signed time. */
const PAYMENTS = {
  scheme: "stripe",
  secrets: [{ env: "S1" }],
  promise: "order-${data.order}:1",
  resolve: { path: "type", equals: "paid" },
  reject: { path: "type", in: ["failed", "expired"] },
  ignore: { path: "livemode", equals: false },
  value: { path: "data" },
};

async function start(config: Record<string, unknown> = PAYMENTS, options: RigOptions = {}): Promise<Rig> {
  rig = await startRig({ sources: sourcesOf({ acme: config }, { S1: SECRET }), ...options });
  return rig;
}

function signed(event: unknown, options: { atMs?: number; url?: string } = {}) {
  return signedText(JSON.stringify(event), options);
}

function signedText(text: string, { atMs = Date.now(), url = "/webhooks/acme" } = {}) {
  const body = Buffer.from(text);
  const time = String(Math.floor(atMs / 1000));
  const mac = createHmac("sha256", SECRET).update(`${time}.`).update(body).digest("hex");
  return { body, url, headers: [["stripe-signature", `t=${time},v1=${mac}`] as const] };
}

async function rawRecord(r: Rig, id: string) {
  const head = { corrId: "t", version: "2026-04-01" };
  const { data } = await r.engine.send({ kind: "promise.get", head, data: { id } });
  return data as { promise: { value: { data?: string } } };
}

function paid(order: string, id = `evt_${order}`) {
  return { id, type: "paid", data: { order, amount: 4120 } };
}

describe("POST /webhooks/:source", () => {
  test("settles the promise that the event names, with the value that the configuration takes from it", async () => {
    const r = await start();
    await r.latent("order-7:1", EXTERNAL);
    const answer = await r.send(signed(paid("7")));
    expect(answer).toMatchObject({
      status: 200,
      body: { source: "acme", result: "settled", effective: true, duplicate: false, promise: "order-7:1" },
    });
    expect(await r.read("order-7:1")).toMatchObject({
      state: "resolved",
      value: { order: "7", amount: 4120 },
    });
  });

  test("rejects, and ignores, by condition", async () => {
    const r = await start();
    await r.latent("order-8:1", EXTERNAL);
    expect(await r.send(signed({ ...paid("8", "a"), type: "seen" }))).toMatchObject({
      status: 200,
      body: { result: "ignored", effective: false, why: "neither resolve nor reject holds" },
    });
    expect(await r.send(signed({ ...paid("8", "b"), livemode: false }))).toMatchObject({
      status: 200,
      body: { result: "ignored" },
    });
    expect(await r.read("order-8:1")).toMatchObject({ state: "pending" });
    expect(await r.send(signed({ ...paid("8", "c"), type: "failed" }))).toMatchObject({
      status: 200,
      body: { result: "settled", effective: true },
    });
    expect(await r.read("order-8:1")).toMatchObject({ state: "rejected", value: { order: "8" } });
  });

  test("a second event about a settled promise is taken, and told that it decided nothing", async () => {
    const r = await start();
    await r.latent("order-7:1", EXTERNAL);
    await r.send(signed(paid("7", "first")));
    // Also with the very same content.
    expect(await r.send(signed(paid("7", "second")))).toMatchObject({
      status: 200,
      body: { result: "stands", effective: false, duplicate: false, why: "it is resolved already" },
    });
    await r.latent("order-9:1", EXTERNAL, -1);
    expect(await r.send(signed(paid("9")))).toMatchObject({
      status: 200,
      body: { result: "stands", effective: false, why: "it is timedout already" },
    });
  });

  test("an unknown promise is 404 until it is there, and then the sender's next try succeeds", async () => {
    const r = await start();
    const event = paid("10");
    expect(await r.send(signed(event))).toMatchObject({
      status: 404,
      headers: { "content-type": expect.stringContaining("problem+json") },
      body: { type: "/problems/not-found" },
    });
    await r.latent("order-10:1", EXTERNAL);
    expect(await r.send(signed(event))).toMatchObject({
      status: 200,
      body: { result: "settled", effective: true, duplicate: false },
    });
    expect(await r.send(signed(event))).toMatchObject({
      status: 200,
      body: { result: "settled", effective: true, duplicate: true },
    });
  });

  test("an unknown promise is acknowledged where the configuration says so", async () => {
    const r = await start({ ...PAYMENTS, unknown: "acknowledge" });
    expect(await r.send(signed(paid("10")))).toMatchObject({
      status: 200,
      body: { result: "unknown", effective: false },
    });
  });

  test.each([
    ["a workflow", { "resonate:target": "poll://any@worker", ...EXTERNAL }, /run by a worker/],
    ["a timer", { "resonate:timer": "true", ...EXTERNAL }, /run by a worker/],
    ["a step", { "resonate:scope": "local" }, /step/],
    ["a ballot", { "countersign:kind": "ballot", ...EXTERNAL }, /ballot/],
    ["an approval's end", { "countersign:kind": "end", ...EXTERNAL }, /approval/],
    ["a delivery", { "countersign:kind": "delivery", ...EXTERNAL }, /webhook/],
    ["one for the API", { "countersign:settle": "api", ...EXTERNAL }, /api only/],
    [
      "one for another source",
      { "countersign:settle": "api, webhook:other", ...EXTERNAL },
      /webhook:other only/,
    ],
  ])("%s is not settled, and 403", async (_, tags, why) => {
    const r = await start();
    // The port marks all that it creates as external; these are made as others make them.
    const id = "order-11:1";
    const lineage = { "resonate:origin": "order-11", "resonate:branch": id, "resonate:parent": "order-11" };
    await r.engine.send({
      kind: "promise.create",
      head: { corrId: "t", version: "2026-04-01" },
      data: { id, timeoutAt: Date.now() + 60_000, param: {}, tags: { ...lineage, ...tags } },
    });
    const answer = await r.send(signed(paid("11")));
    expect(answer).toMatchObject({ status: 403, body: { detail: expect.stringMatching(why) } });
    expect(await r.read(id)).toMatchObject({ state: "pending" });
  });

  test.each(["webhook", "api,webhook:acme"])("countersign:settle=%s lets this source in", async (doors) => {
    const r = await start();
    await r.latent("order-12:1", { ...EXTERNAL, "countersign:settle": doors });
    expect(await r.send(signed(paid("12")))).toMatchObject({ status: 200, body: { effective: true } });
  });

  test("an event that has something else where the mapping looks is 422, and is taken once that is mended", async () => {
    const r = await start();
    const event = { id: "e", type: "paid", data: { order: { ref: "13" } } };
    expect(await r.send(signed(event))).toMatchObject({
      status: 422,
      body: { detail: expect.stringMatching(/data\.order is no text/) },
    });
    const mended = await startRig({
      engine: r.engine,
      sources: sourcesOf({ acme: { ...PAYMENTS, promise: "order-${data.order.ref}:1" } }, { S1: SECRET }),
    });
    await r.latent("order-13:1", EXTERNAL);
    expect(await mended.send(signed(event))).toMatchObject({ status: 200, body: { effective: true } });
    await mended[Symbol.asyncDispose]();
  });

  test.each([
    ["a colon", "1:1"],
    ["a slash", "a/b"],
    ["an object", {}],
    ["a number that is written with an exponent", 1e21],
    ["a fraction", 1.5],
  ])("a value with %s does not get into an id", async (_, order) => {
    const r = await start();
    expect(await r.send(signed({ id: "e", type: "paid", data: { order } }))).toMatchObject({ status: 422 });
  });

  test.each([
    ["null", { order: null }, "data.order is null"],
    ["empty", { order: "" }, "data.order is empty"],
    ["not there", {}, "data.order is not there"],
  ])("an event whose promise is %s is about nothing: acknowledged, with a note", async (_, data, why) => {
    const r = await start();
    const body = { result: "ignored", effective: false, why: `it names nothing to settle: ${why}` };
    expect(await r.send(signed({ id: "e", type: "paid", data }))).toMatchObject({ status: 200, body });
    expect(r.lines).toContainEqual(expect.objectContaining({ msg: "webhook taken", why: body.why }));
    const whole = await startRig({
      sources: sourcesOf({ acme: { ...PAYMENTS, promise: { path: "data.order" } } }, { S1: SECRET }),
    });
    expect(await whole.send(signed({ id: "e", type: "paid", data }))).toMatchObject({ status: 200, body });
    await whole[Symbol.asyncDispose]();
  });

  test("inherited names are no content", async () => {
    const r = await start({ ...PAYMENTS, promise: "order-${constructor.name}:1" });
    expect(await r.send(signed(paid("1")))).toMatchObject({
      status: 200,
      body: { result: "ignored", why: expect.stringMatching(/constructor\.name is not there/) },
    });
  });

  test("the ladder: method, source, length, headers, signature, content", async () => {
    const r = await start();
    const good = signed(paid("7"));
    expect(await r.send({ ...good, method: "GET" })).toMatchObject({
      status: 405,
      headers: { allow: "POST, OPTIONS" },
    });
    expect(await r.send({ ...good, url: "/webhooks/other" })).toMatchObject({ status: 404 });
    expect(await r.send({ ...good, url: "/webhooks/__proto__" })).toMatchObject({ status: 404 });
    // Too long and unsigned: the length is told first, and nothing is read.
    const long = Buffer.alloc(1024 * 1024 + 1, 32);
    expect(await r.send({ ...good, headers: [], body: long })).toMatchObject({ status: 413 });
    expect(await r.send({ ...good, headers: [] })).toMatchObject({ status: 401 });
    expect(await r.send(signed(paid("7"), { atMs: Date.now() - 302_000 }))).toMatchObject({
      status: 401,
      body: { detail: expect.stringMatching(/300 seconds/) },
    });
    expect(await r.send({ ...good, body: Buffer.from("{}") })).toMatchObject({ status: 401 });
    expect(await r.send({ ...good, headers: [...good.headers, ["content-encoding", "gzip"]] })).toMatchObject(
      {
        status: 415,
      },
    );
    for (const body of ["{", "[1", '{"id":"x"', "\u0000"]) {
      const time = String(Math.floor(Date.now() / 1000));
      const v1 = createHmac("sha256", SECRET).update(`${time}.${body}`).digest("hex");
      const headers = [["stripe-signature", `t=${time},v1=${v1}`] as const];
      expect(await r.send({ body: Buffer.from(body), headers }), body).toMatchObject({ status: 400 });
    }
    // It names nothing to settle, so its missing id keeps nothing back.
    expect(await r.send(signed({ type: "paid" }))).toMatchObject({
      status: 200,
      body: { result: "ignored" },
    });
    const deep = JSON.parse(`${'{"a":'.repeat(65)}1${"}".repeat(65)}`) as object;
    expect(await r.send(signed(deep))).toMatchObject({ status: 400 });
    expect(r.lines.filter(({ msg }) => msg === "fault")).toEqual([]);
    expect(JSON.stringify(r.lines)).not.toContain(SECRET);
  });

  test("names and numbers that readers trip over are carried as they came, and no field suppresses the event", async () => {
    const r = await start();
    await r.latent("order-7:1", EXTERNAL);
    const data = `{"order":"7","__type":"error","message":"m","a":["__INF__",{"__proto__":{"x":1},"toJSON":2}],"n":12345678901234567890}`;
    const text = `{"id":"e","type":"paid","data":${data}}`;
    expect(await r.send(signedText(text))).toMatchObject({
      status: 200,
      body: { effective: true, note: "holds numbers that JavaScript cannot hold exactly: n" },
    });
    const { value } = await r.read("order-7:1");
    expect(JSON.stringify(value)).toBe(data.replace("12345678901234567890", "12345678901234567000"));
    const { promise } = await rawRecord(r, "order-7:1");
    expect(Buffer.from(promise.value.data ?? "", "base64").toString()).toBe(data);
  });

  test("a whole number beyond 2^53 names a promise by all of its digits", async () => {
    const r = await start();
    await r.latent("order-8202522731445525542:1", EXTERNAL);
    const event = (order: string) => signedText(`{"id":"e${order}","type":"paid","data":{"order":${order}}}`);
    expect(await r.send(event("8202522731445525001"))).toMatchObject({ status: 404 });
    expect(await r.send(event("8202522731445525542"))).toMatchObject({ body: { effective: true } });
    // Of the same digits, otherwise written: nobody's id.
    expect(await r.send(event("8202522731445525542.0"))).toMatchObject({ status: 422 });
  });
});

describe("a captured delivery", () => {
  test.each(SENDERS.filter(({ signed }) => signed).map((sender) => [sender.name, sender] as const))(
    "%s: decides nothing about another promise, wherever it is sent, and nothing twice",
    async (_, sender) => {
      const mapping = {
        promise: sender.name === "sendgrid" ? "job-${job}" : "job-${job}",
      };
      const other = { ...sender.config, ...mapping };
      rig = await startRig({ sources: sourcesOf({ acme: other, beta: other }, sender.env) });
      const r = rig;
      await r.latent("job-1", EXTERNAL);
      await r.latent("job-2", EXTERNAL);
      const seconds = String(Math.floor(Date.now() / 1000));
      const sent = sender.send(sender.body({ job: "1" }), {
        seconds,
        id: "m1",
        url: `${r.url}/webhooks/acme`,
      });
      const first = await r.send(sent);
      expect(first).toMatchObject({ status: 200 });
      const [outcome] = (first.body["deliveries"] as object[] | undefined) ?? [first.body];
      expect(outcome).toMatchObject({ effective: true, duplicate: false, promise: "job-1" });

      // Aimed at another promise by all that is not signed.
      const url = new URL(sent.url);
      url.searchParams.append("promise", "job-2");
      url.searchParams.append("job", "2");
      const headers = [
        ...sent.headers,
        ["x-promise", "job-2"] as const,
        ["x-github-delivery-2", "new"] as const,
      ];
      await r.send({ ...sent, headers, url: url.href });
      await r.send({ ...sent, url: sent.url.replace("/webhooks/acme", "/webhooks/job-2") });
      const changed = Buffer.from(sent.body.toString().replace(/(job.*?)1/, "$12"));
      expect(changed.equals(sent.body)).toBe(false);
      expect(await r.send({ ...sent, body: changed })).toMatchObject({ status: 401 });
      expect(await r.read("job-2")).toMatchObject({ state: "pending" });

      const again = await r.send(sent);
      const [repeated] = (again.body["deliveries"] as object[] | undefined) ?? [again.body];
      expect(again.status).toBe(200);
      expect(repeated).toMatchObject({ duplicate: true, promise: "job-1" });
      expect((await r.read("job-1")).settledAt).toBeDefined();
    },
  );
});

describe("the same delivery many times", () => {
  test("5,000 duplicates, through two gateways: one effect", async () => {
    const settles: string[] = [];
    const wrap = (durable: Durable): Durable => ({
      ...bound(durable),
      settle: (id, ...rest) => {
        settles.push(id);
        return durable.settle(id, ...rest);
      },
    });
    const r = await start(PAYMENTS, { wrap });
    const second = await startRig({
      engine: r.engine,
      sources: sourcesOf({ acme: PAYMENTS }, { S1: SECRET }),
      wrap,
    });
    await r.latent("order-7:1", EXTERNAL);
    const startedAt = performance.now();
    let firsts = 0;
    let effective = 0;
    for (let round = 0; round < 50; round += 1) {
      const answers = await Promise.all(
        Array.from({ length: 100 }, (_, i) => (i % 2 === 0 ? r : second).send(signed(paid("7")))),
      );
      for (const { status, body } of answers) {
        expect(status).toBe(200);
        expect(body).toMatchObject({ result: "settled", effective: true, promise: "order-7:1" });
        if (body["duplicate"] === false) firsts += 1;
        if (body["effective"] === true) effective += 1;
      }
    }
    const ms = Math.round(performance.now() - startedAt);
    console.log(`5000 duplicates in ${ms} ms, ${settles.length} settlements asked for`);
    expect(effective).toBe(5000);
    // Those that came at one moment with the first repeat its effect, which is the same one; nobody later does.
    expect(firsts).toBeLessThanOrEqual(100);
    expect(await r.read("order-7:1")).toMatchObject({ nonce: deliveryId("acme", "evt_7") });
    await second[Symbol.asyncDispose]();
  });

  test.each(SENDERS.map((sender) => [sender.name, sender] as const))(
    "%s: a retry that is signed anew, later, is the same delivery",
    async (_, sender) => {
      const config = { ...sender.config, promise: "job-${job}" };
      rig = await startRig({ sources: sourcesOf({ acme: config }, sender.env) });
      const r = rig;
      await r.latent("job-1", EXTERNAL);
      const send = (secondsAgo: number) => {
        const seconds = String(Math.floor(Date.now() / 1000) - secondsAgo);
        return r.send(
          sender.send(sender.body({ job: "1" }), { seconds, id: "m1", url: `${r.url}/webhooks/acme` }),
        );
      };
      for (const [secondsAgo, duplicate] of [
        [60, false],
        [0, true],
      ] as const) {
        const { status, body } = await send(secondsAgo);
        const [outcome] = (body["deliveries"] as object[] | undefined) ?? [body];
        expect(status).toBe(200);
        expect(outcome).toMatchObject({ duplicate, effective: true, promise: "job-1" });
      }
    },
  );

  test.each([
    ["after the delivery was noted", (id: string) => id.startsWith("order-"), "before"],
    ["after the promise was settled", (id: string) => id.startsWith("order-"), "after"],
    ["before the delivery was closed", (id: string) => id.startsWith("webhook."), "before"],
    ["after the delivery was closed", (id: string) => id.startsWith("webhook."), "after"],
  ])("a gateway that dies %s leaves the rest to the sender's next try", async (_, isIt, when) => {
    let dies = true;
    const wrap = (durable: Durable): Durable => ({
      ...bound(durable),
      settle: async (id, ...rest) => {
        if (!dies || !isIt(id)) return durable.settle(id, ...rest);
        if (when === "after") await durable.settle(id, ...rest);
        throw new ServiceError("ENGINE_UNAVAILABLE", "gone");
      },
    });
    const r = await start(PAYMENTS, { wrap });
    await r.latent("order-7:1", EXTERNAL);
    const event = paid("7");
    expect(await r.send(signed(event))).toMatchObject({
      status: 503,
      headers: { "retry-after": expect.anything() },
    });
    dies = false;
    expect(await r.send(signed(event))).toMatchObject({
      status: 200,
      body: { result: "settled", effective: true, promise: "order-7:1" },
    });
    expect(await r.read("order-7:1")).toMatchObject({
      state: "resolved",
      nonce: deliveryId("acme", "evt_7"),
    });
    expect(await r.send(signed(event))).toMatchObject({
      status: 200,
      body: { duplicate: true, effective: true },
    });
  });
});

describe("lists of events", () => {
  test("each is a delivery of its own, and one that fails does not keep the others", async () => {
    const r = await start({ ...PAYMENTS, batch: true });
    await r.latent("order-1:1", EXTERNAL);
    await r.latent("order-3:1", EXTERNAL);
    const events = [paid("1"), paid("2"), paid("3")];
    expect(await r.send(signed(events))).toMatchObject({ status: 404 });
    expect(await r.read("order-1:1")).toMatchObject({ state: "resolved" });
    expect(await r.read("order-3:1")).toMatchObject({ state: "resolved" });
    await r.latent("order-2:1", EXTERNAL);
    expect(await r.send(signed(events))).toMatchObject({
      status: 200,
      body: {
        deliveries: [
          { duplicate: true, promise: "order-1:1" },
          { duplicate: false, effective: true, promise: "order-2:1" },
          { duplicate: true, promise: "order-3:1" },
        ],
      },
    });
    expect(await r.send(signed({}))).toMatchObject({ status: 400 });
  });
});

/** A port whose methods can be spread. */
function bound(durable: Durable): Durable {
  return {
    start: (call) => durable.start(call),
    create: (latent) => durable.create(latent),
    read: (id) => durable.read(id),
    readTogether: (first, rest) => durable.readTogether(first, rest),
    settle: (...settlement) => durable.settle(...settlement),
    waitFor: (id, options) => durable.waitFor(id, options),
    children: (id) => durable.children(id),
    family: (id) => durable.family(id),
    search: (tags, limit) => durable.search(tags, limit),
    stop: () => durable.stop(),
  };
}
