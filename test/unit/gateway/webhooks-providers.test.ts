/** What providers really send, beyond the plain case: fields that are null, tries that differ, other forms of one body. */
import { createHmac, generateKeyPairSync, sign } from "node:crypto";
import { readFileSync } from "node:fs";
import { afterEach, describe, expect, test } from "vitest";
import { parse } from "yaml";
import { type Rig, startRig } from "../webhooks/rig.ts";
import { problemsOf, sourcesOf } from "../webhooks/senders.ts";

const EXTERNAL = { "resonate:external": "true" };
const SECRET = "a secret of the test";

let rig: Rig | undefined;
afterEach(async () => {
  await rig?.[Symbol.asyncDispose]();
  rig = undefined;
});

async function start(config: Record<string, unknown>): Promise<Rig> {
  rig = await startRig({ sources: sourcesOf({ acme: config }, { S1: SECRET, S2: "another secret" }) });
  return rig;
}

/** The source as the guide has it, with its secret under the tests' name. */
function fromGuide(name: string): Record<string, unknown> {
  const text = readFileSync(new URL(`../../../docs/guides/${name}.md`, import.meta.url), "utf8");
  const [, yaml = ""] = /```yaml\n([\s\S]*?)```/.exec(text) ?? [];
  const { sources } = parse(yaml) as { sources: Record<string, Record<string, unknown>> };
  return { ...sources[name], secrets: [{ env: "S1" }] };
}

function hex(...data: (string | Buffer)[]): string {
  const mac = createHmac("sha256", SECRET);
  for (const part of data) mac.update(part);
  return mac.digest("hex");
}

function nowS(): string {
  return String(Math.floor(Date.now() / 1000));
}

describe("Stripe", () => {
  const stripe = (event: unknown) => {
    const body = Buffer.from(JSON.stringify(event));
    const time = nowS();
    return { body, headers: [["stripe-signature", `t=${time},v1=${hex(`${time}.`, body)}`]] as const };
  };

  test.each([
    ["null, as a session of another system has it", { client_reference_id: null }, "is null"],
    ["not there, as in an object of another kind", {}, "is not there"],
    ["empty", { client_reference_id: "" }, "is empty"],
  ])("client_reference_id is %s: not for us, acknowledged with a note", async (_, field, why) => {
    const r = await start(fromGuide("stripe"));
    const object = { id: "cs_1", object: "checkout.session", payment_status: "paid", ...field };
    const event = { id: "evt_1", type: "checkout.session.completed", data: { object } };
    const body = {
      result: "ignored",
      effective: false,
      why: `it names nothing to settle: match.order: data.object.client_reference_id ${why}`,
    };
    expect(await r.send(stripe(event))).toMatchObject({ status: 200, body });
    expect(await r.send(stripe(event))).toMatchObject({ status: 200, body: { ...body, duplicate: true } });
  });

  test("pending_webhooks counts down from try to try, and the event's id stays", async () => {
    const r = await start({ scheme: "stripe", secrets: [{ env: "S1" }], promise: "p" });
    await r.latent("p", EXTERNAL);
    const event = { id: "evt_1", type: "paid" };
    for (const [pending_webhooks, duplicate] of [
      [2, false],
      [1, true],
    ] as const) {
      expect(await r.send(stripe({ ...event, pending_webhooks }))).toMatchObject({ body: { duplicate } });
    }
  });
});

