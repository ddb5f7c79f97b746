import { expect, test } from "vitest";
import { createMailer } from "../../../../src/channels/mail/mailer.ts";
import { startRawSmtp } from "../../../support/raw-smtp.ts";
import { from, mail } from "./fixture.ts";

/** RFC 5321 §4.1.1.1: a name that the world knows, else an address in brackets, never a name that is none. */
test.each([
  ["https://approvals.example.com", "approvals.example.com"],
  ["https://approvals.example.com:8443", "approvals.example.com"],
  ["https://APPROVALS.example.com.", "approvals.example.com"],
  ["https://freigaben.müller.example", "freigaben.xn--mller-kva.example"],
  ["https://203.0.113.9", "[203.0.113.9]"],
  ["https://[2001:db8::1]:8443", "[IPv6:2001:db8::1]"],
  // Names that only this machine or network knows, or that no mail server takes for one: the connection's own address.
  ["http://localhost:5001", "[127.0.0.1]"],
  ["https://approvals", "[127.0.0.1]"],
  ["https://my_approvals.example.com", "[127.0.0.1]"],
])("with PUBLIC_URL %s mail servers are greeted as %s", async (publicUrl, name) => {
  await using server = await startRawSmtp();
  const mailer = createMailer({ smtpUrl: server.url, from, publicUrl });
  const links = { approve: `${publicUrl}/d/a.b.c`, reject: `${publicUrl}/d/d.e.f` };
  await mailer.requestDecision({ ...mail, links });
  await mailer.close({ graceMs: 0 });
  expect(server.lines[0]).toBe(`EHLO ${name}`);
});

test("a server that knows no EHLO is greeted by the same name", async () => {
  await using server = await startRawSmtp({ EHLO: "502 Not implemented" });
  const mailer = createMailer({ smtpUrl: server.url, from, publicUrl: "https://approvals.example.com" });
  expect(await mailer.requestDecision(mail)).toMatchObject({ status: "sent" });
  await mailer.close({ graceMs: 0 });
  expect(server.lines.slice(0, 2)).toEqual(["EHLO approvals.example.com", "HELO approvals.example.com"]);
});
