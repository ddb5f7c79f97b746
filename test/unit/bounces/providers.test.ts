/** Reports as Amazon SES (through SNS) and Mailgun post them, by the settings of the guide. */
import { createHmac, generateKeyPairSync, sign } from "node:crypto";
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { readEvents } from "../../../src/webhooks/events.ts";
import { loadSources } from "../../../src/webhooks/load.ts";
import { sns } from "../../../src/webhooks/schemes/sns.ts";
import type { Sources } from "../../../src/webhooks/source.ts";
import { certificateOf } from "../../support/certificate.ts";
import { openRig, type Rig, until } from "../gateway/rig.ts";

const GUIDE = readFileSync(new URL("../../../docs/guides/mail-that-fails.md", import.meta.url), "utf8");
const TOPIC = "arn:aws:sns:eu-central-1:123456789012:countersign-bounces";
const HOST = "sns.eu-central-1.amazonaws.com";
const CERTIFICATE = `https://${HOST}/SimpleNotificationService-7ff5318490ec183fbaddaa2a969abfda.pem`;
const SIGNING_KEY = "key-3ax6xnjp29jd6fds4gc373sgvjxteol0";

/** The settings of the guide that have this scheme. */
function settingsOf(scheme: string): Sources {
  const yaml = [...GUIDE.matchAll(/```yaml\n([^]*?)```/gu)].map(([, code = ""]) => code);
  const text = yaml.find((each) => each.includes(`scheme: ${scheme}\n`)) ?? "";
  const loaded = loadSources(text, () => SIGNING_KEY);
  if (!loaded.ok) throw new Error(loaded.problems.join("; "));
  return loaded.sources;
}

const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 });

interface Amazon {
  readonly sources: Sources;
  /** Addresses that were asked. */
  readonly asked: string[];
  /** What it answers; undefined: nothing. */
  answer: ((url: string) => string) | undefined;
}

const PEM = certificateOf(rsa.publicKey, "sns.amazonaws.com");

/** What the scheme says of a good message whose certificate is at `url`. `file`: what SNS has there. */
function checker(file: (url: string) => string | undefined) {
  const asked: string[] = [];
  const scheme = sns([TOPIC], async (url) => {
    asked.push(url);
    return file(url);
  });
  const head = { values: () => [], names: () => [], url: "" };
  return {
    asked,
    async check(url: string, nowMs: number) {
      const opened = scheme.verify(head, nowMs);
      if (!opened.ok) throw new Error(opened.detail);
      const Timestamp = new Date(nowMs).toISOString();
      const message = snsMessage(sesBounce("bounces@example.com"), { SigningCertURL: url, Timestamp });
      return await opened.check(Buffer.from(JSON.stringify(message)));
    },
  };
}

/** The source of the guide, with an SNS that is not on the network. */
function amazon(): Amazon {
  const asked: string[] = [];
  const there: Amazon = {
    asked,
    answer: (url) => (url.endsWith(".pem") ? PEM : "<ok/>"),
    sources: new Map(
      [...settingsOf("sns")].map(([name, source]) => {
        const scheme = sns([TOPIC], async (url) => {
          asked.push(url);
          if (there.answer === undefined) throw new Error("away");
          return there.answer(url);
        });
        return [name, { ...source, scheme }] as const;
      }),
    ),
  };
  return there;
}

/** As the Developer Guide has a message, signed as it says. */
function snsMessage(message: object, { version = "2", ...more }: Record<string, unknown> = {}) {
  const said: Record<string, unknown> = {
    Type: "Notification",
    MessageId: `22b80b92-fdea-4c2c-8f9d-${String(Math.random()).slice(2, 14)}`,
    TopicArn: TOPIC,
    Subject: "Amazon SES Email Event Notification",
    Message: `${JSON.stringify(message)}\n`,
    Timestamp: new Date().toISOString(),
    SignatureVersion: version,
    SigningCertURL: CERTIFICATE,
    UnsubscribeURL: `https://${HOST}/?Action=Unsubscribe&SubscriptionArn=${TOPIC}:c9135db0`,
    ...more,
  };
  const names =
    said["Type"] === "Notification"
      ? ["Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"]
      : ["Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"];
  const lines = names.filter((name) => name in said).map((name) => `${name}\n${String(said[name])}\n`);
  const signature = sign(version === "1" ? "sha1" : "sha256", Buffer.from(lines.join("")), rsa.privateKey);
  return { Signature: signature.toString("base64"), ...said };
}

