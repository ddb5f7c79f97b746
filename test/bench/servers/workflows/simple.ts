import { createMailTransport } from "../../../../src/channels/mail/transport.ts";
import { defineWorkflow } from "../../../../worker/authoring/index.ts";
import { seams } from "../seams/seams.ts";
import { type SimpleMail, simpleWorkflow } from "../simple-workflow.ts";

const { smtpUrl } = seams();

/** The simple workflow as a workflow of one's own; its mail goes by the product's transport. */
export const simple = defineWorkflow({
  name: "simple",
  run: simpleWorkflow(smtpUrl === undefined ? undefined : mailer(smtpUrl)),
});

function mailer(url: string): (mail: SimpleMail, id: string) => Promise<void> {
  const transport = createMailTransport({ smtpUrl: url, publicHost: "approvals.example.com" });
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
