/**
 * A `Network` between the SDK and the engine that keeps one bad workflow from hurting the rest.
 *
 * Left alone, the SDK releases a task that it cannot run (unregistered function, a value that cannot be encoded or
 * decoded, a panic), the server offers it again at once, and the pair spins hundreds of times a second, running the
 * step's side effect each time. No retry can help such a task. So:
 *
 * G1 (`call-check.ts`, `unknown-calls.ts`) a task whose function this worker does not have never reaches the SDK: it is
 *    handed back for a worker that has the function, and rejected if none has taken it for a while. A task of the
 *    product's own, such as a callback, is rejected at once unless the product started it: otherwise a caller could have
 *    anything signed and sent. An approval that was called by its name runs as a workflow that asks for the approval;
 * G2 a release that no failed request explains is turned into a rejection with the SDK's own message;
 * G3 (`hand-back.ts`) a release after a failed request (engine unreachable, fence lost) is passed on, later each time, and
 *    repeated until the engine gets it: otherwise the task would rest until its lease ends;
 * G4 (`value-limit.ts`) a value that is too large to be stored is never sent. The step or workflow that made it is rejected
 *    with a message that says so, and does not run again. The same happens if the engine refuses a value for good (400, 413);
 * G5 (`places.ts`) at most `concurrency` tasks run at once, callbacks counted apart; further ones wait, each once;
 * G6 (`timer-rest.ts`) a timer's task, which no worker runs, is put to rest where the server offers it, or it would be offered
 *    again and again for as long as the timer waits;
 * G7 while draining, no new task is taken, and the engine is told at once, so that other workers get it.
 */
import type {
  Message,
  Network,
  PromiseRecord,
  Recv,
  Request,
  Response,
  Send,
  TaskAcquireReq,
  TaskFenceReq,
  TaskFulfillReq,
  TaskReleaseReq,
  TaskReleaseRes,
} from "@resonatehq/sdk";
import { isTimer } from "../../src/durable/lineage.ts";
import { encodeValue, VALUE_BYTES_MAX } from "../../src/durable/value.ts";
import { type CallCheckOptions, checkCall } from "./call-check.ts";
import { HandBack } from "./hand-back.ts";
import { type HeldTask, refusal, rejectionOf, released } from "./messages.ts";
import { Places } from "./places.ts";
import type { FailureNotes } from "./sdk-log.ts";
import { putToRest } from "./timer-rest.ts";
import { UnknownCalls } from "./unknown-calls.ts";
import { rejectionFor, storing, tooLarge, valueIn } from "./value-limit.ts";

export interface GuardOptions extends CallCheckOptions {
  /** How long a call of a function that `has` does not know is handed back, in milliseconds. Default 0: rejected at once. */
  readonly handBackMs?: number | undefined;
  /** A call is handed back for the first time, for the reason given. */
  readonly onHandBack?: ((id: string, reason: string) => void) | undefined;
  /** The engine's clock, in milliseconds since 1970. Default: this machine's. */
  readonly now?: (() => number) | undefined;
  /** The SDK's latest warning or error. */
  readonly failures: FailureNotes;
  /** Tasks that run at once: callbacks, and all others. */
  readonly concurrency: number;
  /** How long a task stays ours without a heartbeat, in milliseconds. */
  readonly leaseMs: number;
  /** Bytes of JSON that the engine stores in one value. Default: what the embedded engine does. */
  readonly valueBytesMax?: number | undefined;
  /** Told of each task that is taken, and of each that turns out to be another worker's by now. */
  readonly onTask?: ((event: "taken" | "lost") => void) | undefined;
}

/** The engine's reply when it gives us a task. */
interface Acquired {
  readonly promise: PromiseRecord;
  readonly task: { readonly version: number };
  readonly preload?: readonly PromiseRecord[];
}

/** 409 to a request about a task of ours: its lease was over, and another worker may have it. */
function eventOf(kind: Request["kind"], status: number): "taken" | "lost" | undefined {
  if (kind === "task.acquire") return status === 200 ? "taken" : undefined;
  const isOurs = kind === "task.suspend" || kind === "task.fulfill" || kind === "task.fence";
  return isOurs && status === 409 ? "lost" : undefined;
}