/** As "Amazon SNS notification examples for Amazon SES" has a bounce with a DSN. */
const sesBounce = (source: string, bounceType = "Permanent") => ({
  notificationType: "Bounce",
  bounce: {
    bounceType,
    reportingMTA: "dns; email.example.com",
    bouncedRecipients: [
      {
        emailAddress: "ana@example.com",
        status: "5.1.1",
        action: "failed",
        diagnosticCode: "smtp; 550 5.1.1 <ana@example.com>... User unknown",
      },
    ],
    bounceSubType: "General",
    timestamp: "2026-11-30T09:00:02.237Z",
    feedbackId: "00000138111222aa-33322211-cccc-cccc-cccc-ddddaaaa068a-000000",
    remoteMtaIp: "127.0.2.0",
  },
  mail: {
    timestamp: "2026-11-30T09:00:00.000Z",
    source,
    sourceArn: "arn:aws:ses:eu-central-1:123456789012:identity/example.com",
    sendingAccountId: "123456789012",
    messageId: "00000138111222aa-33322211-cccc-cccc-cccc-ddddaaaa0680-000000",
    destination: ["ana@example.com"],
  },
});

async function open(sources: Sources): Promise<Rig> {
  const rig = await openRig({ bounceAddress: "bounces@example.com", sources });
  const asked = { id: "po-1", title: "Order", requester: "kim@example.com", approvers: ["ana@example.com"] };
  expect((await rig.json("POST", "/approvals", asked)).status).toBe(202);
  return rig;
}

/** SNS calls its JSON plain text. */
const post = (rig: Rig, name: string, message: object, type = "text/plain; charset=UTF-8") =>
  rig.call(`/webhooks/${name}`, {
    method: "POST",
    body: JSON.stringify(message),
    headers: { "content-type": type },
  });

async function mailOf(rig: Rig) {
  const { body } = await rig.json("GET", "/approvals/po-1");
  return (body["ballots"] as { readonly mail: Record<string, unknown> }[])[0]?.mail;
}

