/** The table of replies, each said by a real server to the real library at its moment. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Delivery } from "../../../../src/approval/approval.ts";
import { createMailer } from "../../../../src/channels/mail/mailer.ts";
import { type RawSmtp, startRawSmtp } from "../../../support/raw-smtp.ts";
import { from, mail, publicUrl } from "./fixture.ts";

let server: RawSmtp;

beforeAll(async () => {
  server = await startRawSmtp();
});

afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

async function deliver(replies: RawSmtp["replies"], { login = "" } = {}): Promise<Delivery> {
  server.replies = replies;
  const mailer = createMailer({
    smtpUrl: `smtp://${login}${server.host}`,
    from,
    publicUrl,
    quickTries: { pausesMs: [], withinMs: 0 },
  });
  const delivery = await mailer.requestDecision(mail);
  await mailer.close({ graceMs: 0 });
  return delivery;
}

const pipelined = "250-mail.example.com\n250 PIPELINING";

describe("a recipient or a mail is given up when the reply says so of it", () => {
  test.each([
    ["RCPT", "550 No such user here", "recipient (550)"],
    ["RCPT", "551 User not local", "recipient (551)"],
    ["RCPT", "553 Mailbox name not allowed", "recipient (553)"],
    ["RCPT", "556 Domain does not accept mail", "recipient (556)"],
    ["RCPT", "550 5.0.0 Mailbox unavailable", "recipient (550 5.0.0)"],
    ["RCPT", "550 5.1.1 <ana@example.com>: User unknown", "recipient (550 5.1.1)"],
    [
      "RCPT",
      "550-5.1.1 The account that you tried\n550 5.1.1 to reach does not exist",
      "recipient (550 5.1.1)",
    ],
    ["RCPT", "550 5.1.2 Domain not found", "recipient (550 5.1.2)"],
    ["RCPT", "501 5.1.3 Bad recipient address syntax", "recipient (501 5.1.3)"],
    ["RCPT", "553 5.1.4 Ambiguous", "recipient (553 5.1.4)"],
    ["RCPT", "551 5.1.6 Has moved", "recipient (551 5.1.6)"],
    ["RCPT", "556 5.1.10 Null MX", "recipient (556 5.1.10)"],
    ["RCPT", "550 5.2.1 Mailbox disabled", "recipient (550 5.2.1)"],
    ["RCPT", "550 5.4.1 Recipient address rejected: Access denied", "recipient (550 5.4.1)"],
    ["RCPT", "550 5.4.4 Unable to route", "recipient (550 5.4.4)"],
    ["RCPT", "550 sorry, no mailbox here by that name (#5.1.1)", "recipient (550 5.1.1)"],
    ["DATA", "554 5.1.1 No valid recipients", "message (554 5.1.1)"],
    [".", "550 Refused", "message (550)"],
    [".", "554 Transaction failed", "message (554)"],
    [".", "550 5.1.1 No such user", "message (550 5.1.1)"],
    [".", "552 5.2.3 Longer than this mailbox takes", "message (552 5.2.3)"],
    [".", "552 5.3.4 Message too big", "message (552 5.3.4)"],
    [".", "554 5.6.0 Malformed", "message (554 5.6.0)"],
  ] as const)("%s: %s", async (stage, reply, what) => {
    for (const EHLO of ["250 mail.example.com", pipelined]) {
      const replies = {
        EHLO,
        [stage]: reply,
        ...(stage === "RCPT" ? { DATA: "554 5.5.1 No recipients" } : {}),
      };
      expect(await deliver(replies)).toEqual({
        status: "undeliverable",
        reason: `The mail server refused the ${what}`,
      });
    }
  });
});

describe("all else waits, and the reason tells for what", () => {
  test.each([
    // Not now.
    ["greeting", "421 4.3.2 Shutting down", "The mail server put off the connection (421 4.3.2)"],
    ["greeting", "450 Too many connections", "The mail server put off the connection (450)"],
    ["EHLO", "421 4.3.0 Later", "The mail server put off our greeting (421 4.3.0)"],
    ["MAIL", "452 4.3.1 Insufficient storage", "The mail server put off the sender (452 4.3.1)"],
    ["MAIL", "451 4.7.1 Greylisted", "The mail server put off the sender (451 4.7.1)"],
    ["RCPT", "450 4.2.0 Greylisted", "The mail server put off the recipient (450 4.2.0)"],
    ["RCPT", "452 4.2.2 Over quota", "The mail server put off the recipient (452 4.2.2)"],
    [
      "RCPT",
      "451 5.7.1 Code and status contradict each other",
      "The mail server put off the recipient (451)",
    ],
    ["DATA", "451 4.3.0 Later", "The mail server put off the message (451 4.3.0)"],
    [".", "451 4.3.0 Later", "The mail server put off the message (451 4.3.0)"],
    // Quota and moment, although the server says 5.
    ["MAIL", "550 5.4.5 Daily sending limit exceeded", "The mail server put off the sender (550 5.4.5)"],
    ["RCPT", "552 5.2.2 Mailbox full", "The mail server put off the recipient (552 5.2.2)"],
    ["RCPT", "552 Exceeded storage allocation", "The mail server put off the recipient (552)"],
    ["RCPT", "550 5.3.2 Not accepting messages", "The mail server put off the recipient (550 5.3.2)"],
    ["RCPT", "550 5.4.6 Routing loop", "The mail server put off the recipient (550 5.4.6)"],
    ["RCPT", "550 5.1.90 Daily limit reached", "The mail server put off the recipient (550 5.1.90)"],
    ["RCPT", "503 5.5.1 Bad sequence", "The mail server put off the recipient (503 5.5.1)"],
    [".", "552 5.2.2 Mailbox full", "The mail server put off the message (552 5.2.2)"],
    [".", "552 Exceeded storage allocation", "The mail server put off the message (552)"],
    [".", "554 5.3.1 Disk full", "The mail server put off the message (554 5.3.1)"],
    [".", "554 5.2.122 Hourly limit", "The mail server put off the message (554 5.2.122)"],
    // Session, sender, login, rights: nobody but the operator can mend them.
    ["greeting", "554 5.7.1 You are not welcome", "The mail server does not let us connect (554 5.7.1)"],
    ["greeting", "521 Does not accept mail", "The mail server does not let us connect (521)"],
    ["MAIL", "530 5.7.0 Authentication required", "The mail server does not take our sender (530 5.7.0)"],
    ["MAIL", "530 Must issue a STARTTLS command first", "The mail server does not take our sender (530)"],
    ["MAIL", "550 Sender verify failed", "The mail server does not take our sender (550)"],
    [
      "MAIL",
      "553 5.1.8 Domain of sender does not exist",
      "The mail server does not take our sender (553 5.1.8)",
    ],
    ["MAIL", "550 5.1.1 Your address is not known", "The mail server does not take our sender (550 5.1.1)"],
    ["MAIL", "501 5.1.7 Bad sender address", "The mail server does not take our sender (501 5.1.7)"],
    ["MAIL", "555 Parameters not recognized", "The mail server does not take our sender (555)"],
    // Postfix says these to RCPT, whatever they are about.
    [
      "RCPT",
      "554 5.7.1 <ana@example.com>: Relay access denied",
      "The mail server does not let us send to the recipient (554 5.7.1)",
    ],
    [
      "RCPT",
      "553 5.7.1 <a@example.com>: Sender address rejected",
      "The mail server does not let us send to the recipient (553 5.7.1)",
    ],
    [
      "RCPT",
      "550 5.1.0 Sender address rejected: User unknown",
      "The mail server does not let us send to the recipient (550 5.1.0)",
    ],
    [
      "RCPT",
      "550 5.1.8 Sender address rejected",
      "The mail server does not let us send to the recipient (550 5.1.8)",
    ],
    [
      "RCPT",
      "504 5.5.2 Helo command rejected",
      "The mail server does not let us send to the recipient (504 5.5.2)",
    ],
    ["RCPT", "530 Authentication required", "The mail server does not let us send to the recipient (530)"],
    ["RCPT", "554 Transaction failed", "The mail server does not let us send to the recipient (554)"],
    ["RCPT", "521 Does not accept mail", "The mail server does not let us send to the recipient (521)"],
    [
      "RCPT",
      "553 sorry, that domain isn't in my list of allowed rcpthosts (#5.7.1)",
      "The mail server does not let us send to the recipient (553 5.7.1)",
    ],
    [
      "RCPT",
      "500 Error: (OSError) database is locked",
      "The mail server does not let us send to the recipient (500)",
    ],
    [
      ".",
      "500 Error: (OSError) database is locked",
      "The mail server does not let us send the message (500)",
    ],
    ["DATA", "554 Refused", "The mail server does not let us send the message (554)"],
    [
      ".",
      "550 5.7.26 Unauthenticated mail is not accepted",
      "The mail server does not let us send the message (550 5.7.26)",
    ],
    [
      ".",
      "550 5.7.60 No permission to send as this sender",
      "The mail server does not let us send the message (550 5.7.60)",
    ],
    [".", "554 5.2.252 SendAsDenied", "The mail server does not let us send the message (554 5.2.252)"],
    [
      ".",
      "530 5.7.57 Client not authenticated",
      "The mail server does not let us send the message (530 5.7.57)",
    ],
  ] as const)("%s: %s", async (stage, reply, reason) => {
    for (const EHLO of ["250 mail.example.com", pipelined]) {
      const replies = {
        EHLO,
        [stage]: reply,
        ...(stage === "RCPT" ? { DATA: "554 5.5.1 No recipients" } : {}),
      };
      expect(await deliver(replies)).toEqual({ status: "deferred", reason });
    }
  });

  test("a greeting that is refused in both forms", async () => {
    expect(await deliver({ EHLO: "550 Need a name", HELO: "550 5.7.1 Need a name" })).toEqual({
      status: "deferred",
      reason: "The mail server does not let us greet it (550 5.7.1)",
    });
  });

  test.each(["250 mail.example.com", pipelined])(
    "a farewell in place of an answer, after %j",
    async (EHLO) => {
      expect(await deliver({ EHLO, RCPT: "421 4.7.0 Closing" })).toMatchObject({
        status: "deferred",
        reason: expect.stringMatching(/put off .* \(421 4\.7\.0\)$/u),
      });
    },
  );

  test.each([
    ["535 5.7.8 Wrong password", "The mail server refused our login (535 5.7.8)"],
    ["534 5.7.9 Too weak", "The mail server refused our login (534 5.7.9)"],
    ["538 5.7.11 Encryption required", "The mail server refused our login (538 5.7.11)"],
    ["454 4.7.0 Temporary failure", "The mail server put off our login (454 4.7.0)"],
    ["421 4.7.0 Too many failures", "The mail server put off our login (421 4.7.0)"],
  ])("AUTH: %s", async (AUTH, reason) => {
    const EHLO = "250-mail.example.com\n250 AUTH PLAIN";
    expect(await deliver({ EHLO, AUTH }, { login: "user:password@" })).toEqual({
      status: "deferred",
      reason,
    });
  });

  test.each([
    ["454 4.7.0 TLS not available", "The mail server put off a secure connection (454 4.7.0)"],
    ["502 Not implemented", "No secure connection to the mail server (502)"],
  ])("STARTTLS: %s", async (STARTTLS, reason) => {
    const EHLO = "250-mail.example.com\n250 STARTTLS";
    expect(await deliver({ EHLO, STARTTLS })).toEqual({ status: "deferred", reason });
  });
});

describe("a connection that cannot be made secure is the operator's to mend", () => {
  test("TLS is spoken to a port that speaks none", async () => {
    server.replies = {};
    const mailer = createMailer({
      smtpUrl: `smtps://${server.host}`,
      from,
      publicUrl,
      quickTries: { pausesMs: [], withinMs: 0 },
    });
    expect(await mailer.requestDecision(mail)).toEqual({
      status: "deferred",
      reason: expect.stringMatching(/^No secure connection to the mail server/u),
    });
    await mailer.close({ graceMs: 0 });
  });
});
