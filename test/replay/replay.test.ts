/**
 * Approvals that an earlier release began, finished by this one: on the rows that the release's own engine stored, with the
 * links that it mailed. Time stands still where the release was killed, and goes on as each test wants it.
 */
import type { Context } from "@resonatehq/sdk";
import { pino } from "pino";
import { describe, expect, onTestFinished, test } from "vitest";
import type { Delivery, Outcome } from "../../src/approval/approval.ts";
import { builtInGroupOf } from "../../src/approval/own-ways.ts";
import type { Mail } from "../../src/channels/mail/message.ts";
import { threadOf } from "../../src/channels/mail/thread.ts";
import { createDurable } from "../../src/durable/resonate.ts";
import { createLinkTokens } from "../../src/tokens/tokens.ts";
import { startWorker } from "../../worker/runtime/worker.ts";
import { WatchedNetwork } from "../../worker/testing/watched-network.ts";
import { approval } from "../../worker/workflows/approval.ts";
import { type Registration, WORKFLOWS } from "../../worker/workflows/index.ts";
import { NO_CALLBACKS } from "../support/callbacks.ts";
import { temporaryFolder, testEngine } from "../support/engine.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { startTestGateway } from "../support/gateway.ts";
import { mailerOf } from "../support/mailer.ts";
import { pressAtOnce, type Told } from "../support/press.ts";
import { type History, histories, KEY, restore } from "./history.ts";

const ANA = "ana@example.com";
const BO = "bo@example.com";
const HOUR = 3_600_000;

interface Played {
  /** Presses the link that the release mailed. */
  press(who: string, choice: "approve" | "reject"): Promise<Told>;
  /** Lets the worker come to rest. */
  rest(): Promise<void>;
  /** Lets time pass until the approval has ended. */
  outcome(): Promise<Outcome>;
  /** Mails of this release that ask, in the order of sending: whom, and the Message-ID. */
  readonly mails: readonly (readonly [to: string, messageId: string])[];
  /** Its other mails: whom, and of what kind. Version 1 tells nobody of the end. */
  readonly told: readonly string[];
}

/** What happens in the end, and what must come of it. */
const ENDS: Readonly<Record<string, (played: Played, history: History) => Promise<void>>> = {
  async pending({ press, outcome, mails }) {
    expect(await press(BO, "approve")).toMatchObject({ decision: "approved", effective: true });
    expect(await outcome()).toMatchObject({ outcome: "approved", decisions: [{ email: BO }] });
    expect(await press(ANA, "reject")).toMatchObject({ decision: "approved" });
    expect(mails).toEqual([]);
  },
  async "half-decided"(played) {
    await secondAnswer(played);
  },
  async "half-decided-with-callbacks"(played) {
    await secondAnswer(played);
  },
  async "pressed-in-between"({ outcome, press, mails }) {
    expect(await outcome()).toMatchObject({
      outcome: "rejected",
      decisions: [{ email: ANA, choice: "reject" }],
    });
    expect(await press(BO, "approve")).toMatchObject({ decision: "rejected" });
    expect(mails).toEqual([]);
  },
  async "cancelled-in-flight"({ outcome, press, mails }) {
    expect(await outcome()).toMatchObject({ outcome: "cancelled", decisions: [] });
    expect(await press(ANA, "approve")).toMatchObject({ decision: "cancelled" });
    expect(mails).toEqual([]);
  },
  async "mail-retry"({ press, outcome, mails }) {
    expect(await press(BO, "approve")).toMatchObject({ decision: "approved", effective: true });
    // Ana's mail is tried again at its time, and she does not answer.
    expect(await outcome()).toMatchObject({ outcome: "expired", decisions: [{ email: BO }] });
    expect(mails.map(([to]) => to)).toEqual([ANA]);
  },
  async "mail-taken"({ rest, press, outcome, mails }, history) {
    await rest();
    // Nobody knows whether the relay has it: the same mail goes out, as a copy.
    expect(mails).toEqual([[ANA, history.mails[ANA]?.messageIds[0]]]);
    expect(await press(ANA, "approve")).toMatchObject({ decision: "approved", effective: true });
    expect(await outcome()).toMatchObject({ outcome: "approved" });
  },
  async "second-stage"({ press, outcome, mails }) {
    expect(await press(ANA, "reject")).toMatchObject({ decision: "approved" });
    expect(await press(BO, "approve")).toMatchObject({ decision: "approved", effective: true });
    expect(await outcome()).toMatchObject({
      outcome: "approved",
      decisions: [{ email: ANA }, { email: BO }],
    });
    expect(mails).toEqual([]);
  },
  async "undo-open"({ outcome, mails }) {
    // Once it can no longer be taken back.
    expect(await outcome()).toMatchObject({ outcome: "approved", decisions: [{ email: ANA }] });
    expect(mails).toEqual([]);
  },
  async "half-decided-action"({ press, outcome, mails }) {
    expect(await press(BO, "approve")).toMatchObject({ decision: "approved", effective: true });
    expect(await outcome()).toMatchObject({
      outcome: "approved",
      action: { digest: expect.any(String), arguments: { amount: 40 } },
    });
    expect(mails).toEqual([]);
  },
  async "deadline-due"({ outcome, press, mails }) {
    expect(await outcome()).toMatchObject({ outcome: "rejected", decisions: [{ email: ANA }] });
    expect(await press(BO, "approve")).toMatchObject({ decision: "expired" });
    expect(mails).toEqual([]);
  },
};

