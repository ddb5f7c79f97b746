/**
 * Answers that come at nearly one moment, by every door and under every rule: the verdict, the decisions, what each was
 * told and the callbacks say one thing.
 */
import { createHmac } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { expect, test } from "vitest";
import type { Outcome, PlainChoice } from "../../src/approval/approval.ts";
import { decide } from "../../src/approval/policy.ts";
import { parseApprovalRequest } from "../../src/approval/request.ts";
import { Api, expectStatus } from "../support/api.ts";
import { eventually } from "../support/eventually.ts";
import { call, post } from "../support/http.ts";
import { look, pressAtOnce } from "../support/press.ts";
import { type Receiver, startReceiver } from "../support/receiver.ts";
import { type Relay, startRelay } from "../support/relay.ts";
import { type Random, randomFrom, seeds } from "../support/seeds.ts";
import { newId, openSite, type Site, type SiteEnv } from "../support/site.ts";

const ROUNDS = Number(process.env["VERDICT_ROUNDS"] ?? 25);
/** How far apart the answers of a round come, at most. */
const SPREAD_MS = 40;
const PEOPLE = ["ana@example.com", "bo@example.com", "cy@example.com"] as const;
const SLACK_SECRET = "8f742231b10e8888abcd99yyyzzz85a5";

const RULES = [
  { approvers: PEOPLE.slice(0, 2) },
  { approvers: PEOPLE.slice(0, 2), require: "all" },
  { approvers: [...PEOPLE], require: 2 },
  { approvers: [...PEOPLE], require: 2, rejection: "majority" },
] as const;

test.each(["one process", "parts"] as const)(
  "answers at one moment and what came of them say one thing, in %s",
  async (layout) => {
    const [seed = 0] = seeds(1);
    const random = randomFrom(seed);
    await using relay = await startRelay();
    await using receiver = await startReceiver();
    await using site = await openSite({ relay });
    const env = await settings(site, receiver);
    const origins = await start(site, layout, env);
    const outcomes: Record<string, number> = {};
    for (let round = 0; round < ROUNDS; round++) {
      const lies = await play({ relay, receiver, origins, random }, outcomes);
      expect({ seed, round, lies }).toEqual({ seed, round, lies: [] });
    }
    // Otherwise there was no race: some must have been decided one way, and some the other.
    expect(Object.keys(outcomes).sort()).toEqual(expect.arrayContaining(["approved", "rejected"]));
    console.log(`${ROUNDS} rounds in ${layout}: ${JSON.stringify(outcomes)}`);
  },
  300_000 + ROUNDS * 20_000,
);

async function settings(site: Site, receiver: Receiver): Promise<SiteEnv> {
  const file = join(site.dataDir, "webhooks.json");
  const approvers = Object.fromEntries(PEOPLE.map((email, i) => [`U${i + 1}`, email]));
  const source = { scheme: "slack", secrets: [{ env: "SLACK" }], ballots: { team: "T1", approvers } };
  await writeFile(file, JSON.stringify({ sources: { acme: source } }));
  return {
    WEBHOOKS_FILE: file,
    SLACK: SLACK_SECRET,
    CALLBACK_ALLOW: `127.0.0.1:${receiver.port}`,
  } as SiteEnv;
}

async function start(
  site: Site,
  layout: "one process" | "parts",
  env: SiteEnv,
): Promise<readonly [string, string]> {
  if (layout === "one process") {
    const { url } = await site.start("all", env);
    return [url, url];
  }
  await site.startParts({ gateways: 0, workers: 0 });
  const first = await site.start("gateway", env);
  const second = await site.start("gateway", env);
  await site.start("worker", env);
  await site.start("worker", env);
  return [first.url, second.url];
}

interface Stage {
  readonly relay: Relay;
  readonly receiver: Receiver;
  readonly origins: readonly [string, string];
  readonly random: Random;
}

/** What one person was told of their answer. */
interface Told {
  readonly n: number;
  readonly choice: PlainChoice;
  readonly effective: boolean;
  /** Where a page shows it again. */
  readonly receipt?: string;
}