describe("DocuSign", () => {
  const docusign = (event: object) => {
    const body = Buffer.from(JSON.stringify(event));
    const mac = createHmac("sha256", SECRET).update(body).digest("base64");
    return { body, headers: [["x-docusign-signature-1", mac]] as const };
  };
  const EVENT = {
    event: "envelope-completed",
    apiVersion: "v2.1",
    retryCount: 0,
    configurationId: 10418598,
    generatedDateTime: "2026-02-08T12:00:00.0000000Z",
    data: { accountId: "a1", envelopeId: "e1" },
  };

  test("retryCount grows in the signed body: still one delivery", async () => {
    const r = await start(fromGuide("docusign"));
    expect(await r.send(docusign(EVENT))).toMatchObject({ body: { result: "kept", duplicate: false } });
    for (const retryCount of [1, 2, "3"]) {
      const again = docusign({ ...EVENT, retryCount });
      expect(await r.send(again)).toMatchObject({ status: 200, body: { result: "kept", duplicate: true } });
    }
    const other = docusign({ ...EVENT, retryCount: 1, generatedDateTime: "2026-02-08T12:00:01.0000000Z" });
    expect(await r.send(other)).toMatchObject({ body: { duplicate: false } });
  });

  test("members in another order are the same content", async () => {
    const r = await start(fromGuide("docusign"));
    await r.send(docusign(EVENT));
    const turned = Object.fromEntries(Object.entries({ ...EVENT, retryCount: 1 }).toReversed());
    expect(await r.send(docusign(turned))).toMatchObject({ body: { duplicate: true } });
  });

  test.each([
    ["key of several parts", { key: ["event", "data.envelopeId"] }],
    ["keyIgnores", { keyIgnores: ["retryCount", "generatedDateTime", "data.sent[1].at", "none.at.all"] }],
  ])("the configuration can say it otherwise: %s", async (_, how) => {
    const r = await start({ ...fromGuide("docusign"), ...how });
    const sent = (n: number) => ({
      ...EVENT,
      retryCount: n,
      generatedDateTime: `now ${n}`,
      data: { ...EVENT.data, sent: [{ at: 0 }, { at: n }] },
    });
    expect(await r.send(docusign(sent(0)))).toMatchObject({ body: { duplicate: false } });
    expect(await r.send(docusign(sent(1)))).toMatchObject({ body: { duplicate: true } });
    const other = { ...sent(2), data: { ...EVENT.data, envelopeId: "e2", sent: sent(2).data.sent } };
    expect(await r.send(docusign(other))).toMatchObject({ body: { duplicate: false } });
  });

  test("key and keyIgnores together say nothing", () => {
    const source = { ...fromGuide("docusign"), key: "data.envelopeId", keyIgnores: ["retryCount"] };
    expect(problemsOf({ acme: source }, { S1: SECRET })).toEqual([
      "sources.acme.keyIgnores has no use beside key: give one of the two",
    ]);
  });
});

describe("GitHub", () => {
  const github = (text: string) => {
    const body = Buffer.from(text);
    return { body, headers: [["x-hub-signature-256", `sha256=${hex(body)}`]] as const };
  };
  const form = (event: unknown) => github(new URLSearchParams({ payload: JSON.stringify(event) }).toString());

  test("a webhook's first content type, a form with the JSON in payload, is read", async () => {
    const r = await start({ scheme: "github", secrets: [{ env: "S1" }], promise: "run-${workflow_run.id}" });
    await r.latent("run-7", EXTERNAL);
    const event = { action: "completed", workflow_run: { id: 7, name: "a+b & c=d é" } };
    expect(await r.send(form(event))).toMatchObject({ status: 200, body: { effective: true } });
    expect(await r.read("run-7")).toMatchObject({ value: event });
  });

  test.each([
    ["after blanks", (json: string) => ` \r\n\t${json}`],
    ["after a byte-order mark", (json: string) => `\ufeff${json}`],
  ])("JSON %s is JSON", async (_, written) => {
    const r = await start({ scheme: "github", secrets: [{ env: "S1" }], promise: "run-${id}" });
    await r.latent("run-7", EXTERNAL);
    expect(await r.send(github(written('{"id":7}')))).toMatchObject({ body: { effective: true } });
  });

  test.each(["payload={", "payload=", "payload=%7B%7D%7D"])(
    "a form with a payload that is no JSON: %s",
    async (text) => {
      const r = await start({ scheme: "github", secrets: [{ env: "S1" }], promise: "p" });
      expect(await r.send(github(text))).toMatchObject({ status: 400 });
    },
  );

  test("the ping to a new address is about nothing", async () => {
    const r = await start(fromGuide("github"));
    const ping = { zen: "Keep it logically awesome.", hook_id: 1, hook: { type: "App" } };
    for (const sent of [form(ping), github(JSON.stringify(ping))]) {
      expect(await r.send(sent)).toMatchObject({ status: 200, body: { result: "ignored" } });
    }
  });
});

