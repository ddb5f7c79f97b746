import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import PostalMime from "postal-mime";
import { afterEach, describe, expect, test, vi } from "vitest";
import {
  createMailer,
  type Mailer,
  type MailerOptions,
  type SignInMail,
} from "../../../../src/channels/mail/mailer.ts";
import type { TransportTimes } from "../../../../src/channels/mail/transport.ts";
import { untilPasses } from "../../../support/eventually.ts";
import { startRawSmtp } from "../../../support/raw-smtp.ts";
import { startSmtpSink } from "../../../support/smtp-sink.ts";
import { everyMail } from "./every-kind.ts";
import { from, mail, publicUrl, request } from "./fixture.ts";

const times: TransportTimes = {
  connectionMs: 2_000,
  greetingMs: 2_000,
  socketMs: 2_000,
  attemptMs: 5_000,
  stallMs: 5_000,
};
const quickTries = { pausesMs: [1, 1], withinMs: 5_000 };

const signInMail: SignInMail = {
  kind: "sign-in",
  to: { email: "ana@example.com" },
  name: "AAAAAAAAAAAAAAAAAAAAAA",
  code: "012345",
  link: `${publicUrl}/inbox/link/a.b.c`,
  endsAtMs: 0,
};

const open: Mailer[] = [];

function mailerTo(smtpUrl: string, options: Partial<MailerOptions> = {}): Mailer {
  const mailer = createMailer({ smtpUrl, from, publicUrl, times, quickTries, ...options });
  open.push(mailer);
  return mailer;
}

afterEach(async () => {
  await Promise.all(open.splice(0).map((mailer) => mailer.close({ graceMs: 0 })));
});

