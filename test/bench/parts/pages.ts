/** What a page of an approval with many people takes, and the API's answers about it: from the request to its last byte. */
import { setTimeout as pause } from "node:timers/promises";
import { call, post } from "../../support/http.ts";
import { press } from "../../support/press.ts";
import { type Relay, startRelay } from "../../support/relay.ts";
import type { Bench } from "../lib/bench.ts";
import { percentile } from "../lib/figures.ts";
import { freePort, startService } from "../lib/service.ts";

const PEOPLE = 50;
const CALLS = 100;
const WARM_UP = 200;
const TARGET_MS = 50;
const ID = "po-50";

/** One stage of fifty, all needed; all but the last have answered with a comment. The texts are long, and the details as many as may be. */
export async function pages(bench: Bench): Promise<void> {
  await using relay = await startRelay();
  const port = await freePort();
  const settings = { dataDir: bench.folder(), port, enginePort: await freePort(), smtpUrl: relay.url };
  await using service = startService(settings);
  await service.readyMs;
  const { decision, receipt, requester } = await answeredByAllButOne(service.url, relay);
  const approval = `${service.url}/approvals/${ID}`;
  const rows = [];
  for (const [name, url] of [
    ["decision page", decision],
    ["receipt", receipt],
    ["requester's page", requester],
    ["GET /approvals/:id", approval],
    ["GET /approvals/:id/history", `${approval}/history`],
  ] as const) {
    await bench.quiet();
    const times = await timesOf(url);
    const [p50, p95, p99] = [0.5, 0.95, 0.99].map((share) => [percentile(times, share)]);
    rows.push([name, p50 ?? [], p95 ?? [], p99 ?? []]);
    bench.report.figure(`${name}, ${PEOPLE} approvers, p95`, {
      values: p95 ?? [],
      unit: "ms",
      target: `< ${TARGET_MS}`,
    });
  }
  bench.report.table(
    `Pages of an approval that ${PEOPLE - 1} of ${PEOPLE} have answered, ${CALLS} calls one after the other`,
    ["", "p50 ms", "p95 ms", "p99 ms"],
    rows,
  );
}

async function answeredByAllButOne(origin: string, relay: Relay) {
  const approvers = Array.from({ length: PEOPLE }, (_, n) => `approver-${n + 1}@example.com`);
  const details = Array.from({ length: 50 }, (_, n) => ({
    label: `Position ${n + 1}`,
    value: "steel ".repeat(40),
  }));
  const asked = await post(`${origin}/approvals`, {
    id: ID,
    title: "Order",
    summary: "Some **words** about the order. ".repeat(300),
    details,
    approvers,
    require: "all",
    requester: "kim@example.com",
    follow: true,
  });
  if (asked.status !== 202) throw new Error(asked.text);
  let receipt = "";
  for (const email of approvers.slice(1)) {
    const { links } = await relay.mailTo(email, ID);
    receipt = (await press(links.approve, { comment: "I have looked at it. ".repeat(10) })).url;
  }
  const { links } = await relay.mailTo(approvers[0] ?? "", ID);
  return { decision: links.approve, receipt, requester: await requesterLink(relay) };
}

async function requesterLink(relay: Relay): Promise<string> {
  for (;;) {
    const link = relay.notices.map(({ text }) => /\S+\/a\/\S+/u.exec(text)?.[0]).find(Boolean);
    if (link !== undefined) return link;
    await pause(20);
  }
}

async function timesOf(url: string): Promise<number[]> {
  const times: number[] = [];
  for (let n = -WARM_UP; n < CALLS; n += 1) {
    const startedAt = performance.now();
    const { status, text } = await call(url);
    if (status !== 200) throw new Error(`${url}: ${status} ${text.slice(0, 500)}`);
    if (n >= 0) times.push(performance.now() - startedAt);
  }
  return times;
}
