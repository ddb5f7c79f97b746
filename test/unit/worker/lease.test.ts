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
import { mailerOf } from "../../support/mailer.ts";

const publicUrl = "http://127.0.0.1:5001";
const LEASE_MS = 3_000;
/** A worker gives two signs of life in each lease. */
const BEATS = 4;

/** As slow to read as callers could make it: a request of the greatest length, for the most approvers. */
const request = readApprovalContent({
  title: "a-a.a-".repeat(33),
  summary: "a-a.a-".repeat(1_666),
  details: Array.from({ length: 50 }, () => ({ label: "a.".repeat(50), value: "a-a.a-".repeat(166) })),
  approvers: Array.from({ length: 50 }, (_, i) => `approver${i}@example.com`),
});

test("a step that takes longer than a lease stays with its worker, and fifty approvers get fifty mails", async () => {
  const engine = openEngine({ file: ":memory:" });
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
        if (answer.kind === "task.heartbeat" && ++beats === BEATS) longEnough.resolve();
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
  const id = "long";
  await workers[0]?.network.send({
    kind: "promise.create",
    head: { corrId: "c", version: "2026-04-01" },
    data: {
      id,
      timeoutAt: Date.now() + APPROVAL_SLACK_MS + 3_600_000,
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
  await Promise.all(workers.map(({ worker }) => worker.stop(10_000)));
  await engine.close();

  expect(mails.map(({ approver }) => approver.email)).toEqual(request?.approvers.map(({ email }) => email));
  expect(acquired).toHaveLength(1);
  // The same object, so that what all mails have in common is rendered once.
  expect(new Set(mails.map((mail) => mail.request)).size).toBe(1);
});
