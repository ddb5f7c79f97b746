/**
 * Remembers what the engine has told of the promises of each task that runs here, and stores steps as `STEP_TAG` asks.
 *
 * T1 What was told is kept while the pass goes on, and forgotten when it ends. A settled record never changes, so it need
 *    not be asked for again. A pending one may have been settled since: it is as old as what the workflow itself sees.
 * T2 A step is taken as one that is not stored yet only where that is certain, because it would run a second time
 *    otherwise: in the first pass of a workflow, before which nothing can have been stored, and after that where the engine
 *    has sent along all that the task has. Elsewhere the SDK's own request asks for it: on a server that sends less,
 *    steps after the first pass take the two requests that they take without this.
 * T3 A step that is tagged `at-end` is stored in one request, with its result; one tagged `never` not at all, and neither
 *    is one tagged `unless-last` whose result says that it is the last. One that failed is stored as the SDK does it.
 * T4 A pass can go on here after it has lost its task to a newer pass, here too: a worker that was frozen, or a step that
 *    outlived its lease. What a pass was told and began is its own, by the version of the task. Requests of an older
 *    version go to the engine, which refuses them.
 */
import type {
  Network,
  PromiseCreateReq,
  PromiseRecord,
  PromiseSettleReq,
  Request,
  Response,
  Send,
  TaskFenceReq,
} from "@resonatehq/sdk";
import { branchOf, isTimer } from "../../src/durable/lineage.ts";
import { createEnded, isStored, stepRecord, storageOf } from "../../src/durable/step-record.ts";
import { NetworkBetween } from "./network-between.ts";
import { RecentCalls } from "./recent-calls.ts";

export class StepNetwork extends NetworkBetween {
  /** The engine's clock, in milliseconds since 1970. */
  readonly #now: () => number;
  readonly #passes = new Map<string, Pass>();
  readonly #calls = new RecentCalls();

  constructor(inner: Network, now: () => number) {
    super(inner);
    this.#now = now;
  }

  /** What the engine has told the pass of this task of one of its promises (T1). */
  told(task: string, id: string): PromiseRecord | undefined {
    return this.#passes.get(task)?.records.get(id);
  }

  /**
   * The record of a workflow that ran here lately, as its last pass got it. Of that, call, tags and times hold for good; a
   * workflow that was deleted and begun again under the same id has other times.
   */
  begun(task: string): PromiseRecord | undefined {
    return this.#calls.of(task);
  }

  // An arrow, because the SDK detaches it from the network.
  send: Send = async <K extends Request["kind"]>(request: Extract<Request, { kind: K }>) =>
    (await this.#send(request)) as Extract<Response, { kind: K }>;

  async #send(request: Request): Promise<Response> {
    switch (request.kind) {
      case "task.acquire": {
        const response = await this.inner.send(request);
        if (response.head.status !== 200) return response;
        return this.#begin(request.data.id, response);
      }
      case "task.suspend": {
        const response = await this.inner.send(request);
        if (response.head.status === 200) this.#forget(request.data);
        // 300: something awaited is settled already, and the workflow is gone through once more.
        return response.head.status === 300 ? this.#goOn(request.data, response) : response;
      }
      case "task.release":
      case "task.fulfill":
        this.#forget(request.data);
        return await this.inner.send(request);
      case "task.fence":
        return await this.#fence(request);
      case "task.create":
        return readSteps(await this.inner.send(request));
      default:
        return await this.inner.send(request);
    }
  }

