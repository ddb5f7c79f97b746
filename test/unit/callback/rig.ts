/** Engine and worker in this process with a real callback sender; the mail system is made up. */

import { pino } from "pino";
import type { Ballot, Decision, Delivery, Outcome, PlainChoice } from "../../../src/approval/approval.ts";
import {
  ABOUT_TAG,
  CALLBACK_KIND,
  CALLBACK_LIFE_MS,
  COMPLETION_FUNC,
  completionCallbackId,
} from "../../../src/approval/callback.ts";
import { ballotId, endId, KIND_TAG } from "../../../src/approval/ids.ts";
import { APPROVAL_SLACK_MS, parseApprovalRequest } from "../../../src/approval/request.ts";
import { type CallbackSenderOptions, createCallbackSender } from "../../../src/callback/sender.ts";
import type { RequestMail } from "../../../src/channels/mail/mailer.ts";
import type { Durable, StoredPromise } from "../../../src/durable/durable.ts";
import { createDurable } from "../../../src/durable/resonate.ts";
import type { Clock } from "../../../src/engine/clock.ts";
import { openEngine } from "../../../src/engine/engine.ts";
import { createLinkTokens } from "../../../src/tokens/tokens.ts";
import { startWorker, type Worker } from "../../../worker/runtime/worker.ts";
import { type Registration, WORKFLOWS } from "../../../worker/workflows/index.ts";
import { eventually } from "../../support/eventually.ts";
import { mailerOf } from "../../support/mailer.ts";

export const SECRET = `whsec_${Buffer.alloc(32, 3).toString("base64")}`;
export const KEY = new Uint8Array(Buffer.alloc(32, 3));

export interface RigOptions {
  /** `host:port` that may be called. */
  readonly hosts?: readonly string[];
  readonly sender?: Partial<CallbackSenderOptions>;
  readonly deliver?: (mail: RequestMail) => Delivery;
  readonly clock?: Clock;
  readonly workflows?: readonly Registration[];
  readonly concurrency?: number;
}

export function openCallbackRig(options: RigOptions = {}): CallbackRig {
  return new CallbackRig(options);
}

const DAY_MS = 24 * 3_600_000;

export class CallbackRig implements AsyncDisposable {
  readonly durable: Durable;
  readonly mails: RequestMail[] = [];
  readonly #engine: ReturnType<typeof openEngine>;
  readonly #options: RigOptions;
  #worker: Worker | undefined;
  #workers = 0;

  constructor(options: RigOptions) {
    this.#options = options;
    const { clock } = options;
    this.#engine = openEngine({ file: ":memory:", ...(clock === undefined ? {} : { clock }) });
    const network = this.#engine.network({ group: "gateway" });
    this.durable = createDurable(network);
    network.start();
    this.work();
  }

  work(): void {
    const { hosts = [], sender, deliver, workflows = [], concurrency = 10 } = this.#options;
    const pid = `worker-${++this.#workers}`;
    const network = this.#engine.network({ group: "worker", pid });
    this.#worker = startWorker({
      network,
      pid,
      leaseMs: 60_000,
      concurrency,
      log: pino({ level: "silent" }),
      workflows: [...WORKFLOWS, ...workflows],
      services: {
        mailer: mailerOf(async (mail) => {
          this.mails.push(mail);
          return deliver?.(mail) ?? { status: "sent", messageId: "<m@x>" };
        }),
        callbacks: createCallbackSender({
          targets: { ports: [443], allow: { hosts, networks: [] } },
          endpoints: [],
          secrets: [KEY],
          retriesMs: [20, 20, 20],
          ...sender,
        }),
        tokens: createLinkTokens({
          keys: [{ kid: "k1", secret: Buffer.alloc(32, 7) }],
          issuer: "http://127.0.0.1:5001",
        }),
        publicUrl: "http://127.0.0.1:5001",
        group: "worker",
      },
    });
    network.start();
  }

  async rest(): Promise<void> {
    await this.#worker?.stop(1_000);
    this.#worker = undefined;
  }

  /** Deletes what has ended, as retention does. Answers how many promises there were. */
  async forget(): Promise<number> {
    return (await this.#engine.collect(0)).promises;
  }

  async ask(id: string, request: Record<string, unknown>, deadlineMs = DAY_MS): Promise<void> {
    const parsed = parseApprovalRequest(
      { title: "Order", approvers: ["ana@example.com"], ...request },
      { nowMs: Date.now(), callbackUrlProblem: () => undefined },
    );
    if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
    await this.durable.start({
      id,
      func: "approval",
      args: [parsed.value],
      timeoutAt: Date.now() + deadlineMs + APPROVAL_SLACK_MS,
      tags: { [KIND_TAG]: "approval" },
    });
  }

  async answer(approval: string, n: number, choice: PlainChoice, comment?: string): Promise<void> {
    const id = ballotId(approval, n);
    const stands = await eventually(`${id} stands`, () => this.durable.read(id));
    const decision: Decision = {
      kind: "decision",
      choice,
      ...(comment === undefined ? {} : { comment }),
      by: (stands.param as Ballot).approver.email,
      door: "mail",
      nonce: crypto.randomUUID(),
    };
    await this.durable.settle(id, decision);
  }

  async cancel(approval: string): Promise<void> {
    const cancellation = { kind: "cancelled", at: new Date().toISOString(), nonce: crypto.randomUUID() };
    const id = endId(approval);
    await eventually(`${id} stands`, async () => (await this.durable.settle(id, cancellation)) !== undefined);
  }

  /** As `POST /begin?callbackUrl=` does it. */
  async begin(id: string, func: string, arg: unknown, url: string, timeoutMs = DAY_MS): Promise<void> {
    const timeoutAt = Date.now() + timeoutMs;
    await this.durable.start({ id, func, args: [arg], timeoutAt });
    await this.durable.start({
      id: completionCallbackId(id),
      func: COMPLETION_FUNC,
      args: [{ workflow: id, to: { kind: "url", url } }],
      timeoutAt: timeoutAt + CALLBACK_LIFE_MS,
      tags: { [KIND_TAG]: CALLBACK_KIND, [ABOUT_TAG]: id },
    });
  }

  async ended(id: string): Promise<StoredPromise> {
    return await eventually(`${id} has ended`, async () => {
      const promise = await this.durable.read(id);
      return promise?.state !== "pending" && promise;
    });
  }

  async outcome(id: string): Promise<Outcome> {
    return (await this.ended(id)).value as Outcome;
  }

  /** Everything stored whose id begins so. */
  async stored(id: string): Promise<string[]> {
    return (await this.durable.family(id)).promises.map((promise) => promise.id);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.rest();
    await this.durable.stop();
    await this.#engine.close();
  }
}
