/**
 * Runs a workflow to its end in this process: the real engine in memory, the real worker, and a clock that jumps from one
 * thing that happens to the next. Only people, mail and outgoing callbacks are played.
 */
import { randomBytes, randomUUID } from "node:crypto";
import type { Context } from "@resonatehq/sdk";
import type { Delivery, Outcome } from "../../src/approval/approval.ts";
import { WORKFLOW_TIME } from "../../src/approval/call.ts";
import { requestOf } from "../../src/approval/stored.ts";
import { createAddressPolicy } from "../../src/callback/address-policy.ts";
import type { AskMail, Mail } from "../../src/channels/mail/mailer.ts";
import type { StoredPromise } from "../../src/durable/durable.ts";
import { cancelApproval } from "../../src/service/approvals/cancel.ts";
import { answerBallot } from "../../src/service/approvals/decide.ts";
import { type ArrivingEvent, meet } from "../../src/service/webhooks/meet.ts";
import { createLinkTokens } from "../../src/tokens/tokens.ts";
import { WORKFLOW_KIND, type Workflow, workflowProblems } from "../../src/workflows/workflow.ts";
import { registrationOf } from "../runtime/own-workflow.ts";
import type { GivenServices } from "../runtime/services.ts";
import { PRODUCT_WORKFLOWS, type Registration } from "../workflows/index.ts";
import { type Approver, type Asked, askedBy, ballotOf, durationMs, type Press, pressOf } from "./approver.ts";
import { LIMIT_MS, START, VirtualService } from "./virtual-service.ts";
import { arrivalOf, type TestWebhook } from "./webhook.ts";

/** What `defineWorkflow` makes. */
export interface TestedWorkflow<Input, Result> {
  readonly name: string;
  readonly version?: number;
  readonly input?: Workflow["input"];
  // A method, so that a workflow of a narrower argument is one, too.
  run(ctx: Context, input: Input): Generator<unknown, Result>;
}

export interface TestOptions<Input> {
  /** The workflow's argument. */
  readonly input: Input;
  /** Answers for all approvers. Default: nobody answers. */
  readonly approver?: Approver;
  /** When the workflow starts. Default: 2030-01-01T09:00:00Z, so that a test sees the same dates each time. */
  readonly now?: Date | string;
  /** How long the workflow may take, as an ISO 8601 duration. Default `P410D`, as over HTTP. */
  readonly timeout?: string;
  /** The workflow's id. Default `test`. */
  readonly id?: string;
  /** Workflows that this one calls by name. */
  readonly workflows?: readonly TestedWorkflow<never, unknown>[];
  /** Webhooks that come meanwhile, for workflows that call `waitForWebhook`. */
  readonly webhooks?: readonly TestWebhook[];
  /** Whether silence may count as approval, as by the setting `ALLOW_APPROVE_BY_DEADLINE`. Default: no. */
  readonly mayApproveByDeadline?: boolean;
  /** Milliseconds of real time after which the test is given up. Default 10,000. */
  readonly limitMs?: number;
}

export interface TestRun<Result> {
  /** What the workflow returned. */
  readonly value: Result;
  /** Every mail to an approver, in order. */
  readonly asked: readonly Asked[];
  /** Outcomes of the workflow's approvals, in the order in which they were asked for. */
  readonly approvals: readonly Outcome[];
  readonly startedAt: Date;
  readonly endedAt: Date;
}

/** The workflow threw, or its time was over. `message` is the workflow's own. */
export class WorkflowFailed extends Error {
  override readonly name = "WorkflowFailed";
  readonly status: "rejected" | "canceled" | "timedout";

  constructor(status: WorkflowFailed["status"], message: string, options?: ErrorOptions) {
    super(message, options);
    this.status = status;
  }
}

const GROUP = "worker";
const PUBLIC_URL = "http://countersign.test";

/**
 * Starts the workflow, lets time pass until it has ended, and returns its result.
 *
 *     const { value } = await testWorkflow(purchase, {
 *       input: { item: "laptop", approvers: ["ana@example.com"] },
 *       approver: ({ title }) => (title.includes("laptop") ? "approve" : { choice: "reject", after: "P2D" }),
 *     });
 *
 * Days cost milliseconds: deadlines, `ctx.sleep` and all other durable waits go by the virtual clock, as `ctx.date.now()`
 * does. What steps do by themselves takes real time, and so do the pauses between two tries of a step that fails.
 *
 * @throws WorkflowFailed when the workflow throws or its time is over; whatever the approver throws;
 * TypeError for options that cannot be used; Error when it is not over within `limitMs`
 */
export async function testWorkflow<Input, Result>(
  workflow: TestedWorkflow<Input, Result>,
  options: TestOptions<Input>,
): Promise<TestRun<Result>> {
  const test = new WorkflowTest(workflow, options);
  try {
    return (await test.run(options.input)) as TestRun<Result>;
  } finally {
    await test.stop();
  }
}

/** @throws TypeError when one of them could not be registered, or two have the same name and version */
function registrations(workflows: readonly TestedWorkflow<never, unknown>[]): Registration[] {
  for (const workflow of workflows) {
    const problems = workflowProblems({ version: 1, ...workflow });
    if (problems.length > 0) throw new TypeError(`Cannot test ${workflow.name}: ${problems.join("; ")}`);
  }
  const names = new Set(workflows.map(({ name, version = 1 }) => `${name} v${version}`));
  if (names.size < workflows.length) {
    throw new TypeError("workflows must not hold two of the same name and version, nor the tested one again");
  }
  return [
    ...PRODUCT_WORKFLOWS,
    ...workflows.map(({ name, version = 1, input, run }) =>
      registrationOf({ kind: WORKFLOW_KIND, name, version, input, run: run as Workflow["run"] }),
    ),
  ];
}

