import { Codec } from "@resonatehq/sdk";
import { pino } from "pino";
import { expect, test } from "vitest";
import { KIND_TAG } from "../../../src/approval/ids.ts";
import { APPROVAL_SLACK_MS, readApprovalContent } from "../../../src/approval/request.ts";
import { createComposer } from "../../../src/channels/mail/compose.ts";
import type { RequestMail } from "../../../src/channels/mail/mailer.ts";
import { mimeMessage } from "../../../src/channels/mail/mime.ts";
import { openEngine } from "../../../src/engine/engine.ts";
import { createLinkTokens } from "../../../src/tokens/tokens.ts";
import { startWorker } from "../../../worker/runtime/worker.ts";
import { WORKFLOWS } from "../../../worker/workflows/index.ts";
import { NO_CALLBACKS } from "../../support/callbacks.ts";
import { FakeClock } from "../../support/fake-clock.ts";
import { mailerOf } from "../../support/mailer.ts";

const publicUrl = "http://127.0.0.1:5001";
const LEASE_MS = 3_000;
/** Signs of life that the test waits for. A worker gives two in each lease. */
const BEATS = 4;
/** What passes between two of them, by the engine's clock: the second would come too late if the first had not counted. */
const BETWEEN_BEATS_MS = LEASE_MS * 0.8;

/** As slow to read as callers could make it: a request of the greatest length, for the most approvers. */
const request = readApprovalContent({
  title: "a-a.a-".repeat(33),
  summary: "a-a.a-".repeat(1_666),
  details: Array.from({ length: 50 }, () => ({ label: "a.".repeat(50), value: "a-a.a-".repeat(166) })),
  approvers: Array.from({ length: 50 }, (_, i) => `approver${i}@example.com`),
});

test("a step that takes longer than a lease stays with its worker, and fifty approvers get fifty mails", async () => {
  // The lease ends by this clock, however long a loaded machine keeps the worker waiting.
  const clock = new FakeClock(Date.now());
  const engine = openEngine({ file: ":memory:", clock });
  const composer = createComposer({ from: { name: "", address: "a@example.com" }, publicUrl });
  const mails: RequestMail[] = [];
  const acquired: string[] = [];
  let beats = 0;
  const longEnough = Promise.withResolvers<void>();
  const workers = ["one", "two"].map((pid) => {
    const network = engine.network({ group: "worker" });
    const send = network.send;
    Object.assign(network, {
      send: async (message: Parameters<typeof send>[0]) => {
        const answer = await send(message);
        if (answer.kind === "task.acquire" && answer.head.status === 200) acquired.push(pid);
        if (answer.kind === "task.heartbeat") {
          await clock.advance(BETWEEN_BEATS_MS);
          if (++beats === BEATS) longEnough.resolve();
        }
        return answer;
      },
    });
    const worker = startWorker({
      network,
      pid,
      leaseMs: LEASE_MS,
      concurrency: 10,
      log: pino({ level: "silent" }),
      workflows: WORKFLOWS,
      services: {
        mailer: mailerOf(async (mail) => {
          mails.push(mail);
          const composed = composer.compose({ kind: "request", ...mail });
          mimeMessage(composed, new Date());
          await longEnough.promise;
          return { status: "sent", messageId: composed.messageId };
        }),
        callbacks: NO_CALLBACKS,
        tokens: createLinkTokens({ keys: [{ kid: "k1", secret: Buffer.alloc(32, 7) }], issuer: publicUrl }),
        publicUrl,
        group: "worker",
      },
    });
    network.start();
    return { network, worker };
  });
  const stretches = computedAtOnce();
  const id = "long";
  await workers[0]?.network.send({
    kind: "promise.create",
    head: { corrId: "c", version: "2026-04-01" },
    data: {
      id,
      timeoutAt: clock.now() + APPROVAL_SLACK_MS + 3_600_000,
      param: new Codec().encode({ func: "approval", args: [request], version: 1 }),
      tags: {
        "resonate:origin": id,
        "resonate:branch": id,
        "resonate:parent": id,
        "resonate:scope": "global",
        "resonate:target": "poll://any@worker",
        [KIND_TAG]: "approval",
      },
    },
  });
  await longEnough.promise;
  const longestMs = stretches.stop();
  await Promise.all(workers.map(({ worker }) => worker.stop(10_000)));
  await engine.close();

  expect(mails.map(({ approver }) => approver.email)).toEqual(request?.approvers.map(({ email }) => email));
  expect(acquired).toHaveLength(1);
  expect(longestMs, "no sign of life is late because the worker computes").toBeLessThan(LEASE_MS / 2);
  // The same object, so that what all mails have in common is rendered once.
  expect(new Set(mails.map((mail) => mail.request)).size).toBe(1);
});

/**
 * The longest that this thread computes without a look at its timers, in milliseconds of the processor: other processes
 * that take the processor meanwhile do not count.
 */
function computedAtOnce(): { stop(): number } {
  let longest = 0;
  let before = process.threadCpuUsage();
  const timer = setInterval(() => {
    const { user, system } = process.threadCpuUsage(before);
    longest = Math.max(longest, (user + system) / 1000);
    before = process.threadCpuUsage();
  }, 1);
  return {
    stop() {
      clearInterval(timer);
      return longest;
    },
  };
}
