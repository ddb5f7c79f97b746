import { type Command, parseWords, refuseOthers, UsageError } from "./command.ts";
import { LIMIT, logWebhooks } from "./webhooks-log.ts";
import { testWebhook } from "./webhooks-test.ts";

export const webhooks: Command = {
  help: `Usage: countersign webhooks test SOURCE --body FILE [--url URL] [--id ID] [--json]
       countersign webhooks log [--source SOURCE] [--limit N] [--json]

test signs the file's bytes as the sender would, with the source's first secret, and sends them. log shows deliveries with
their results and reasons, newest first. Deliveries without a valid signature are not stored; the gateway's log has a line
for each.

Options:
  --body FILE      The body, exactly as the sender would send it; - reads it from standard input
  --url URL        Where to send it (default: PUBLIC_URL/webhooks/SOURCE)
  --id ID          The delivery's id, if the scheme has one (default: a new id). The same id again is a duplicate
  --source SOURCE  Only deliveries of this source
  --limit N        How many to show, 1 to ${LIMIT.max} (default ${LIMIT.default})
  --json           Print JSON, even on a terminal

Exits 0; test exits 1 when the delivery was not accepted.

Example:
  countersign webhooks test stripe --body samples/checkout-completed.json
`,
  async run(args, cli) {
    const { positionals, values } = parseWords(args, {
      body: { type: "string" },
      url: { type: "string" },
      id: { type: "string" },
      source: { type: "string" },
      limit: { type: "string" },
    });
    const [verb, source, ...others] = positionals;
    if (others.length > 0) throw new UsageError(`One SOURCE only: what is ${others.join(" ")}?`);
    if (verb === "test") {
      if (source === undefined) throw new UsageError("SOURCE is missing");
      refuseOthers(verb, values, ["body", "url", "id"]);
      return await testWebhook(cli, source, values);
    }
    if (verb !== "log") throw new UsageError("Say test or log");
    if (source !== undefined)
      throw new UsageError(`log takes no argument: what is ${source}? Use --source SOURCE`);
    refuseOthers(verb, values, ["source", "limit"]);
    return await logWebhooks(cli, values);
  },
};
