/** TLS over the connection that we make ourselves, in both forms. */
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { SMTPServer } from "smtp-server";
import { expect, test } from "vitest";
import { createMailer } from "../../../../src/channels/mail/mailer.ts";
import { from, mail, publicUrl } from "./fixture.ts";

const quickTries = { pausesMs: [], withinMs: 0 };

/** A mail server with the certificate that the library brings along: good for no name, signed by nobody. */
async function startSecure(secure: boolean) {
  const sessions: boolean[] = [];
  const server = new SMTPServer({
    secure,
    authOptional: true,
    disableReverseLookup: true,
    closeTimeout: 50,
    logger: false,
    onData(stream, session, done) {
      sessions.push(session.secure);
      stream.resume().on("end", () => done());
    },
  });
  server.on("error", () => {});
  server.listen(0, "127.0.0.1");
  await once(server.server, "listening");
  const { port } = server.server.address() as AddressInfo;
  return {
    port,
    sessions,
    [Symbol.asyncDispose]: () => new Promise<void>((resolve) => server.close(() => resolve())),
  };
}

test.each([
  ["smtps", true],
  ["smtp", false],
] as const)(
  "%s to a relay on this machine is encrypted, whatever its certificate",
  async (scheme, secure) => {
    await using server = await startSecure(secure);
    const mailer = createMailer({
      smtpUrl: `${scheme}://127.0.0.1:${server.port}`,
      from,
      publicUrl,
      quickTries,
    });
    expect(await mailer.requestDecision(mail)).toMatchObject({ status: "sent" });
    expect(server.sessions).toEqual([true]);
    await mailer.close({ graceMs: 0 });
  },
);

test("a name that is not known is told as such", async () => {
  const mailer = createMailer({ smtpUrl: "smtp://nowhere.invalid", from, publicUrl, quickTries });
  expect(await mailer.requestDecision(mail)).toEqual({
    status: "deferred",
    reason: "The mail server's name could not be resolved",
  });
  await mailer.close({ graceMs: 0 });
});