describe("requestDecision()", () => {
  test("sends one mail to one recipient and answers its Message-ID", async () => {
    await using sink = await startSmtpSink();
    const delivery = await mailerTo(sink.url).requestDecision(mail);
    expect(sink.mails).toHaveLength(1);
    expect(sink.mails[0]).toMatchObject({ from: "approvals@example.com", to: ["ana@example.com"] });
    expect(delivery).toEqual({ status: "sent", messageId: expect.stringMatching(/^<\w{32}@approvals/u) });
    const seen = await PostalMime.parse(sink.mails[0]?.raw ?? "");
    expect(seen.messageId).toBe(delivery.status === "sent" && delivery.messageId);
    expect(seen.html).toContain(mail.links.approve);
    expect(seen.html).toContain(mail.links.reject);
    expect(seen.text).toContain(mail.links.approve);
    expect(seen.text).toContain(mail.links.reject);
  });

  test("sends from the mail's own return path, and asks servers that offer it to report without the text", async () => {
    const returnPath = "bounces+abc@example.com";
    await using plain = await startSmtpSink();
    await mailerTo(plain.url).send({ kind: "request", ...mail, returnPath });
    expect(plain.mails[0]).toMatchObject({ from: returnPath, to: ["ana@example.com"] });
    expect(plain.mails[0]?.raw).toMatch(/^From: Approvals <approvals@example\.com>/mu);
    expect(plain.mails[0]?.raw).not.toContain(returnPath);
    const bounceHeader = { name: "X-SMTPAPI", value: '{"unique_args":{"return_path":"{tag}"}}' };
    await mailerTo(plain.url, { bounceHeader }).send({ kind: "request", ...mail, returnPath });
    expect(plain.mails[1]?.raw).toContain('X-SMTPAPI: {"unique_args":{"return_path":"abc"}}\r\n');
    await mailerTo(plain.url, { bounceHeader }).send({ kind: "request", ...mail });
    expect(plain.mails[2]?.raw).not.toContain("X-SMTPAPI");
    await using telling = await startSmtpSink({ reports: true });
    const mailer = mailerTo(telling.url);
    await mailer.send({ kind: "request", ...mail, returnPath });
    await mailer.send({ kind: "request", ...mail });
    const [asked, other] = telling.mails.map(({ reports }) => JSON.parse(reports ?? "{}") as object);
    expect(asked).toMatchObject({ ret: "HDRS", notify: ["FAILURE", "DELAY"] });
    expect(other).not.toMatchObject({ ret: "HDRS" });
  });

  test("sends the same text again whenever that is, after a crash or a pause of the relay", async () => {
    await using sink = await startSmtpSink();
    const moments = [3 * 86_400_000, 3_600_000, 60_000, -60_000];
    const mails = [
      ...everyMail("en", { line: "Line", lines: "Line" }),
      { ...signInMail, endsAtMs: mail.deadlineAtMs },
    ];
    vi.useFakeTimers({ toFake: ["Date"] });
    const mailer = mailerTo(sink.url);
    try {
      for (const beforeMs of moments) {
        vi.setSystemTime(mail.deadlineAtMs - beforeMs);
        for (const one of mails) await (one.kind === "sign-in" ? mailer.inbox(one) : mailer.send(one));
      }
    } finally {
      vi.useRealTimers();
    }
    expect(sink.mails).toHaveLength(mails.length * moments.length);
    const read = await Promise.all(sink.mails.map(({ raw }) => PostalMime.parse(raw)));
    const texts = read.map(({ subject, text, html }) => ({ subject, text, html }));
    const first = texts.slice(0, mails.length);
    for (let i = mails.length; i < texts.length; i += mails.length)
      expect(texts.slice(i, i + mails.length)).toEqual(first);
  });

  test("writes no header that callers' text asks for, whatever is in names and titles", async () => {
    await using sink = await startSmtpSink();
    await mailerTo(sink.url).requestDecision({
      ...mail,
      request: { ...request, title: "Laptops\r\nBcc: evil@example.com\r\n\r\nHello" },
      approver: {
        email: "ana@example.com",
        name: 'Ana "The Boss" 🦊, evil@example.com <evil@example.com>\r\nX-Evil: 1',
      },
    });
    const raw = sink.mails[0]?.raw ?? "";
    const head = raw.slice(0, raw.indexOf("\r\n\r\n"));
    expect(head).not.toMatch(/^(bcc|x-evil):/imu);
    expect(head.match(/^to:/gimu)).toHaveLength(1);
    const seen = await PostalMime.parse(raw);
    expect(seen.to?.map(({ address }) => address)).toEqual(["ana@example.com"]);
    expect(seen.to?.[0]?.name).toContain('Ana "The Boss" 🦊');
    expect(seen.subject).toBe("Decision needed: Laptops Bcc: evil@example.com Hello");
    expect(sink.mails[0]?.to).toEqual(["ana@example.com"]);
  });

  test("marks an address that is not one mailbox as undeliverable and tells no server", async () => {
    await using sink = await startSmtpSink();
    const delivery = await mailerTo(sink.url).requestDecision({
      ...mail,
      approver: { email: "ana@example.com, evil@example.com" },
    });
    expect(delivery).toEqual({ status: "undeliverable", reason: "The mail address is not valid" });
    expect(sink.attempts()).toBe(0);
  });

  test("takes a 5xx for the recipient as the last word", async () => {
    await using sink = await startSmtpSink({ rcpt: () => 550 });
    const delivery = await mailerTo(sink.url).requestDecision(mail);
    expect(delivery).toEqual({
      status: "undeliverable",
      reason: "The mail server refused the recipient (550)",
    });
    expect(sink.attempts()).toBe(1);
  });

  test("takes a 5xx for the content as the last word", async () => {
    await using sink = await startSmtpSink({ data: () => 554 });
    const delivery = await mailerTo(sink.url).requestDecision(mail);
    expect(delivery).toEqual({
      status: "undeliverable",
      reason: "The mail server refused the message (554)",
    });
    expect(sink.mails).toHaveLength(1);
  });

  test("tries again after a 4xx and sends the same mail", async () => {
    await using sink = await startSmtpSink({ data: (attempt) => (attempt < 3 ? 451 : 250) });
    const delivery = await mailerTo(sink.url).requestDecision(mail);
    expect(delivery.status).toBe("sent");
    const seen = await Promise.all(sink.mails.map(({ raw }) => PostalMime.parse(raw)));
    expect(seen).toHaveLength(3);
    expect(new Set(seen.map(({ messageId }) => messageId)).size).toBe(1);
    expect(new Set(seen.map(({ html, text, subject }) => JSON.stringify({ html, text, subject }))).size).toBe(
      1,
    );
  });

  test("defers after a bounded number of 4xx", async () => {
    await using sink = await startSmtpSink({ rcpt: () => 450 });
    const delivery = await mailerTo(sink.url).requestDecision(mail);
    expect(delivery).toEqual({ status: "deferred", reason: "The mail server put off the recipient (450)" });
    expect(sink.attempts()).toBe(3);
  });

  test("begins no further try when time is up", async () => {
    await using sink = await startSmtpSink({ rcpt: () => 450 });
    const mailer = mailerTo(sink.url, { quickTries: { pausesMs: [1_000], withinMs: 500 } });
    expect((await mailer.requestDecision(mail)).status).toBe("deferred");
    expect(sink.attempts()).toBe(1);
  });

  test("sends again after a connection that broke behind the final dot, with one Message-ID", async () => {
    await using sink = await startSmtpSink({ data: (attempt) => (attempt === 1 ? "drop" : 250) });
    const delivery = await mailerTo(sink.url).requestDecision(mail);
    expect(delivery.status).toBe("sent");
    const ids = await Promise.all(sink.mails.map(async ({ raw }) => (await PostalMime.parse(raw)).messageId));
    expect(ids).toHaveLength(2);
    expect(new Set(ids).size).toBe(1);
  });

  test("sends over another connection what a kept one was cut off before, without a try of its own", async () => {
    await using sink = await startSmtpSink({ rcpt: (attempt) => (attempt === 2 ? "drop" : 250) });
    const mailer = mailerTo(sink.url, { quickTries: { pausesMs: [], withinMs: 0 } });
    expect((await mailer.requestDecision(mail)).status).toBe("sent");
    expect((await mailer.requestDecision(mail)).status).toBe("sent");
    expect(sink.attempts()).toBe(3);
    expect(sink.mails).toHaveLength(2);
    expect((await PostalMime.parse(sink.mails[1]?.raw ?? "")).html).toContain(mail.links.approve);
  });

  test("defers when every connection breaks behind the final dot", async () => {
    await using sink = await startSmtpSink({ data: () => "drop" });
    const delivery = await mailerTo(sink.url).requestDecision(mail);
    expect(delivery).toEqual({ status: "deferred", reason: "The connection to the mail server was lost" });
  });

  test("defers when the server does not greet", async () => {
    const mute = createServer(() => {}).listen(0, "127.0.0.1");
    await once(mute, "listening");
    const { port } = mute.address() as AddressInfo;
    const mailer = mailerTo(`smtp://127.0.0.1:${port}`, {
      times: { ...times, greetingMs: 50 },
      quickTries: { pausesMs: [], withinMs: 0 },
    });
    const delivery = await mailer.requestDecision(mail);
    expect(delivery).toEqual({ status: "deferred", reason: "The mail server did not answer in time" });
    mute.close();
  });

  test("waits for a greeting for as long as the RFC grants, and not longer for a connection", async () => {
    await using server = await startRawSmtp({ greeting: undefined });
    const mailer = createMailer({ smtpUrl: server.url, from, publicUrl, quickTries });
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date", "performance"] });
    try {
      const delivery = mailer.requestDecision(mail);
      await untilPasses(() => expect(server.open()).toBe(1));
      await vi.advanceTimersByTimeAsync(299_000);
      expect(server.open()).toBe(1);
      server.greet();
      expect(await delivery).toMatchObject({ status: "sent" });
    } finally {
      vi.useRealTimers();
    }
  });

  test("lets nobody wait behind mails that get nowhere, and sends once they do", async () => {
    await using server = await startRawSmtp({ greeting: undefined });
    const mailer = mailerTo(server.url, {
      times: { ...times, greetingMs: 60_000, attemptMs: 60_000, stallMs: 50 },
      quickTries: { pausesMs: [], withinMs: 0 },
    });
    const stuck = Array.from({ length: 5 }, () => mailer.requestDecision(mail));
    await expect.poll(() => server.open()).toBe(5);
    const slow = { status: "deferred", reason: "The mail server is too slow" };
    const others = Array.from({ length: 20 }, () => mailer.requestDecision(mail));
    expect(await Promise.all(others)).toEqual(others.map(() => slow));
    // At once: those before it have waited long enough for both.
    expect(await mailer.requestDecision(mail)).toEqual(slow);
    server.greet();
    for (const delivery of await Promise.all(stuck)) expect(delivery.status).toBe("sent");
    expect((await mailer.requestDecision(mail)).status).toBe("sent");
  });

  test("defers when the server falls silent after the final dot", async () => {
    await using sink = await startSmtpSink({ data: () => "hang" });
    const mailer = mailerTo(sink.url, {
      times: { ...times, socketMs: 100 },
      quickTries: { pausesMs: [], withinMs: 0 },
    });
    const delivery = await mailer.requestDecision(mail);
    expect(delivery).toEqual({ status: "deferred", reason: "The mail server did not answer in time" });
  });

  test("defers when an attempt takes too long in all, however lively the server", async () => {
    await using sink = await startSmtpSink({ data: () => "hang" });
    const mailer = mailerTo(sink.url, {
      times: { ...times, attemptMs: 200 },
      quickTries: { pausesMs: [], withinMs: 0 },
    });
    const delivery = await mailer.requestDecision(mail);
    expect(delivery).toEqual({ status: "deferred", reason: "The mail server did not answer in time" });
  });

  test("defers when nobody listens", async () => {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    await new Promise((resolve) => server.close(resolve));
    const delivery = await mailerTo(`smtp://127.0.0.1:${port}`).requestDecision(mail);
    expect(delivery).toEqual({ status: "deferred", reason: "The mail server could not be reached" });
  });

  test("logs in with the user and password of SMTP_URL", async () => {
    await using sink = await startSmtpSink({ login: { user: "countersign", pass: "s3cret" } });
    expect((await mailerTo(sink.url).requestDecision(mail)).status).toBe("sent");
  });

  test("defers when the login is refused: that is the operator's to mend, not the approver's fault", async () => {
    await using sink = await startSmtpSink({ login: { user: "countersign", pass: "s3cret" } });
    const delivery = await mailerTo(sink.url.replace("s3cret", "wrong")).requestDecision(mail);
    expect(delivery).toEqual({ status: "deferred", reason: "The mail server refused our login (535)" });
  });

  test("gives reasons without addresses, links or the server's words", async () => {
    await using sink = await startSmtpSink({ rcpt: () => 550 });
    const delivery = await mailerTo(sink.url).requestDecision(mail);
    expect(JSON.stringify(delivery)).not.toMatch(/@|http|Scripted/u);
  });
});

