import { Webhook } from "standardwebhooks";
import { expect, test } from "vitest";
import { judge, sourcesOf } from "./senders.ts";

const SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const BODY = JSON.stringify({ type: "user.created", data: { name: "Käthe" } });

const source = sourcesOf(
  { acme: { scheme: "standard-webhooks", secrets: [{ env: "S1" }], promise: "p" } },
  { S1: SECRET },
).get("acme")!;

test("what the published library signs is taken here", () => {
  const now = new Date();
  const headers = [
    ["webhook-id", "msg_1"],
    ["webhook-timestamp", String(Math.floor(now.getTime() / 1000))],
    ["webhook-signature", new Webhook(SECRET).sign("msg_1", now, BODY)],
  ] as const;
  const sent = { url: "", body: Buffer.from(BODY), headers };
  expect(judge(source, sent, now.getTime())).toEqual({ ok: true, replayKey: "msg_1" });
});

test("what is signed here is taken by the published library", () => {
  const delivery = { body: Buffer.from(BODY), url: "", nowMs: Date.now(), id: "msg_2" };
  const { headers } = source.scheme.sign!(delivery);
  expect(new Webhook(SECRET).verify(BODY, headers)).toEqual(JSON.parse(BODY));
});