describe("Discord", () => {
  const { publicKey, privateKey } = generateKeyPairSync("ed25519");
  const key = publicKey.export({ format: "der", type: "spki" }).subarray(-32).toString("hex");
  const discord = (event: unknown, by = privateKey) => {
    const body = Buffer.from(JSON.stringify(event));
    const time = nowS();
    const signature = sign(null, Buffer.concat([Buffer.from(time), body]), by).toString("hex");
    return {
      body,
      headers: [
        ["x-signature-ed25519", signature],
        ["x-signature-timestamp", time],
      ] as const,
    };
  };

  test("answers both of its pings, if it is Discord that asks", async () => {
    const r = await start({ scheme: "discord", publicKeys: [key], promise: "p-${event.data.id}" });
    const interaction = { type: 1, id: "1", application_id: "2", token: "t", version: 1 };
    expect(await r.send(discord(interaction))).toMatchObject({ status: 200, text: '{"type":1}' });
    expect(await r.send(discord({ version: 1, type: 0, application_id: "2" }))).toMatchObject({
      status: 204,
      text: "",
    });
    const stranger = generateKeyPairSync("ed25519").privateKey;
    expect(await r.send(discord(interaction, stranger))).toMatchObject({ status: 401 });
    await r.latent("p-7", EXTERNAL);
    const event = { version: 1, type: 1, event: { type: "ENTITLEMENT_CREATE", data: { id: "7" } } };
    expect(await r.send(discord(event))).toMatchObject({ status: 200, body: { effective: true } });
  });
});

describe("Zoom", () => {
  const zoom = (event: unknown) => {
    const body = Buffer.from(JSON.stringify(event));
    const time = nowS();
    return {
      body,
      headers: [
        ["x-zm-request-timestamp", time],
        ["x-zm-signature", `v0=${hex(`v0:${time}:`, body)}`],
      ] as const,
    };
  };

  test("its question is answered with the MAC of its word, and with nothing longer", async () => {
    const r = await start({ scheme: "zoom", secrets: [{ env: "S1" }], promise: "m-${payload.object.id}" });
    const question = (plainToken: unknown) =>
      zoom({ event: "endpoint.url_validation", payload: { plainToken }, event_ts: 1 });
    const plainToken = "qgg8vlvZRS6UYooatFL8Aw";
    const encryptedToken = hex(plainToken);
    const answer = await r.send(question(plainToken));
    expect(answer).toMatchObject({ status: 200, body: { plainToken, encryptedToken } });
    expect(await r.send(question("x".repeat(65)))).toMatchObject({ body: { result: "ignored" } });
    await r.latent("m-7", EXTERNAL);
    const event = { event: "meeting.ended", payload: { object: { id: "7" } } };
    expect(await r.send(zoom(event))).toMatchObject({ status: 200, body: { effective: true } });
  });
});

describe("an event without the id that `key` names", () => {
  const base = {
    scheme: "hmac",
    secrets: [{ env: "S1" }],
    header: "x-acme",
    encoding: "hex",
    signed: "{body}",
  };
  const signed = (content: unknown) => {
    const body = Buffer.from(JSON.stringify(content));
    return { body, headers: [["x-acme", hex(body)]] as const };
  };

  test("is acknowledged if it is to be ignored, and known again by its content", async () => {
    const resolve = { path: "type", equals: "paid" };
    const r = await start({ ...base, promise: "p-${order}", key: "event_id", resolve });
    for (const other of [{ type: "test" }, { type: "test", event_id: null }, { type: "paid" }]) {
      expect(await r.send(signed(other))).toMatchObject({ status: 200, body: { result: "ignored" } });
      expect(await r.send(signed(other))).toMatchObject({ status: 200, body: { duplicate: true } });
    }
    await r.latent("p-7", EXTERNAL);
    const problem = { status: 422, body: { errors: [{ field: "event_id" }] } };
    expect(await r.send(signed({ type: "paid", order: "7" }))).toMatchObject(problem);
    expect(await r.read("p-7")).toMatchObject({ state: "pending" });
  });

  test("keeps no other event of its list from being taken", async () => {
    const r = await start({ ...base, promise: "p-${order}", key: "event_id", batch: true });
    await r.latent("p-1", EXTERNAL);
    await r.latent("p-3", EXTERNAL);
    const list = [{ order: "1", event_id: "a" }, { order: "2" }, { order: "3", event_id: "c" }];
    expect(await r.send(signed(list))).toMatchObject({ status: 422 });
    expect(await r.read("p-1")).toMatchObject({ state: "resolved" });
    expect(await r.read("p-3")).toMatchObject({ state: "resolved" });
  });

  test("does not keep a sender from asking whether the address is ours", async () => {
    const config = { scheme: "zoom", secrets: [{ env: "S1" }], promise: "m-${payload.object.id}" };
    const r = await start({ ...config, key: "payload.object.uuid" });
    const plainToken = "qgg8vlvZRS6UYooatFL8Aw";
    const body = Buffer.from(JSON.stringify({ event: "endpoint.url_validation", payload: { plainToken } }));
    const time = nowS();
    const headers = [
      ["x-zm-signature", `v0=${hex(`v0:${time}:`, body)}`],
      ["x-zm-request-timestamp", time],
    ] as const;
    expect(await r.send({ body, headers })).toMatchObject({ status: 200, body: { plainToken } });
  });
});