/** One approval with its answers; everything in which something says something else than the outcome. */
async function play(stage: Stage, outcomes: Record<string, number>): Promise<string[]> {
  const { relay, receiver, origins, random } = stage;
  const api = new Api(origins[0]);
  const rule = random.pick(RULES);
  const id = await api.ask({ id: newId("po"), callbackUrl: receiver.url, ...rule });
  const mails = await Promise.all(rule.approvers.map((email) => relay.mailTo(email, id)));
  const withCancel = random.chance(0.25);
  const plan = rule.approvers.map((_, i) => ({
    n: i + 1,
    // Under a veto the interesting pair is one of each.
    choice: i === 0 ? "approve" : random.pick<PlainChoice>(["approve", "reject", "reject"]),
    door: random.pick(["mail", "mail", "api", "webhook"] as const),
    afterMs: i === 0 ? random.below(SPREAD_MS / 2) : random.below(SPREAD_MS),
    via: random.pick(origins),
  }));
  const cancelAfterMs = random.below(SPREAD_MS);
  const cancelled = withCancel
    ? pause(cancelAfterMs).then(() => new Api(origins[1]).cancelRaw(id, "not needed"))
    : undefined;
  const told = await Promise.all(
    plan.map(async ({ n, choice, door, afterMs, via }): Promise<Told> => {
      const links = mails[n - 1]?.links as Record<PlainChoice, string>;
      await pause(afterMs);
      if (door === "mail") {
        const { effective, url } = await pressAtOnce(links[choice], { via });
        return { n, choice, effective: effective === true, receipt: url };
      }
      const answer =
        door === "api"
          ? await post(`${via}/approvals/${id}/ballots/${n}/decide`, { choice })
          : await slack(via, `${id}:${n}`, `U${n}`, choice);
      return { n, choice, effective: answer.json()["effective"] === true };
    }),
  );
  const answer = await cancelled;
  if (decide(parsed(rule), votesOf(told), { kind: "open" }).kind === "wait") await api.cancelRaw(id);
  const outcome = (await api.ended(id)).result as Outcome;
  outcomes[outcome.outcome] = (outcomes[outcome.outcome] ?? 0) + 1;

  const lies: string[] = [];
  const claim = (isTrue: boolean, lie: string) => {
    if (!isTrue) lies.push(`${lie}: ${JSON.stringify({ outcome, told, plan })}`);
  };
  const verdict = decide(parsed(rule), outcome.decisions, { kind: "cancelled" });
  claim(verdict.kind === "done" && verdict.outcome === outcome.outcome, "the decisions say something else");
  const counted = outcome.decisions.map(({ n, choice }) => `${n} ${choice}`);
  claim(
    told.flatMap(({ n, choice, effective }) => (effective ? [`${n} ${choice}`] : [])).join() ===
      counted.join(),
    "somebody was told something else of their answer",
  );
  for (const { n, receipt } of told) {
    if (receipt === undefined) continue;
    const page = await look(receipt, { via: random.pick(origins) });
    const counts = outcome.decisions.some((decision) => decision.n === n);
    claim(page.effective === counts, `the receipt of ballot ${n} says effective=${page.effective}`);
    claim(
      page.page.includes(`data-outcome="${outcome.outcome}"`),
      `the receipt of ballot ${n} does not say how it ended`,
    );
  }
  if (answer !== undefined) {
    const status = answer.json()["status"];
    const isTrue = answer.status === 409 || status === "pending" || status === outcome.outcome;
    claim(isTrue, `who cancelled was told ${answer.status} ${String(status)}`);
  }
  const view = await api.approval(id);
  claim(view.status === outcome.outcome, `the API says ${view.status}`);
  const events = await eventually(`${id}: callbacks came`, () => {
    // A worker that is not sure whether a callback arrived sends it again, under the same id.
    const all = [...new Map(receiver.requests.map((each) => [each.headers["webhook-id"], each])).values()]
      .map(({ event }) => event)
      .filter(({ data }) => "approval" in data && data.approval === id);
    return all.length >= outcome.decisions.length + 2 ? all : undefined;
  });
  const decided = events.flatMap(({ type, data }) =>
    type === "ballot.decided" ? [`${data.ballot} ${data.choice}`] : [],
  );
  claim(decided.toSorted().join() === counted.join(), `callbacks tell of ${decided.join()}`);
  const ends = events.flatMap(({ data }) => ("outcome" in data ? [data.outcome] : []));
  claim(ends.join() === outcome.outcome, `callbacks tell of the end ${ends.join()}`);
  return lies;
}

function votesOf(told: readonly Told[]) {
  return told.flatMap(({ n, choice, effective }) =>
    effective ? [{ n, choice, email: PEOPLE[n - 1] as string }] : [],
  );
}

function parsed(rule: (typeof RULES)[number]) {
  const request = parseApprovalRequest(
    { title: "x", ...rule },
    { nowMs: Date.now(), callbackUrlProblem: () => undefined },
  );
  if (!request.ok) throw new Error(JSON.stringify(request.problems));
  return request.value;
}

/** A button of a message in Slack. */
async function slack(origin: string, ballot: string, user: string, choice: PlainChoice) {
  const payload = {
    type: "block_actions",
    team: { id: "T1" },
    user: { id: user },
    trigger_id: crypto.randomUUID(),
    actions: [{ action_id: choice, value: ballot }],
  };
  const body = `payload=${encodeURIComponent(JSON.stringify(payload))}`;
  const time = String(Math.floor(Date.now() / 1000));
  const mac = createHmac("sha256", SLACK_SECRET).update(`v0:${time}:${body}`).digest("hex");
  return expectStatus(
    await call(`${origin}/webhooks/acme`, {
      method: "POST",
      headers: {
        "content-type": "application/x-www-form-urlencoded",
        "x-slack-request-timestamp": time,
        "x-slack-signature": `v0=${mac}`,
      },
      body,
    }),
    200,
  );
}
