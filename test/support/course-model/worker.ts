/**
 * A worker for models: it runs the product's own approval workflow, pass by pass, with the product's steps. Each request to
 * the engine waits for its turn, so a worker can be overtaken, or die, between any two of them.
 */
import type { Context, PromiseRecord } from "@resonatehq/sdk";
import type { ApprovalRequest, Judgement, Outcome, Terms } from "../../../src/approval/approval.ts";
import { childId, KIND_TAG } from "../../../src/approval/ids.ts";
import type { Mail } from "../../../src/channels/mail/message.ts";
import { stored } from "../../../src/durable/protocol-client.ts";
import { isStored, storageOf } from "../../../src/durable/step-record.ts";
import { encodeValue } from "../../../src/durable/value.ts";
import type { ProductServices } from "../../../worker/runtime/services.ts";
import { approval } from "../../../worker/workflows/approval.ts";
import { judge } from "../../../worker/workflows/judge.ts";
import type { Turn } from "../interleavings.ts";
import { CHILDREN_MAX, CLOCK, type MapEngine } from "./engine.ts";

type Step = (ctx: Context, ...args: never[]) => Promise<unknown>;

/** What makes a faulty judge of the product's. */
export interface Fault {
  /** In place of settling something with this value. */
  readonly settle?: (value: unknown, engine: Settling) => Promise<PromiseRecord>;
  readonly result?: (judgement: Awaited<ReturnType<typeof judge>>) => Awaited<ReturnType<typeof judge>>;
}

interface Settling {
  /** As the product does. */
  readonly go: () => Promise<PromiseRecord>;
  /** The record as it is, unsettled. */
  readonly leave: () => PromiseRecord;
}

export interface Work {
  readonly engine: MapEngine;
  readonly id: string;
  readonly request: ApprovalRequest;
  readonly terms: Terms;
  /** Whether callbacks tell of what happens. */
  readonly isHeard: boolean;
  /** Whether the engine hands over all promises at once, as the embedded one does. */
  readonly isTogether: boolean;
  /** Whether silence may count as approval. */
  readonly mayApproveByDeadline: boolean;
  readonly onMail: (mail: Mail) => void;
  /** What is wrong between two passes. */
  readonly onLie: (lie: string) => void;
  /** A judgement after which the approval goes on is stored. */
  readonly onJudged?: () => void;
  /** The promises that the workflow waits for; undefined while it runs. */
  readonly onRest: (awaited: readonly string[] | undefined) => void;
  readonly fault?: Fault | undefined;
}

/** Runs the workflow to its end. */
export async function work(task: Work, turn: Turn): Promise<void> {
  const { engine, id, onRest } = task;
  for (;;) {
    const ended = await new Pass(task, turn).run();
    if (ended.kind === "done") {
      await turn({ reads: [CLOCK], writes: [id] }, () => engine.settle(id, encodeValue(ended.outcome)));
      return;
    }
    const { awaited } = ended;
    onRest(awaited);
    await turn(
      { reads: [CLOCK, ...awaited] },
      () => {},
      () => awaited.some((each) => engine.isSettled(each)),
    );
    onRest(undefined);
  }
}

type Command =
  | { readonly kind: "promise"; readonly latent: FakeLatent }
  | { readonly kind: "run"; readonly at: string; readonly step: Step; readonly args: readonly unknown[] }
  | { readonly kind: "begin"; readonly at: string; readonly step: Step; readonly args: readonly unknown[] }
  | { readonly kind: "await"; readonly future: FakeFuture };

class FakeLatent {
  mode = "attached";
  future: FakeFuture | undefined;
  readonly promise: Pick<PromiseRecord, "id" | "param" | "tags" | "timeoutAt">;
  constructor(promise: FakeLatent["promise"]) {
    this.promise = promise;
  }
  *[Symbol.iterator](): Generator<Command, FakeFuture> {
    return yield { kind: "promise", latent: this };
  }
}