describe("Amazon SES through SNS", () => {
  test.each(["1", "2"])(
    "a bounce in a message of signature version %s marks its person, once",
    async (version) => {
      const { sources, asked } = amazon();
      await using rig = await open(sources);
      const message = snsMessage(sesBounce(await rig.returnPath("po-1")), { version });
      expect((await post(rig, "ses", message)).body).toMatchObject({ result: "settled", effective: true });
      expect(await mailOf(rig)).toMatchObject({
        status: "undeliverable",
        reason: "The mail came back (5.1.1)",
      });
      expect((await post(rig, "ses", message)).body).toMatchObject({ duplicate: true });
      await until(async () => (rig.told.length > 0 ? true : undefined));
      expect(rig.told.map(({ kind }) => kind)).toEqual(["undeliverable"]);
      // The certificate is kept.
      expect(asked).toEqual([CERTIFICATE]);
    },
  );

  test("what may still arrive is late, and other notifications are left alone", async () => {
    const { sources } = amazon();
    await using rig = await open(sources);
    const path = await rig.returnPath("po-1");
    const { mail } = sesBounce(path);
    const delivery = { notificationType: "Delivery", mail, delivery: { recipients: ["ana@example.com"] } };
    expect((await post(rig, "ses", snsMessage(delivery))).body).toMatchObject({ result: "ignored" });
    const nothing = await post(rig, "ses", snsMessage({}, { Message: "null" }));
    expect(nothing.body).toMatchObject({ result: "ignored" });
    const transient = await post(rig, "ses", snsMessage(sesBounce(path, "Transient")));
    expect(transient.body).toMatchObject({ effective: true });
    expect(await mailOf(rig)).toMatchObject({ status: "sent", delayedAt: expect.any(String) as string });
  });

  test("nobody else is believed: another topic, key, host, file, time, or a message that was changed", async () => {
    const { sources, asked } = amazon();
    await using rig = await open(sources);
    const bounce = sesBounce(await rig.returnPath("po-1"));
    const theirs = generateKeyPairSync("rsa", { modulusLength: 2048 });
    const good = snsMessage(bounce);
    const forged = sign("sha256", Buffer.from("x"), theirs.privateKey).toString("base64");
    const refusals = [
      { ...good, Signature: forged },
      { ...good, Message: `${JSON.stringify(bounce)} ` },
      { ...good, Subject: undefined },
      { ...good, SignatureVersion: "1" },
      { ...good, SignatureVersion: "3" },
      { ...good, Signature: undefined },
      snsMessage(bounce, { TopicArn: TOPIC.replace("123456789012", "999999999999") }),
      snsMessage(bounce, { TopicArn: `${TOPIC}x` }),
      snsMessage(bounce, { Timestamp: new Date(Date.now() - 25 * 3_600_000).toISOString() }),
      snsMessage(bounce, { Timestamp: new Date(Date.now() + 600_000).toISOString() }),
      ...[
        CERTIFICATE.replace("https:", "http:"),
        CERTIFICATE.replace(HOST, `${HOST}.evil.example`),
        CERTIFICATE.replace(HOST, "evil.example"),
        CERTIFICATE.replace(HOST, `user@${HOST}`),
        CERTIFICATE.replace(HOST, `${HOST}:8443`),
        CERTIFICATE.replace(HOST, "sns.us-east-1.amazonaws.com"),
        CERTIFICATE.replace(HOST, "s3.eu-central-1.amazonaws.com"),
        `${CERTIFICATE}?x=.pem`,
        `https://${HOST}/bucket/SimpleNotificationService-1.pem`,
        "nonsense",
      ].map((SigningCertURL) => snsMessage(bounce, { SigningCertURL })),
    ];
    for (const message of refusals) {
      expect((await post(rig, "ses", message)).status, JSON.stringify(message)).toBe(401);
    }
    expect(new Set(asked)).toEqual(new Set([CERTIFICATE]));
    expect(await mailOf(rig)).toEqual({ status: "sent", attempts: 1 });
    expect((await post(rig, "ses", good)).status).toBe(200);
  });

  test("a subscription of the topic is confirmed at an address of our own, and of no other topic", async () => {
    const { sources, asked } = amazon();
    await using rig = await open(sources);
    const confirmation = (more: object = {}) =>
      snsMessage(
        {},
        {
          Type: "SubscriptionConfirmation",
          Subject: undefined,
          Message: "You have chosen to subscribe to the topic.",
          Token: "2336412f37fb687f5d51e6e2425e",
          SubscribeURL: "https://evil.example/?Action=ConfirmSubscription",
          ...more,
        },
      );
    expect((await post(rig, "ses", confirmation())).status).toBe(204);
    expect(asked).toEqual([
      CERTIFICATE,
      `https://${HOST}/?Action=ConfirmSubscription&TopicArn=${encodeURIComponent(TOPIC)}&Token=2336412f37fb687f5d51e6e2425e`,
    ]);
    expect((await post(rig, "ses", confirmation({ TopicArn: `${TOPIC}2` }))).status).toBe(401);
    const audited = rig.audit.filter(({ who }) => who === "webhook:ses");
    expect(audited.map(({ what, about, outcome }) => [what, about, outcome])).toEqual([
      ["webhook.confirm", "ses", "confirmed"],
      ["refused", undefined, "signature: credentials"],
    ]);
    // What somebody publishes to the topic confirms nothing.
    const published = { Type: "SubscriptionConfirmation", TopicArn: TOPIC, Token: "x" };
    expect((await post(rig, "ses", snsMessage(published))).body).toMatchObject({ result: "ignored" });
    expect(asked).toHaveLength(2);
  });

  describe("while its certificate cannot be read", () => {
    const named = (i: number) => CERTIFICATE.replace("7ff5", `7f${i}`);

    test("it is told to try again, and is asked no more than ten times a minute", async () => {
      const there = amazon();
      await using rig = await open(there.sources);
      const bounce = sesBounce(await rig.returnPath("po-1"));
      const { answer } = there;
      there.answer = undefined;
      for (let i = 0; i < 12; i += 1) {
        const message = snsMessage(bounce, { SigningCertURL: named(i) });
        expect((await post(rig, "ses", message)).status).toBe(503);
      }
      expect(there.asked).toHaveLength(10);
      there.answer = answer;
      expect((await post(rig, "ses", snsMessage(bounce))).status).toBe(503);
      expect(await mailOf(rig)).toEqual({ status: "sent", attempts: 1 });
    });

    test.each([
      ["there is no such file", undefined],
      ["the file is no certificate", "nonsense"],
    ])("because %s, that is not asked for again for ten minutes, whoever names it", async (_, file) => {
      const { asked, check } = checker((url) => (url === CERTIFICATE ? PEM : file));
      const startMs = Date.now();
      const madeUp = (minute: number) =>
        Promise.all(
          Array.from({ length: 10 }, (__, i) =>
            expect(check(named(i), startMs + minute * 60_000)).rejects.toThrow("cannot be read"),
          ),
        );
      await madeUp(0);
      expect(asked).toHaveLength(10);
      await expect(check(CERTIFICATE, startMs)).rejects.toThrow("cannot be read");
      for (let minute = 1; minute < 10; minute += 1) await madeUp(minute);
      expect(asked).toHaveLength(10);
      expect(await check(CERTIFICATE, startMs + 9 * 60_000)).toMatchObject({ ok: true });
      await expect(check(named(0), startMs + 10 * 60_000)).rejects.toThrow("cannot be read");
      expect(asked.slice(10)).toEqual([CERTIFICATE, named(0)]);
    });

    test("it is asked again at once where it did not answer", async () => {
      let isAway = true;
      const { asked, check } = checker(() => {
        if (isAway) throw new Error("away");
        return PEM;
      });
      await expect(check(CERTIFICATE, Date.now())).rejects.toThrow("cannot be read");
      isAway = false;
      expect(await check(CERTIFICATE, Date.now())).toMatchObject({ ok: true });
      expect(asked).toEqual([CERTIFICATE, CERTIFICATE]);
    });
  });

  test("deliveries that come at the same moment ask for the certificate once", async () => {
    const { asked, check } = checker(() => PEM);
    const checked = await Promise.all(Array.from({ length: 12 }, () => check(CERTIFICATE, Date.now())));
    expect(checked.map(({ ok }) => ok)).toEqual(Array.from({ length: 12 }, () => true));
    expect(asked).toEqual([CERTIFICATE]);
  });

  describe("what was published", () => {
    const eventOf = (Message: string) => {
      const source = amazon().sources.get("ses");
      if (source === undefined) throw new Error("The guide has no such source");
      const body = Buffer.from(JSON.stringify(snsMessage({}, { Message })));
      return readEvents(source, body, "key").map(({ event }) => event);
    };

    test("keeps its numbers, and is the event also where it is null", () => {
      expect(JSON.stringify(eventOf('{"account":8202522731445525542}'))).toBe(
        '[{"account":8202522731445525542}]',
      );
      expect(eventOf("null")).toEqual([null]);
    });

    test("is refused where it is nested deeper than other events may be", () => {
      expect(eventOf(`${"[".repeat(64)}${"]".repeat(64)}`)).toHaveLength(1);
      expect(() => eventOf(`${"[".repeat(65)}${"]".repeat(65)}`)).toThrow("deeper than 64 levels");
    });

    test("leaves the message of SNS as the event where it is no JSON", () => {
      const text = "Successfully validated SNS topic for Amazon SES event publishing.";
      expect(eventOf(text)).toEqual([expect.objectContaining({ Message: text })]);
    });
  });
});

