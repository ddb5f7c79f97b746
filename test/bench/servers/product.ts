/** Countersign all in one with the simple workflow beside its own, as the other side of every comparison. */
import type { Network, Request } from "@resonatehq/sdk";
import type { Mailer } from "../../../src/channels/mail/mailer.ts";
import { createMailTransport } from "../../../src/channels/mail/transport.ts";
import { runChild } from "../lib/child.ts";
import { openSignals } from "../load/signals.ts";
import { seams, startSeamed } from "./seams/seams.ts";
import { type SimpleMail, simpleWorkflow } from "./simple-workflow.ts";
import { tapped } from "./tap.ts";

interface ProductOptions {
  readonly dataDir: string;
  /** `smtp://127.0.0.1:port`; undefined: mails are composed by nobody and go nowhere. */
  readonly smtpUrl?: string | undefined;
  readonly signalPort: number;
  readonly logLevel?: string | undefined;
}

export interface ProductReady {
  readonly url: string;
}

/** Since the start. */
export interface ProductStats {
  /** What gateway and worker asked of the engine. */
  readonly requests: number;
}

await runChild(async ({ dataDir, smtpUrl, signalPort, logLevel }: ProductOptions) => {
  const signal = await openSignals(signalPort);
  const simple = simpleWorkflow(smtpUrl === undefined ? undefined : simpleMailer(smtpUrl));
  seams.workflows = [{ name: "simple", version: 1, func: simple }];
  const links = new Map<string, string>();
  const stats = { requests: 0 };
  seams.tap = (send) =>
    counted(
      tapped(send, signal, (id) => taken(links, id)),
      stats,
    );
  seams.mailer = smtpUrl === undefined ? silentMailer(links) : undefined;
  const service = await startSeamed(productEnv({ dataDir, smtpUrl, logLevel }));
  const ready: ProductReady = { url: String(service.ready["url"]) };
  return { ready: { ...ready }, commands: { stats: (): ProductStats => stats }, stop: () => service.stop() };
});

function counted(send: Network["send"], stats: { requests: number }): Network["send"] {
  const tap = (request: Request) => {
    stats.requests += 1;
    return send(request);
  };
  return tap as Network["send"];
}

function productEnv({
  dataDir,
  smtpUrl,
  logLevel,
}: Omit<ProductOptions, "signalPort">): Record<string, string> {
  return {
    DATA_DIR: dataDir,
    PORT: "0",
    ENGINE_PORT: "0",
    // Nobody is there, and with a mailer that sends nothing nobody asks.
    SMTP_URL: smtpUrl ?? "smtp://127.0.0.1:9",
    MAIL_FROM: "Approvals <approvals@example.com>",
    ...(logLevel && { LOG_LEVEL: logLevel }),
  };
}

/** Only keeps where the mail would have led. */
function silentMailer(links: Map<string, string>): Mailer {
  return {
    async requestDecision({ approval, links: { approve } }) {
      links.set(approval, approve);
      return { status: "sent", messageId: `<${approval}@countersign.invalid>` };
    },
    close: async () => {},
  };
}

function taken(links: Map<string, string>, id: string): string {
  const link = links.get(id) ?? "";
  links.delete(id);
  return link.replace(/^https?:\/\/[^/]+/, "");
}

/** The simple workflow's mail, by the product's transport. */
function simpleMailer(smtpUrl: string): (mail: SimpleMail, id: string) => Promise<void> {
  const transport = createMailTransport({ smtpUrl, publicHost: "approvals.example.com" });
  return async ({ to, subject, text, html }, id) => {
    const attempt = await transport.send({
      from: { name: "Approvals", address: "approvals@example.com" },
      to: { name: "", address: to },
      subject,
      text,
      html,
      messageId: `<${id}@example.com>`,
      headers: {},
    });
    if (attempt.kind !== "accepted") throw new Error(`Not sent: ${attempt.reason}`);
  };
}