class FakeFuture {
  readonly id: string;
  readonly state: "pending" | "completed";
  readonly value:
    | { readonly kind: "value"; readonly value: unknown }
    | { readonly kind: "error" }
    | undefined;
  constructor(id: string, state: FakeFuture["state"], value: FakeFuture["value"]) {
    this.id = id;
    this.state = state;
    this.value = value;
  }
  *[Symbol.iterator](): Generator<Command, unknown> {
    return yield { kind: "await", future: this };
  }
}

function futureOf(record: PromiseRecord): FakeFuture {
  const { state, value } = stored(record);
  if (state === "pending") return new FakeFuture(record.id, "pending", undefined);
  return new FakeFuture(
    record.id,
    "completed",
    state === "resolved" ? { kind: "value", value } : { kind: "error" },
  );
}

type Ended =
  | { readonly kind: "done"; readonly outcome: Outcome }
  | { readonly kind: "rest"; readonly awaited: readonly string[] };

class Pass {
  readonly #task: Work;
  readonly #turn: Turn;
  /** What the engine told this pass. */
  readonly #told = new Map<string, PromiseRecord>();
  #children = 0;

  constructor(task: Work, turn: Turn) {
    this.#task = task;
    this.#turn = turn;
  }

  async run(): Promise<Ended> {
    const { engine, id, request, terms, isTogether } = this.#task;
    if (isTogether) {
      const known = engine.childrenOf(id).map((child) => child.id);
      await this.#turn({ reads: [CLOCK, ...known] }, () => {
        for (const child of engine.childrenOf(id)) this.#told.set(child.id, engine.record(child.id));
      });
    }
    const pass = approval(this.#context(), request, terms);
    const awaited = new Set<string>();
    let answer: unknown;
    for (;;) {
      const next = pass.next(answer);
      if (next.done === true) return { kind: "done", outcome: next.value };
      const command = next.value as Command;
      switch (command.kind) {
        case "promise":
          answer = await this.#create(command.latent);
          if (command.latent.mode === "attached" && !engineSettled(answer))
            awaited.add(command.latent.promise.id);
          break;
        case "run":
          answer = await this.#step(command);
          break;
        case "begin": {
          const value = await this.#step(command);
          answer = new FakeFuture(command.at, "completed", { kind: "value", value });
          break;
        }
        case "await": {
          const { future } = command;
          if (future.state === "pending") return { kind: "rest", awaited: [...awaited] };
          answer = future.value?.kind === "value" ? future.value.value : undefined;
          break;
        }
        default:
          command satisfies never;
      }
    }
  }

  #context(): Context {
    const { engine, id } = this.#task;
    const timeout = engine.record(id).timeoutAt;
    const run =
      (kind: "run" | "begin") =>
      (step: Step, ...args: unknown[]) => {
        const at = this.#next();
        const command = { kind, at, step, args } as const;
        return {
          *[Symbol.iterator](): Generator<Command, unknown> {
            return yield command;
          },
        };
      };
    const context = {
      id,
      info: { timeout, attempt: 1 },
      getDependency: () => this.#services(),
      options: (options: unknown) => options,
      promise: ({ timeout: ms = 0, data, tags = {} }: { timeout?: number; data?: unknown; tags?: object }) =>
        new FakeLatent({
          id: this.#next(),
          param: data === undefined ? {} : encodeValue(data),
          tags: tags as Record<string, string>,
          timeoutAt: Math.min(timeout, engine.nowMs + ms),
        }),
      run: run("run"),
      beginRun: run("begin"),
    };
    return context as unknown as Context;
  }

  #next(): string {
    return childId(this.#task.id, this.#children++);
  }

  async #create(latent: FakeLatent): Promise<FakeFuture> {
    // Given once more, it is not created again.
    if (latent.future !== undefined) return latent.future;
    const { engine, onLie } = this.#task;
    const { promise } = latent;
    const known = this.#told.get(promise.id);
    const record =
      known ??
      (engine.has(promise.id)
        ? await this.#turn({ reads: engine.touching(promise.id) }, () => engine.record(promise.id))
        : await this.#turn({ reads: [CLOCK], writes: [promise.id] }, () => engine.create(promise)));
    if (record.tags[KIND_TAG] !== promise.tags[KIND_TAG]) {
      onLie(`${promise.id} is ${record.tags[KIND_TAG]}, and a later pass makes it ${promise.tags[KIND_TAG]}`);
    }
    if (JSON.stringify(stored(record).param) !== JSON.stringify(stored({ ...record, ...promise }).param)) {
      onLie(`${promise.id} asks something else in a later pass`);
    }
    this.#told.set(promise.id, record);
    latent.future = futureOf(record);
    return latent.future;
  }

  /** A step whose result is stored when it ends, or not at all. */
  async #step({ at, step, args }: Extract<Command, { readonly kind: "run" | "begin" }>): Promise<unknown> {
    const { engine, onLie, fault } = this.#task;
    const options = args.at(-1) as { readonly tags?: Readonly<Record<string, string>> };
    if (engine.has(at)) {
      const record = engine.stored(at);
      if (record.tags["step"] !== step.name) {
        onLie(`${at} is ${JSON.stringify(record.tags)}, and a later pass makes it ${step.name}`);
      }
      return record.value;
    }
    if (this.#children > CHILDREN_MAX) {
      onLie("it makes ever more promises");
      await new Promise<never>(() => {});
    }
    // Steps look at the clock when they begin.
    await this.#turn({ reads: [CLOCK] }, () => {});
    const made = await step(this.#stepContext(), ...(args.slice(0, -1) as never[]));
    const isJudgement = step === (judge as unknown as Step);
    const result = isJudgement ? (fault?.result?.(made as never) ?? made) : made;
    // What is stored is JSON.
    const value: unknown = JSON.parse(JSON.stringify(result));
    if (!isStored(storageOf(options.tags ?? {}), encodeValue(value))) {
      const { verdict } = value as Partial<Judgement>;
      if (isJudgement && verdict?.kind !== "done") onLie("a judgement that goes on was not stored");
      return value;
    }
    await this.#turn({ reads: [CLOCK], writes: [at] }, () => {
      engine.create({ id: at, param: {}, tags: { step: step.name }, timeoutAt: Number.MAX_SAFE_INTEGER });
      engine.settle(at, encodeValue(value));
    });
    if (isJudgement) this.#task.onJudged?.();
    return value;
  }

  #stepContext(): Context {
    return { info: { attempt: 1 }, getDependency: () => this.#services() } as unknown as Context;
  }

  #services(): ProductServices {
    const { engine, fault, isHeard, mayApproveByDeadline, onMail } = this.#task;
    const turn = this.#turn;
    const promises = {
      get: (id: string) => turn({ reads: engine.touching(id) }, () => engine.record(id)),
      resolve: (id: string, value: PromiseRecord["value"]) => {
        const go = () => turn({ reads: [CLOCK], writes: [id] }, () => engine.settle(id, value));
        const meant: unknown = stored({ ...engine.record(id), state: "resolved", value }).value;
        return fault?.settle?.(meant, { go, leave: () => engine.record(id) }) ?? go();
      },
      // Notices and callbacks touch nothing of the approval, so their moment makes no difference.
      create: async (
        id: string,
        timeoutAt: number,
        { data, tags }: { data: string; tags: Record<string, string> },
      ) => engine.createBeside({ id, timeoutAt, param: { data }, tags }),
    };
    return {
      promises,
      callbacks: { endpointsFor: () => (isHeard ? [{ kind: "endpoint", name: "all" }] : []) },
      mailer: {
        send: async (mail: Mail) => {
          onMail(mail);
          return { status: "sent", messageId: "<m@example.com>" };
        },
      },
      tokens: { issueLink: () => "token", recipientId: (_: string, email: string) => email },
      publicUrl: "https://approvals.example.com",
      apart: (_: string, working: Promise<unknown>) => working,
      traced: (_: string, __: string, work: (context: undefined) => unknown) => work(undefined),
      traceOf: () => undefined,
      begun: () => undefined,
      told: (_: string, id: string) => this.#told.get(id),
      group: "worker",
      mayApproveByDeadline,
      absences: { awayAt: async () => () => undefined },
      now: () => engine.nowMs,
    } as unknown as ProductServices;
  }
}

function engineSettled(future: unknown): boolean {
  return future instanceof FakeFuture && future.state === "completed";
}