describe("close()", () => {
  test("lets a mail under way finish and takes no more", async () => {
    await using sink = await startSmtpSink();
    const mailer = mailerTo(sink.url);
    const underWay = mailer.requestDecision(mail);
    await mailer.close();
    expect((await underWay).status).toBe("sent");
    expect(await mailer.requestDecision(mail)).toEqual({
      status: "deferred",
      reason: "The mail sender is shutting down",
    });
    expect(sink.mails).toHaveLength(1);
  });

  test("cuts off what outlasts the grace time, as deferred", async () => {
    await using sink = await startSmtpSink({ data: () => "hang" });
    const mailer = mailerTo(sink.url);
    const underWay = mailer.requestDecision(mail);
    await expect.poll(() => sink.mails.length).toBe(1);
    await mailer.close({ graceMs: 0 });
    expect(await underWay).toEqual({ status: "deferred", reason: "The mail sender was shut down" });
  });
});

describe("createMailer()", () => {
  test.each([
    "mail.example.com",
    "http://mail.example.com",
    "smtp://",
    "smtp://h/x",
    "smtp://u:s3cret@h?debug=true",
  ])("refuses %s without repeating it", (smtpUrl) => {
    const create = () => createMailer({ smtpUrl, from, publicUrl });
    expect(create).toThrow(/^Cannot use SMTP_URL: must/u);
    expect(create).not.toThrow(/s3cret/u);
  });
});