export class GuardedNetwork implements Network {
  readonly unicast: string;
  readonly anycast: string;
  readonly #inner: Network;
  readonly #options: GuardOptions;
  readonly #valueBytesMax: number;
  readonly #places: Places;
  readonly #handBack: HandBack;
  readonly #unknown: UnknownCalls;
  /** Tasks whose pass the guard has ended, until the SDK releases them. */
  readonly #ending = new Map<string, "rejected" | "replays">();
  #deliver: (message: Message) => void = () => {};

  constructor(inner: Network, options: GuardOptions) {
    this.#inner = inner;
    this.#options = options;
    this.#valueBytesMax = options.valueBytesMax ?? VALUE_BYTES_MAX.embedded;
    const { concurrency, leaseMs, handBackMs = 0, now = Date.now } = options;
    this.#unknown = new UnknownCalls({ handBackMs, leaseMs, now });
    this.#handBack = new HandBack({ send: (request) => inner.send(request), leaseMs });
    this.#places = new Places({ concurrency, start: (message) => this.#deliver(message) });
    this.unicast = inner.unicast;
    this.anycast = inner.anycast;
  }

  match(target: string): string {
    return this.#inner.match(target);
  }

  init(): Promise<void> {
    return this.#inner.init();
  }

  stop(): Promise<void> {
    return this.#inner.stop();
  }