class WorkflowTest {
  readonly #service: VirtualService;
  readonly #timeoutMs: number;
  readonly #id: string;
  readonly #workflow: TestedWorkflow<never, unknown>;
  readonly #approver: Approver;
  readonly #asked: Asked[] = [];

  constructor(workflow: TestedWorkflow<never, unknown>, options: TestOptions<unknown>) {
    const { now = START, timeout, id = "test", approver = () => "ignore", limitMs = LIMIT_MS } = options;
    const registered = registrations([workflow, ...(options.workflows ?? [])]);
    const arrivals = (options.webhooks ?? []).map(arrivalOf);
    this.#timeoutMs = timeout === undefined ? WORKFLOW_TIME.defaultMs : durationMs("timeout", timeout);
    this.#id = id;
    this.#workflow = workflow;
    this.#approver = approver;
    this.#service = new VirtualService({
      what: `The workflow ${workflow.name}`,
      now,
      limitMs,
      group: GROUP,
      workflows: registered,
      services: (service) => ({
        ...this.#services(service),
        mayApproveByDeadline: options.mayApproveByDeadline,
      }),
    });
    for (const { event, afterMs } of arrivals) {
      this.#service.after(afterMs, () => this.#arrive(event));
    }
  }

  stop(): Promise<void> {
    return this.#service.stop();
  }

  async run(input: unknown): Promise<TestRun<unknown>> {
    const { durable, startedAtMs } = this.#service;
    const { name, version = 1 } = this.#workflow;
    await durable.start({
      id: this.#id,
      func: name,
      args: input === undefined ? [] : [input],
      version,
      timeoutAt: startedAtMs + this.#timeoutMs,
    });
    return await this.#result(await this.#service.settled(this.#id));
  }

  async #result(root: StoredPromise): Promise<TestRun<unknown>> {
    if (root.state === "timedout") {
      throw new WorkflowFailed(
        "timedout",
        `The workflow ${this.#workflow.name} was not over when its time was`,
      );
    }
    if (root.state !== "resolved") {
      const message = root.value instanceof Error ? root.value.message : JSON.stringify(root.value);
      throw new WorkflowFailed(root.state === "canceled" ? "canceled" : "rejected", message, {
        cause: root.value,
      });
    }
    const ids = [...new Set(this.#asked.map(({ approval }) => approval))];
    const approvals = await Promise.all(ids.map((id) => this.#service.durable.read(id)));
    return {
      value: root.value,
      asked: this.#asked,
      approvals: approvals.flatMap((approval) =>
        approval?.state === "resolved" ? [approval.value as Outcome] : [],
      ),
      startedAt: new Date(this.#service.startedAtMs),
      endedAt: new Date(root.settledAt ?? this.#service.now()),
    };
  }

  #services(service: VirtualService): GivenServices {
    const targets = { ports: [443], allow: { hosts: [], networks: [] } };
    return {
      mailer: {
        requestDecision: (mail) => this.#mailed({ kind: "request", ...mail }),
        send: (mail) => this.#mailed(mail),
        inbox: async () => ({ status: "skipped" }),
        close: async () => {},
      },
      callbacks: {
        endpointsFor: () => [],
        urlProblem: createAddressPolicy(targets).problem,
        // Tests call no receivers.
        attempt: async (_callback, n) => ({
          kind: "attempt",
          n,
          at: new Date(service.now()).toISOString(),
          ms: 0,
          result: "2xx",
          next: { kind: "end", status: "delivered" },
        }),
      },
      tokens: createLinkTokens({ keys: [{ kid: "test", secret: randomBytes(32) }], issuer: PUBLIC_URL }),
      publicUrl: PUBLIC_URL,
      group: GROUP,
    };
  }

  /** People react when they are asked, and not to what they are only told. */
  async #mailed(mail: Mail): Promise<Delivery> {
    if ("links" in mail && mail.kind !== "reminder") this.#service.act(this.#ask(mail));
    return { status: "sent", messageId: `<${mail.recipient}@countersign.test>` };
  }

  async #ask(mail: AskMail): Promise<void> {
    const asked = askedBy(mail, this.#service.now());
    this.#asked.push(asked);
    const press = pressOf(await this.#approver(asked));
    if (press !== undefined) this.#service.after(press.afterMs, () => this.#press(mail, press));
  }

  async #press(mail: AskMail, { choice, comment }: Press): Promise<void> {
    const { durable } = this.#service;
    if (choice === "cancel") {
      const root = await durable.read(mail.approval);
      const request = root && requestOf(root);
      if (root === undefined || request === undefined || root.state !== "pending") return;
      const cancelling = { durable, signal: new AbortController().signal };
      const act = { reason: comment, door: "api", nonce: randomUUID() } as const;
      await cancelApproval(cancelling, { root, request }, act);
      return;
    }
    const answer = { choice, comment, door: "mail", nonce: randomUUID() } as const;
    await answerBallot(durable, ballotOf(mail), mail, answer);
  }

  async #arrive(event: ArrivingEvent): Promise<void> {
    await meet(this.#service.durable, this.#service.now(), event);
  }
}
