/** The mail relay of the bench: takes every mail, tells the load generator of it, keeps none. */
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { SMTPServer } from "smtp-server";
import { runChild } from "../lib/child.ts";
import { openSignals } from "../load/signals.ts";

await runChild(async ({ signalPort }: { readonly signalPort: number }) => {
  const signal = await openSignals(signalPort);
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ["AUTH", "STARTTLS"],
    disableReverseLookup: true,
    async onData(stream, session, done) {
      let text = "";
      stream.setEncoding("latin1");
      for await (const chunk of stream) text += String(chunk);
      const id = session.envelope.rcptTo[0]?.address.split("@", 1)[0] ?? "";
      done();
      signal("mail", id, linkIn(text));
    },
  });
  server.on("error", () => {});
  server.listen(0, "127.0.0.1");
  await once(server.server, "listening");
  const { port } = server.server.address() as AddressInfo;
  return { ready: { url: `smtp://127.0.0.1:${port}` }, stop: async () => server.close() };
});

/** Path of the link that approves, in a mail as it comes over the wire; empty if there is none. */
function linkIn(raw: string): string {
  const text = raw.replaceAll("=\r\n", "").replaceAll("=3D", "=");
  for (const [path, payload = ""] of text.matchAll(/\/d\/[\w-]+\.([\w-]+)\.[\w-]+/g)) {
    if (Buffer.from(payload, "base64url").includes('"act":"approve"')) return path;
  }
  return "";
}