  recv: Recv = (callback) => {
    this.#deliver = callback;
    this.#inner.recv((message) => {
      if (message.kind === "execute") this.#places.offer(message);
      else callback(message);
    });
  };

  /** Takes no further task and resolves when those running have suspended, ended, or been handed back. */
  async drain(): Promise<void> {
    this.#handBack.hurry();
    this.#places.close();
    // Only ends deliveries: running tasks may still send requests.
    await this.#inner.stop();
    await this.#places.idle();
    await this.#handBack.done();
  }

  /** See `Places.apart`. */
  apart<T>(workflow: string, work: Promise<T>): Promise<T> {
    return this.#places.apart(workflow, work);
  }

  // An arrow, because the SDK detaches it from the network.
  send: Send = async <K extends Request["kind"]>(request: Extract<Request, { kind: K }>) => {
    const response = await this.#send(request);
    const event = eventOf(request.kind, response.head.status);
    if (event !== undefined) this.#options.onTask?.(event);
    return response as Extract<Response, { kind: K }>;
  };

  async #send(request: Request): Promise<Response> {
    switch (request.kind) {
      case "task.acquire":
        return await this.#acquire(request);
      case "task.release":
        return await this.#release(request);
      case "task.suspend": {
        const response = await this.#tracked(request.data.id, request);
        // 300: something awaited is settled already, and the pass goes on.
        if (response.head.status === 200) this.#places.end(request.data.id);
        return response;
      }
      case "task.fulfill": {
        const response = await this.#fulfill(request);
        this.#places.end(request.data.id);
        return response;
      }
      case "task.fence":
        return await this.#fence(request);
      default: {
        // A request that a step sends itself gets the refusal like any other.
        const why = tooLarge(valueIn(request), this.#valueBytesMax);
        return why === undefined
          ? await this.#inner.send(request)
          : refusal(request, 422, `The value ${why}`);
      }
    }
  }

  async #fulfill(request: TaskFulfillReq): Promise<Response> {
    const { id, action } = request.data;
    return await storing(action.data.value, {
      bytesMax: this.#valueBytesMax,
      send: () => this.#tracked(id, request),
      instead: (why) =>
        this.#tracked(id, { ...request, data: { ...request.data, action: rejectionFor(action, why) } }),
    });
  }

  /** What a workflow stores in the middle of a pass (G4). */
  async #fence(request: TaskFenceReq): Promise<Response> {
    const { id, version, action } = request.data;
    return await storing(valueIn(action), {
      bytesMax: this.#valueBytesMax,
      send: () => this.#tracked(id, request),
      instead: async (why) => {
        if (action.kind === "promise.create") {
          const reason = `Cannot continue: the argument or data of ${action.data.id} ${why}`;
          await this.#reject({ id, version }, reason);
          this.#ending.set(id, "rejected");
          return refusal(request, 409, reason);
        }
        const rejection = rejectionFor(action, why);
        const response = await this.#tracked(id, {
          ...request,
          data: { ...request.data, action: rejection },
        });
        if (response.head.status !== 200) return response;
        // The SDK would continue with its own value, and a replay with the rejection. So this pass ends here.
        this.#ending.set(id, "replays");
        return refusal(request, 409, `${action.data.id} ends as rejected: its outcome ${why}`);
      },
    });
  }

  async #acquire(request: TaskAcquireReq): Promise<Response> {
    const { id } = request.data;
    this.#places.begin(id);
    let response: Response;
    try {
      response = await this.#inner.send(request);
    } catch (error) {
      this.#places.end(id);
      throw error;
    }
    if (response.kind !== "task.acquire" || response.head.status !== 200) {
      this.#places.end(id);
      return response;
    }
    const acquired = response.data as Acquired;
    const { promise } = acquired;
    // The SDK silently drops a timer's task; its deadline does the work.
    if (isTimer(promise.tags)) {
      this.#places.end(id);
      await putToRest(this.#inner.send, { id, version: acquired.task.version }, promise);
      return response;
    }
    const checked = checkCall(promise, this.#options);
    switch (checked.kind) {
      case "run":
        this.#places.learnHost(id, promise);
        return response;
      case "run-instead": {
        const data = { ...acquired, promise: { ...promise, param: encodeValue(checked.call) } };
        return { ...response, data } as Response;
      }
      case "unknown":
        if (!this.#leaveToOthers(request, acquired, checked.reason)) {
          await this.#reject({ id, version: acquired.task.version }, checked.reason);
        }
        return refusal(request, 409, checked.reason);
      case "refuse":
        await this.#reject({ id, version: acquired.task.version }, checked.reason);
        return refusal(request, 409, checked.reason);
    }
  }

  /** True if the call goes back for another worker; false if none has shown it for too long (G1). */
  #leaveToOthers({ head, data: { id } }: TaskAcquireReq, acquired: Acquired, reason: string): boolean {
    const { task, preload = [] } = acquired;
    const call = { id, version: task.version };
    const met = this.#unknown.meet({ ...call, progressAtMs: latestOf(preload) });
    if (met === undefined) return false;
    if (met.times === 1) this.#options.onHandBack?.(id, reason);
    // It takes no place meanwhile, because there may be many.
    this.#places.end(id);
    this.#handBack.later({ kind: "task.release", head, data: call }, met.delayMs);
    return true;
  }

  /** The SDK releases a task: because of the connection (G3), or because of the task itself (G2)? */
  async #release(request: TaskReleaseReq): Promise<TaskReleaseRes> {
    const { id, version } = request.data;
    // Read before the first await: the SDK logs why and releases in the same turn.
    const reason = this.#options.failures.latest();
    const failures = this.#handBack.failuresOf(id);
    const ending = this.#ending.get(id);
    this.#ending.delete(id);
    if (ending === "rejected") return released(request);
    if (ending === undefined && failures === 0) {
      await this.#reject({ id, version }, `Cannot continue: ${reason}`);
      return released(request);
    }
    if (ending === undefined) await this.#handBack.pause(failures);
    try {
      return await this.#handBack.now(request);
    } finally {
      this.#places.end(id);
    }
  }

  async #reject(task: HeldTask, reason: string): Promise<void> {
    try {
      await this.#inner.send(rejectionOf(task, reason));
    } finally {
      this.#places.end(task.id);
    }
  }

  async #tracked(id: string, request: Request): Promise<Response> {
    try {
      const response = await this.#inner.send(request);
      // 422 comes back the same each time, so it counts as the task's own fault.
      if (response.head.status === 409 || response.head.status === 404) this.#handBack.failed(id);
      else this.#handBack.succeeded(id);
      return response;
    } catch (error) {
      this.#handBack.failed(id);
      throw error;
    }
  }
}

/** When a promise of the workflow was last created or settled, in milliseconds since 1970; 0 if there is none. */
function latestOf(family: readonly PromiseRecord[]): number {
  return family.reduce((latest, { createdAt, settledAt }) => Math.max(latest, createdAt, settledAt ?? 0), 0);
}