async function secondAnswer({ rest, press, outcome, mails }: Played): Promise<void> {
  await rest();
  expect(await press(ANA, "reject")).toMatchObject({ decision: "approved", effective: false });
  expect(await press(BO, "approve")).toMatchObject({ decision: "approved", effective: true });
  expect(await outcome()).toMatchObject({ outcome: "approved", decisions: [{ email: ANA }, { email: BO }] });
  expect(mails).toEqual([]);
}

/** Its workflow is version 1, without stages and actions. */
const FIRST = "950a74f";

test("there is a history for each end that is looked at, of each release that knows its state", () => {
  const later = ["second-stage", "undo-open", "half-decided-action"];
  const releases = Map.groupBy(histories(), ({ release }) => release);
  expect(releases.size).toBeGreaterThan(1);
  for (const [release, recorded] of releases) {
    const names = Object.keys(ENDS).filter((name) => release !== FIRST || !later.includes(name));
    expect(new Set(recorded.map(({ name }) => name))).toEqual(new Set(names));
  }
});

const ALL = histories().map((history) => [history.release, history.name, history] as const);

describe("an approval of an earlier release ends as it should:", () => {
  test.each(ALL)("%s %s", async (_release, _name, history) => {
    await endsRight(history);
  });
});

async function endsRight(history: History, workflows: readonly Registration[] = WORKFLOWS): Promise<void> {
  const played = await play(history, workflows);
  await ENDS[history.name]?.(played, history);
  if (history.release === FIRST) expect(played.told).toEqual([]);
}

describe("a workflow whose first steps are in another order is found out:", () => {
  const swapped = WORKFLOWS.map((each) =>
    each.name === "approval" && each.version > 1 ? { ...each, func: lastBallotFirst } : each,
  );
  const names = ["half-decided", "half-decided-action"];
  test.each(ALL.filter(([release, name]) => release !== FIRST && names.includes(name)))(
    "%s %s",
    async (_release, _name, history) => {
      await expect(endsRight(history, swapped)).rejects.toThrow();
    },
  );
});

/** The workflow, with what it asks of its first two approvers the other way around. */
function lastBallotFirst(ctx: Context, input: unknown, given: unknown) {
  const { approvers = [], ...request } = input as { readonly approvers?: readonly unknown[] };
  return approval(ctx, { ...request, approvers: approvers.toReversed() }, given);
}

describe("what version 2 of the workflow makes of version 1 is found out:", () => {
  const mixedUp = WORKFLOWS.map((each) =>
    each.name === "approval" && each.version === 1 ? { ...each, func: approval } : each,
  );
  const names = ["pending", "half-decided"];
  test.each(ALL.filter(([release, name]) => release === FIRST && names.includes(name)))(
    "%s %s",
    async (_release, _name, history) => {
      await expect(endsRight(history, mixedUp)).rejects.toThrow();
    },
  );
});

async function play(history: History, workflows: readonly Registration[]): Promise<Played> {
  const { id, publicUrl, stoppedAtMs } = history;
  const dataDir = temporaryFolder();
  restore(history, dataDir);
  const clock = new FakeClock(stoppedAtMs);
  const engine = testEngine({ dataDir, clock });
  const people = engine.network({ group: "gateway" });
  const durable = createDurable(people, { isOrdered: true });
  const gateway = await startTestGateway({ durable, publicUrl });
  const mails: [string, string][] = [];
  const told: string[] = [];
  const send = async (mail: Mail): Promise<Delivery> => {
    const { messageId } = threadOf(mail, new URL(publicUrl).hostname);
    const to = "approver" in mail ? mail.approver.email : mail.requester.email;
    if (mail.kind === "request") mails.push([to, messageId]);
    else told.push(`${to} ${mail.kind}`);
    return { status: "sent", messageId };
  };
  const network = engine.network({ group: builtInGroupOf("worker") });
  const watched = new WatchedNetwork(network);
  const worker = startWorker({
    network: watched.network,
    pid: network.pid,
    leaseMs: HOUR,
    concurrency: 10,
    log: pino({ level: "silent" }),
    workflows,
    services: {
      mailer: { ...mailerOf((mail) => send({ kind: "request", ...mail })), send },
      callbacks: NO_CALLBACKS,
      tokens: createLinkTokens({ keys: [KEY], issuer: publicUrl }),
      publicUrl,
      group: "worker",
      builtInGroup: builtInGroupOf("worker"),
    },
  });
  onTestFinished(async () => {
    await worker.stop(1_000);
    await gateway[Symbol.asyncDispose]();
  });
  people.start();
  network.start();
  // A worker that was killed holds its task until its lease has run out.
  await clock.advance(60_000);
  const rest = () => watched.quiet(() => {});
  return {
    mails,
    told,
    rest,
    async press(who, choice) {
      const link = history.mails[who]?.links[choice] ?? fail(`Nobody mailed ${who} in ${history.name}`);
      const told = await pressAtOnce(link, { via: gateway.url });
      await rest();
      return told;
    },
    async outcome() {
      for (;;) {
        await rest();
        const root = (await durable.read(id)) ?? fail(`${id} has vanished`);
        if (root.state === "resolved") {
          // Mails that tell of the end, if any do.
          await rest();
          return root.value as Outcome;
        }
        if (root.state !== "pending") throw new Error(`${id} is ${root.state}: ${String(root.value)}`);
        await clock.advance(HOUR);
      }
    },
  };
}

function fail(what: string): never {
  throw new Error(what);
}