describe("a time and a signature in one header", () => {
  const event = Buffer.from('{"id":"7"}');
  const base = {
    scheme: "hmac",
    secrets: [{ env: "S1" }, { env: "S2" }],
    encoding: "hex",
    promise: "p-${id}",
  };
  const time = nowS();
  const dotted = hex(`${time}.`, event);
  const coloned = hex(`${time}:`, event);
  const STRIPE_LIKE = {
    header: "x-acme",
    headerValue: "t={timestamp},v1={signature}",
    signed: "{timestamp}.{body}",
  };
  const PADDLE = {
    header: "paddle-signature",
    headerValue: "ts={timestamp};h1={signature}",
    signed: "{timestamp}:{body}",
  };
  const PLAIN = { header: "x-acme", headerValue: "{timestamp}.{signature}", signed: "{timestamp}.{body}" };

  test.each([
    ["as Stripe writes it", STRIPE_LIKE, `t=${time},v1=${dotted}`],
    ["with blanks, another order and other names", STRIPE_LIKE, `v1=${dotted}, t=${time}, v0=${coloned}`],
    ["two signatures while a secret rotates", STRIPE_LIKE, `t=${time},v1=${coloned},v1=${dotted}`],
    ["Paddle", PADDLE, `ts=${time};h1=${coloned}`],
    [
      "a second name for the former secret",
      { ...STRIPE_LIKE, headerValue: "t={timestamp},v1={signature},v2={signature}" },
      `t=${time},v1=${coloned},v2=${dotted}`,
    ],
    ["a time and hex", PLAIN, `${time}.${dotted}`],
    ["capitals in hex", PLAIN, `${time}.${dotted.toUpperCase()}`],
    ["text around it", { ...PLAIN, headerValue: "v1:{timestamp}:{signature}" }, `v1:${time}:${dotted}`],
  ])("%s", async (_, how, value) => {
    const r = await start({ ...base, ...how });
    await r.latent("p-7", EXTERNAL);
    const sent = { body: event, headers: [[how.header, value]] as const };
    expect(await r.send(sent)).toMatchObject({ status: 200, body: { effective: true } });
  });

  test.each([
    ["no time", STRIPE_LIKE, `v1=${dotted}`],
    ["two times", STRIPE_LIKE, `t=${time},t=${time},v1=${dotted}`],
    ["no signature", STRIPE_LIKE, `t=${time}`],
    ["an empty signature", STRIPE_LIKE, `t=${time},v1=`],
    ["the signature under another name", STRIPE_LIKE, `t=${time},v0=${dotted}`],
    ["another separator", STRIPE_LIKE, `t=${time};v1=${dotted}`],
    ["a time that was not signed", STRIPE_LIKE, `t=${Number(time) - 1},v1=${dotted}`],
    ["a time with letters", STRIPE_LIKE, `t=${time}abc,v1=${dotted}`],
    ["an old time", PLAIN, `${Number(time) - 301}.${hex(`${Number(time) - 301}.`, event)}`],
    ["another mark between", PLAIN, `${time}:${dotted}`],
    ["something behind", PLAIN, `${time}.${dotted}.x`],
    ["the signature alone", PLAIN, dotted],
    ["eleven signatures", STRIPE_LIKE, `t=${time},${`v1=${coloned},`.repeat(10)}v1=${dotted}`],
  ])("refuses %s", async (_, how, value) => {
    const r = await start({ ...base, ...how });
    await r.latent("p-7", EXTERNAL);
    expect(await r.send({ body: event, headers: [[how.header, value]] })).toMatchObject({ status: 401 });
  });

  test("milliseconds, the address and what is literal can be signed", async () => {
    const r = await start({
      ...base,
      header: "x-acme",
      signed: "POST{url}{timestamp}{body}",
      timestampHeader: "x-acme-time",
      timestampUnit: "milliseconds",
    });
    await r.latent("p-7", EXTERNAL);
    const ms = String(Date.now());
    const mac = hex(`POST${r.url}/webhooks/acme${ms}`, event);
    const sent = (value: string, at: string) => ({
      body: event,
      headers: [
        ["x-acme", value],
        ["x-acme-time", at],
      ] as const,
    });
    expect(await r.send({ ...sent(mac, ms), url: "/webhooks/acme?x=1" })).toMatchObject({ status: 401 });
    expect(await r.send(sent(mac, nowS()))).toMatchObject({ status: 401 });
    expect(await r.send(sent(mac, ms))).toMatchObject({ status: 200, body: { effective: true } });
  });

  describe("a time as RFC 3339 has it", () => {
    const BOX = {
      ...base,
      header: "box-signature-primary",
      encoding: "base64",
      signed: "{body}{timestamp}",
      timestampHeader: "box-delivery-timestamp",
      timestampUnit: "rfc3339",
    };
    const post = (r: Rig, at: string) =>
      r.send({
        body: event,
        headers: [
          ["box-signature-primary", createHmac("sha256", SECRET).update(event).update(at).digest("base64")],
          ["box-delivery-timestamp", at],
        ],
      });
    const now = () => new Date().toISOString();

    test.each([
      ["milliseconds", (iso: string) => iso],
      ["seconds", (iso: string) => iso.replace(/\.\d+/, "")],
      ["nanoseconds", (iso: string) => iso.replace("Z", "123456Z")],
      ["an offset", (iso: string) => iso.replace("Z", "+00:00")],
    ])("%s", async (_, form) => {
      const r = await start(BOX);
      await r.latent("p-7", EXTERNAL);
      expect(await post(r, form(now()))).toMatchObject({ status: 200, body: { effective: true } });
    });

    test.each([
      ["too old", () => new Date(Date.now() - 301_000).toISOString()],
      ["too far ahead", () => new Date(Date.now() + 310_000).toISOString()],
      ["local time", () => now().replace("Z", "")],
      ["a number", () => nowS()],
      ["a day", () => now().slice(0, 10)],
      ["no such month", () => now().replace(/-\d\d-/, "-13-")],
      ["words", () => new Date().toUTCString()],
    ])("refuses %s", async (_, at) => {
      const r = await start(BOX);
      await r.latent("p-7", EXTERNAL);
      expect(await post(r, at())).toMatchObject({ status: 401 });
    });

    test("beside the signature in one header", async () => {
      const { timestampHeader: _, ...how } = BOX;
      const r = await start({ ...how, headerValue: "{timestamp}.{signature}" });
      await r.latent("p-7", EXTERNAL);
      const at = now();
      const mac = createHmac("sha256", SECRET).update(event).update(at).digest("base64");
      const sent = { body: event, headers: [["box-signature-primary", `${at}.${mac}`]] as const };
      expect(await r.send(sent)).toMatchObject({ status: 200, body: { effective: true } });
    });
  });

  test.each([
    ["{timestamp}{signature}", {}, "headerValue must be how the header is written"],
    ["t={timestamp}", {}, "headerValue must be how the header is written"],
    ["t={timestamp},t={signature}", {}, "headerValue must be how the header is written"],
    ["t={time},v1={signature}", {}, "headerValue must be how the header is written"],
    ["{signature} {signature}", {}, "headerValue must be how the header is written"],
    ["t={timestamp},v1={signature}", { prefix: "v1=" }, "prefix belongs into headerValue"],
    ["t={timestamp},v1={signature}", { timestampHeader: "x-time" }, "two places for one thing"],
    ["t={timestamp},v1={signature}", { signed: "{body}" }, "headerValue and {timestamp} in signed belong"],
    ["v1={signature}", {}, "timestampHeader and {timestamp} in signed belong together"],
  ])("a configuration that nobody could follow is told: %s %j", (headerValue, more, problem) => {
    const source = { ...base, header: "x-acme", signed: "{timestamp}.{body}", headerValue, ...more };
    const problems = problemsOf({ acme: source }, { S1: SECRET, S2: "another secret" });
    expect(problems).toEqual([expect.stringContaining(problem)]);
  });
});