  #begin(id: string, response: Response): Response {
    const data = response.data as Acquired;
    const preload = (data.preload ?? []).map(stepRecord);
    // A timer's task is dropped without a word.
    if (!isTimer(data.promise.tags)) {
      this.#calls.note(data.promise);
      const records = new Map(preload.map((record) => [record.id, record]));
      const { version } = data.task;
      const isComplete = version === 1 || isAll(data.promise, preload);
      this.#passes.set(id, { version, records: records.set(id, data.promise), begun: new Map(), isComplete });
    }
    return { ...response, data: { ...data, preload } } as Response;
  }

  /** The pass that holds, or held, a task at this version; undefined if a newer one has taken its place (T4). */
  #passOf({ id, version }: Held): Pass | undefined {
    const pass = this.#passes.get(id);
    return pass?.version === version ? pass : undefined;
  }

  #forget(held: Held): void {
    if (this.#passOf(held) !== undefined) this.#passes.delete(held.id);
  }

  #goOn(held: Held, response: Response): Response {
    const pass = this.#passOf(held);
    const read = readSteps(response);
    for (const record of (read.data as Preloading).preload ?? []) pass?.records.set(record.id, record);
    return read;
  }

  async #fence(request: TaskFenceReq): Promise<Response> {
    const { action } = request.data;
    const pass = this.#passOf(request.data);
    if (pass === undefined) return readSteps(await this.inner.send(request));
    if (action.kind === "promise.create") {
      const stored = pass.records.get(action.data.id);
      const storage = storageOf(action.data.tags);
      if (storage !== undefined && stored !== undefined) return answered(request, stored);
      if (storage === undefined || !pass.isComplete) return await this.#passOn(pass, request);
      pass.begun.set(action.data.id, action);
      return answered(request, begunAt(action, this.#now()));
    }
    const begun = pass.begun.get(action.data.id);
    if (begun === undefined) return await this.#passOn(pass, request);
    // Kept until it is stored: a result that is refused is followed by an error in its place.
    const response = await this.#end(pass, request, begun, action);
    pass.begun.delete(action.data.id);
    return response;
  }

  async #end(
    pass: Pass,
    request: TaskFenceReq,
    begun: PromiseCreateReq,
    ended: PromiseSettleReq,
  ): Promise<Response> {
    if (ended.data.state !== "resolved") {
      const created = await this.#passOn(pass, { ...request, data: { ...request.data, action: begun } });
      return created.head.status === 200 ? await this.#passOn(pass, request) : created;
    }
    if (!isStored(storageOf(begun.data.tags), ended.data.value)) {
      return answered(request, endedAt(begunAt(begun, this.#now()), ended, this.#now()));
    }
    const action = createEnded(begun, ended, this.#now() - CERTAINLY_OVER_MS);
    const created = await this.#passOn(pass, { ...request, data: { ...request.data, action } });
    const record = pass.records.get(begun.data.id);
    return created.head.status === 200 && record !== undefined ? answered(request, record) : created;
  }

  async #passOn(pass: Pass, request: TaskFenceReq): Promise<Response> {
    const response = readSteps(await this.inner.send(request));
    const promise = (response.data as Fenced).action?.data?.promise;
    if (response.head.status === 200 && promise !== undefined) pass.records.set(promise.id, promise);
    return response;
  }
}

/** One stay of a task at this worker, from its acquisition on. */
interface Pass {
  readonly version: number;
  /** What was told of each promise, last. */
  readonly records: Map<string, PromiseRecord>;
  /** Steps under way that are not stored. */
  readonly begun: Map<string, PromiseCreateReq>;
  /** Whether what is not in `records` is not stored (T2). */
  readonly isComplete: boolean;
}

interface Held {
  readonly id: string;
  readonly version: number;
}

interface Preloading {
  readonly preload?: readonly PromiseRecord[];
}

interface Acquired extends Preloading {
  readonly promise: PromiseRecord;
  readonly task: { readonly version: number };
}

interface Fenced {
  readonly action?: { readonly data?: { readonly promise?: PromiseRecord } };
}

/**
 * An answer whose records are as the SDK stores steps: that of the promise within, and those that are sent along. Resonate
 * Server sends records along with every fenced request, and the SDK believes the last that it was sent.
 */
function readSteps(response: Response): Response {
  const { preload, action } = response.data as Preloading & Fenced;
  const promise = action?.data?.promise;
  if (preload === undefined && promise === undefined) return response;
  const data = {
    ...(response.data as object),
    ...(preload && { preload: preload.map(stepRecord) }),
    ...(promise && { action: { ...action, data: { ...action?.data, promise: stepRecord(promise) } } }),
  };
  return { ...response, data } as Response;
}

/** More than the engine's clock, as known here, can be ahead of the engine's own. */
const CERTAINLY_OVER_MS = 1_000;
/** Far below what the embedded engine sends along at most: 1,000 promises, and 16 MiB. */
const ALL_MAX = 500;
const ALL_CHARS_MAX = 1024 * 1024;

/**
 * Whether the engine has sent along everything that the task has. Servers that send only what is of the task's own branch,
 * or the first few of that, never send a child that is a branch of its own, as an approval's end and ballots are.
 */
function isAll({ tags }: PromiseRecord, preload: readonly PromiseRecord[]): boolean {
  const chars = preload.reduce(
    (sum, { param, value }) => sum + (param.data?.length ?? 0) + (value.data?.length ?? 0),
    0,
  );
  if (preload.length > ALL_MAX || chars > ALL_CHARS_MAX) return false;
  return preload.some((child) => branchOf(child.tags) !== branchOf(tags));
}

function begunAt({ data: { id, timeoutAt, tags, param } }: PromiseCreateReq, nowMs: number): PromiseRecord {
  return { id, state: "pending", param, value: {}, tags, timeoutAt, createdAt: nowMs };
}

function endedAt(begun: PromiseRecord, { data: { value } }: PromiseSettleReq, nowMs: number): PromiseRecord {
  return { ...begun, state: "resolved", value, settledAt: nowMs };
}

/** The engine's answer to a fenced request, if it were asked. */
function answered({ kind, head, data: { action } }: TaskFenceReq, promise: PromiseRecord): Response {
  const { corrId, version } = head;
  const inner = { corrId: action.head.corrId, status: 200, version };
  const data = { action: { kind: action.kind, head: inner, data: { promise } }, preload: [] };
  return { kind, head: { corrId, status: 200, version }, data } as Response;
}