describe("Mailgun", () => {
  /** As "Webhook Payloads" has a failure. */
  const failure = (tag: string, severity = "permanent") => ({
    event: "failed",
    id: "G9Bn5sl1TC6nu79C8C0bwg",
    severity,
    reason: "bounce",
    recipient: "ana@example.com",
    timestamp: 1_796_000_000.389_832,
    "log-level": "error",
    envelope: { sender: "bounces@example.com", targets: "ana@example.com", transport: "smtp" },
    message: { headers: { to: "ana@example.com", "message-id": "1@example.com", from: "A", subject: "S" } },
    "delivery-status": {
      code: 550,
      "enhanced-code": "5.1.1",
      message: "The email account that you tried to reach does not exist",
      "attempt-no": 1,
    },
    "user-variables": { return_path: tag },
  });

  let tokens = 0;
  function signed(event: object, { key = SIGNING_KEY, secondsAgo = 0, token = "" } = {}) {
    tokens += 1;
    const used = token || `651869375b9df3c98fc15c4889b102119add1235c38f${String(tokens).padStart(6, "0")}`;
    const timestamp = String(Math.floor(Date.now() / 1000) - secondsAgo);
    const signature = createHmac("sha256", key).update(timestamp).update(used).digest("hex");
    return { signature: { timestamp, token: used, signature }, "event-data": event };
  }

  const tagOf = async (rig: Rig) => /\+(.*)@/u.exec(await rig.returnPath("po-1"))?.[1] ?? "";
  const send = (rig: Rig, event: object) => post(rig, "mailgun", event, "application/json");

  test("a permanent failure marks its person, once; a temporary one is late", async () => {
    await using rig = await open(settingsOf("mailgun"));
    const tag = await tagOf(rig);
    expect((await send(rig, signed(failure(tag, "temporary")))).body).toMatchObject({ effective: true });
    expect(await mailOf(rig)).toMatchObject({ status: "sent", delayedAt: expect.any(String) as string });
    // Its tries of eight hours have the signature of the first.
    const failed = signed(failure(tag), { secondsAgo: 8 * 3_600 });
    expect((await send(rig, failed)).body).toMatchObject({ result: "settled", effective: true });
    expect((await send(rig, failed)).body).toMatchObject({ duplicate: true });
    expect(await mailOf(rig)).toMatchObject({
      status: "undeliverable",
      reason: "The mail came back (5.1.1)",
    });
  });

  test("nobody else is believed, and a token that was seen takes no other event along", async () => {
    await using rig = await open(settingsOf("mailgun"));
    const tag = await tagOf(rig);
    const good = signed({ ...failure(tag), event: "delivered" });
    expect((await send(rig, good)).body).toMatchObject({ result: "ignored" });
    const stolen = await send(rig, { ...good, "event-data": failure(tag) });
    expect(stolen.body).toMatchObject({ duplicate: true, effective: false });
    for (const message of [
      signed(failure(tag), { key: "another" }),
      signed(failure(tag), { secondsAgo: 13 * 3_600 }),
      signed(failure(tag), { secondsAgo: -600 }),
      { ...good, signature: { ...good.signature, token: `${good.signature.token}0` } },
      { "event-data": failure(tag) },
      [],
    ]) {
      expect((await send(rig, message)).status, JSON.stringify(message)).toBe(401);
    }
    const unsigned = await send(
      rig,
      signed(failure(tag.replace(/^./u, (letter) => (letter === "a" ? "b" : "a")))),
    );
    expect(unsigned.body).toMatchObject({ result: "ignored" });
    expect(await mailOf(rig)).toEqual({ status: "sent", attempts: 1 });
  });

  test("settles nothing but reports, and SNS needs topics", () => {
    const problemsOf = (source: object) => {
      const loaded = loadSources(JSON.stringify({ sources: { a: source } }), () => SIGNING_KEY);
      return loaded.ok ? [] : loaded.problems;
    };
    const secrets = [{ env: "KEY" }];
    expect(problemsOf({ scheme: "mailgun", secrets, promise: "p" })).toEqual([
      expect.stringContaining("sources.a.bounce must be given"),
    ]);
    expect(problemsOf({ scheme: "sns", promise: "p" })).toEqual([
      expect.stringContaining("sources.a.topics"),
    ]);
    for (const topic of ["bounces", "arn:aws:sqs:eu-central-1:123456789012:q", `${TOPIC}/../x`]) {
      expect(problemsOf({ scheme: "sns", topics: [topic], promise: "p" })).toEqual([
        expect.stringContaining("must be the ARN of a topic"),
      ]);
    }
  });
});
