/** A relay that is slow, and one that is away: what others notice of it, and what approvals and logs tell. */
import { expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { call, post } from "../support/http.ts";
import { startMovableEngine } from "../support/movable-engine.ts";
import { freePort } from "../support/ports.ts";
import { startRawSmtp } from "../support/raw-smtp.ts";
import { needsEmbeddedEngine } from "../support/resonate-server.ts";
import { newId, openSite } from "../support/site.ts";

const MAIL_FROM = "Approvals <approvals@countersign.example>";
const LEASE_MS = 2_000;
/** A worker gives two signs of life in each lease. */
const BEATS = 4;

test("a relay that takes its time to greet holds up no other workflow, and gets each mail once", async (ctx) => {
  needsEmbeddedEngine(ctx, "moves the engine's clock");
  await using relay = await startRawSmtp({ greeting: undefined });
  const env = { SMTP_URL: relay.url, MAIL_FROM, WORKER_CONCURRENCY: "1", WORKER_LEASE_MS: String(LEASE_MS) };
  await using site = await openSite({ env });
  // Most of a lease passes when the worker gives a sign of life, and none otherwise, however slow the machine is.
  await using engine = await startMovableEngine(site, { standsStill: true });
  const { url } = await site.start("gateway");
  const { proxy } = await site.startProxied("worker");
  const seen = { beats: 0 };
  proxy.watcher = (moment, { kind }) => {
    if (moment !== "reply" || kind !== "task.heartbeat") return;
    seen.beats += 1;
    engine.pass(0.8 * LEASE_MS);
  };
  const id = newId("slow");
  const asked = await post(`${url}/approvals`, { id, title: "Order", approvers: ["ana@example.com"] });
  expect(asked.status).toBe(202);
  await eventually("the relay is connected to", () => relay.open() === 1);
  // For longer than any lease: a task that loses it would be run, and mailed, once more.
  for (let n = 0; seen.beats < BEATS; n += 1) {
    const other = newId(`other-${n}`);
    expect((await post(`${url}/begin?id=${other}&func=greet`, "Ana")).status).toBe(200);
    const waited = await call(`${url}/wait?id=${other}`, { headers: { prefer: "wait=5" } });
    expect(waited.json()).toMatchObject({ status: "resolved" });
  }
  relay.greet();
  await eventually("the mail is sent", async () => (await mailOf(url, id))?.["status"] === "sent");
  expect(relay.lines.filter((line) => line.startsWith("RCPT"))).toEqual(["RCPT TO:<ana@example.com>"]);
});

test("a relay that is away is told in the log and by the approval, and so is its return", async () => {
  const port = await freePort();
  const server = `127.0.0.1:${port}`;
  await using site = await openSite({ env: { SMTP_URL: `smtp://${server}`, MAIL_FROM } });
  const all = await site.start("all");
  const ask = async () => {
    const id = newId("away");
    const asked = await post(`${all.url}/approvals`, { id, title: "Order", approvers: ["ana@example.com"] });
    expect(asked.status).toBe(202);
    return id;
  };
  const [first, second] = [await ask(), await ask()];
  const reason = "The mail server could not be reached";
  for (const id of [first, second]) {
    const mail = await eventually("its mail waits for the next try", async () => {
      const seen = await mailOf(all.url, id);
      return seen?.["nextTryAt"] === undefined ? undefined : seen;
    });
    expect(mail).toEqual({ status: "deferred", reason, attempts: 1, nextTryAt: expect.any(String) });
    const inMs = Date.parse(String(mail["nextTryAt"])) - Date.now();
    expect(inMs).toBeGreaterThan(0);
    expect(inMs).toBeLessThanOrEqual(60_000);
  }
  const told = () => all.log.filter(({ server: at }) => at === server);
  // A line may come a little later than the answer it tells of.
  await eventually("the log tells it", () => told().length > 0);
  expect(told()).toEqual([
    expect.objectContaining({
      level: "warn",
      msg: "The mail server is away: mails wait, and are tried again",
      reason,
    }),
  ]);
  await using _ = await startRawSmtp({}, port);
  const third = await ask();
  await eventually("a mail is sent", async () => (await mailOf(all.url, third))?.["status"] === "sent");
  expect(await eventually("the log tells it", () => told()[1])).toMatchObject({
    level: "info",
    msg: "The mail server is back",
    failures: 2,
  });
});

async function mailOf(url: string, id: string): Promise<Record<string, unknown> | undefined> {
  const body = (await call(`${url}/approvals/${id}`)).json();
  const { ballots } = body as { ballots?: { mail: Record<string, unknown> }[] };
  return ballots?.[0]?.mail;
}
