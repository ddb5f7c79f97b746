/**
 * A `Network` between the SDK and the engine that keeps one bad workflow from hurting the rest.
 *
 * Left alone, the SDK releases a task that it cannot run (unregistered function, a value that cannot be encoded or
 * decoded, a panic), the server offers it again at once, and the pair spins hundreds of times a second, running the
 * step's side effect each time. No retry can mend such a task, so:
 *
 * G1 a task whose function this worker does not have never reaches the SDK: it is handed back, for another worker that has
 *    it, and rejected when none has shown it for a while. A task is rejected at once if its function has a
 *    way of its own to start and was not started by it, because its effects (signed callbacks) would be for nothing. An
 *    approval that was called by its name is run as a workflow that asks for it;
 * G2 a release that no failed request explains is turned into a rejection with the SDK's own message;
 * G3 a release after a failed request (engine unreachable, fence lost) is passed on, later each time, and again until
 *    the engine hears it: a task that it still takes for ours would lie still for the rest of its lease;
 * G4 what is too large to be stored is never sent: the step or workflow that made it ends as rejected in its place, saying so,
 *    and nothing of it runs again. So is what the engine refuses for good (400, 413);
 * G5 at most `concurrency` tasks run at once; further ones wait here, each once. Callbacks are counted apart: their
 *    receivers may take as long as they like, and no decision waits for them. One host has only some of their places, and
 *    the slow hosts have half of them together, so that a good receiver does not wait for bad ones;
 * G6 once draining, no new task is taken, and the engine is told at once, so that others get them.
 */
import {
  type ExecuteMsg,
  type Message,
  type Network,
  type PromiseRecord,
  type Recv,
  type Request,
  type Response,
  type Send,
  type TaskAcquireReq,
  type TaskFenceReq,
  type TaskFulfillReq,
  type TaskReleaseReq,
  type TaskReleaseRes,
  type Value,
} from "@resonatehq/sdk";
import { isCallbackId, placeIn, placeOf } from "../../src/approval/callback.ts";
import { parentId } from "../../src/approval/ids.ts";
import { cameItsWay, ownWayOf, standInFor } from "../../src/approval/own-ways.ts";
import { storedCallbackOf } from "../../src/approval/stored-callback.ts";
import { isTimer, PROTOCOL_VERSION } from "../../src/durable/lineage.ts";
import { decodeValue, encodeValue, storedBytes, VALUE_BYTES_MAX } from "../../src/durable/value.ts";
import { shortHash } from "../../src/lib/short-hash.ts";
import { Lane } from "./lane.ts";
import type { FailureNotes } from "./sdk-log.ts";
import { UnknownCalls } from "./unknown-calls.ts";
import { failure, rejectionFor, tooLarge, valueIn } from "./value-limit.ts";

export interface GuardOptions {
  /** True if this worker can run that function in that version. */
  readonly has: (func: string, version: number) => boolean;
  /** What `has` knows, for the message. */
  readonly registered: () => readonly string[];
  /** How long a call of a function that `has` does not know is handed back, in milliseconds. Default 0: rejected at once. */
  readonly handBackMs?: number | undefined;
  /** A call is handed back for the first time, for the reason given. */
  readonly onHandBack?: ((id: string, reason: string) => void) | undefined;
  /** The engine's clock, in milliseconds since 1970. Default: this machine's. */
  readonly now?: (() => number) | undefined;
  /** The SDK's latest complaint. */
  readonly failures: FailureNotes;
  /** Tasks that run at once: callbacks, and all others. */
  readonly concurrency: number;
  /** How long a task stays ours without a sign of life, in milliseconds. */
  readonly leaseMs: number;
  /** Bytes of JSON that the engine stores in one value. Default: what the embedded engine does. */
  readonly valueBytesMax?: number | undefined;
}

/** First and longest wait before a task is handed back after a failed request, in milliseconds (G3). */
const RELEASE_DELAY_MS = 250;
const RELEASE_DELAY_MAX_MS = 30_000;
/** After this a step that waits for something outside gives up its task's place: longer than a mail server in order takes. */
const SLOW_MS = 1_000;

/**
 * Callbacks that run at once are this many times as many as other tasks: nearly all they do is wait for an answer. Of one
 * host there are as many times fewer: by default 500 callbacks at once, 5 of them to one host.
 */
const CALLBACKS_FACTOR = 10;
/** Places that are remembered. */
const PLACES_MAX = 10_000;
/** Good receivers answer long before. */
const CALLBACK_SLOW_MS = 5_000;

export class GuardedNetwork implements Network {
  readonly unicast: string;
  readonly anycast: string;
  readonly #inner: Network;
  readonly #options: GuardOptions;
  readonly #valueBytesMax: number;
  readonly #callbacks: Lane<ExecuteMsg>;
  readonly #others: Lane<ExecuteMsg>;
  /** Whom callbacks go to whose ids do not tell: those of workflows' ends. Each is on its own until it has run here once. */
  readonly #places = new Map<string, string>();
  /** Tasks that wait for something slow in a step, with how many such steps they have. */
  readonly #apart = new Map<string, number>();
  /** Tasks whose latest request failed, with how often in a row. */
  readonly #failed = new Map<string, number>();
  /** Tasks whose pass has ended for a reason of ours, until the SDK gives them up. */
  readonly #ending = new Map<string, "rejected" | "replays">();
  readonly #unknown: UnknownCalls;
  /** Tasks on their way back. */
  readonly #leaving = new Set<Promise<void>>();
  /** Ends the wait of each. */
  readonly #hurry = new Set<() => void>();
  #deliver: (message: Message) => void = () => {};
  #draining = false;
  #onIdle: (() => void) | undefined;

  constructor(inner: Network, options: GuardOptions) {
    this.#inner = inner;
    this.#options = options;
    this.#valueBytesMax = options.valueBytesMax ?? VALUE_BYTES_MAX.embedded;
    const { concurrency, leaseMs, handBackMs = 0, now = Date.now } = options;
    this.#unknown = new UnknownCalls({ handBackMs, leaseMs, now });
    this.#others = new Lane({ max: concurrency, maxOfKey: concurrency, slowMs: Infinity, keyOf: () => "" });
    this.#callbacks = new Lane({
      max: concurrency * CALLBACKS_FACTOR,
      maxOfKey: Math.min(concurrency, Math.max(2, Math.ceil(concurrency / CALLBACKS_FACTOR))),
      slowMs: CALLBACK_SLOW_MS,
      keyOf: (id) => placeIn(id) || (this.#places.get(id) ?? id),
    });
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
      if (message.kind === "execute") this.#execute(message);
      else callback(message);
    });
  };

  /** Takes no further task and resolves when those running have suspended, ended, or been handed back. */
  async drain(): Promise<void> {
    this.#draining = true;
    for (const goNow of this.#hurry) goNow();
    for (const lane of this.#lanes) lane.clear();
    // Ends deliveries alone: requests of the tasks under way still go out.
    await this.#inner.stop();
    if (!this.#isIdle) await new Promise<void>((resolve) => (this.#onIdle = resolve));
    await Promise.all(this.#leaving);
  }

  /**
   * Awaits what a step of this workflow does. If it takes long, the task gives up its place among those that run until
   * it is done; it stays this worker's, and its lease is renewed as before.
   */
  async apart<T>(workflow: string, work: Promise<T>): Promise<T> {
    let task: string | undefined;
    const timer = setTimeout(() => {
      task = this.#leavePlace(workflow);
    }, SLOW_MS);
    try {
      return await work;
    } finally {
      clearTimeout(timer);
      if (task !== undefined) this.#takePlace(task);
    }
  }

  #leavePlace(workflow: string): string | undefined {
    for (let id: string | undefined = workflow; id !== undefined; id = parentId(id)) {
      const steps = this.#apart.get(id);
      if (steps !== undefined) {
        this.#apart.set(id, steps + 1);
        return id;
      }
      if (!this.#others.runs(id)) continue;
      if (this.#apart.size >= this.#options.concurrency) return undefined;
      this.#apart.set(id, 1);
      this.#others.end(id);
      this.#startNext(this.#others);
      return id;
    }
    return undefined;
  }

  /** For a while one more may run than may begin. */
  #takePlace(id: string): void {
    const steps = this.#apart.get(id);
    if (steps === undefined) return;
    if (steps > 1) this.#apart.set(id, steps - 1);
    else {
      this.#apart.delete(id);
      this.#others.begin(id);
    }
  }

  // An arrow, because the SDK detaches it from the network.
  send: Send = async <K extends Request["kind"]>(request: Extract<Request, { kind: K }>) =>
    (await this.#send(request)) as Extract<Response, { kind: K }>;

  async #send(request: Request): Promise<Response> {
    switch (request.kind) {
      case "task.acquire":
        return await this.#acquire(request);
      case "task.release":
        return await this.#release(request);
      case "task.suspend": {
        const response = await this.#tracked(request.data.id, request);
        // 300: something awaited is settled already, and the pass goes on.
        if (response.head.status === 200) this.#ended(request.data.id);
        return response;
      }
      case "task.fulfill": {
        const response = await this.#fulfill(request);
        this.#ended(request.data.id);
        return response;
      }
      case "task.fence":
        return await this.#fence(request);
      default: {
        // What a step sends by itself: it hears of it as of any other refusal.
        const why = tooLarge(valueIn(request), this.#valueBytesMax);
        return why === undefined
          ? await this.#inner.send(request)
          : refusal(request, 422, `The value ${why}`);
      }
    }
  }

  async #fulfill(request: TaskFulfillReq): Promise<Response> {
    const { id, action } = request.data;
    return await this.#storing(action.data.value, {
      send: () => this.#tracked(id, request),
      instead: (why) =>
        this.#tracked(id, { ...request, data: { ...request.data, action: rejectionFor(action, why) } }),
    });
  }

  /** What a workflow stores in the middle of a pass (G4). */
  async #fence(request: TaskFenceReq): Promise<Response> {
    const { id, version, action } = request.data;
    return await this.#storing(valueIn(action), {
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
        // The SDK would go on with the value that it has, and a replay with the rejection: so this pass ends here.
        this.#ending.set(id, "replays");
        return refusal(request, 409, `${action.data.id} ends as rejected: its outcome ${why}`);
      },
    });
  }

  /** Sends, unless the value is too large, or is refused so that it would be refused each time. */
  async #storing(
    value: Value | undefined,
    way: { readonly send: () => Promise<Response>; readonly instead: (why: string) => Promise<Response> },
  ): Promise<Response> {
    const why = tooLarge(value, this.#valueBytesMax);
    if (why !== undefined) return await way.instead(why);
    try {
      return await way.send();
    } catch (error) {
      const status = refusedForGood(error);
      if (status === undefined) throw error;
      return await way.instead(
        `is refused by the engine, which answers ${status} (${storedBytes(value)} bytes as JSON)`,
      );
    }
  }

  #execute(message: ExecuteMsg): void {
    if (this.#draining) return;
    const { id } = message.data.task;
    const lane = this.#laneOf(id);
    // Also a task that runs here waits: offered again, it has lost its lease, and nobody else was asked.
    lane.wait(id, message);
    this.#startNext(lane);
  }

  async #acquire(request: TaskAcquireReq): Promise<Response> {
    const { id } = request.data;
    this.#laneOf(id).begin(id);
    let response: Response;
    try {
      response = await this.#inner.send(request);
    } catch (error) {
      this.#ended(id);
      throw error;
    }
    if (response.kind !== "task.acquire" || response.head.status !== 200) {
      this.#ended(id);
      return response;
    }
    const acquired = response.data as {
      promise: PromiseRecord;
      task: { version: number };
      preload?: PromiseRecord[];
    };
    const { promise, task, preload = [] } = acquired;
    // The SDK drops a timer's task without a word: its deadline does the work.
    if (isTimer(promise.tags)) this.#ended(id);
    else {
      const judged = this.#judge(promise);
      const call = { id, version: task.version };
      if (judged.kind === "unknown") {
        const met = this.#unknown.meet({ ...call, progressAtMs: latestOf(preload) });
        if (met !== undefined) {
          if (met.times === 1) this.#options.onHandBack?.(id, judged.reason);
          this.#leave({ kind: "task.release", head: request.head, data: call }, met.delayMs);
          return refusal(request, 409, judged.reason);
        }
      }
      if (judged.kind !== "run" && judged.kind !== "run-instead") {
        await this.#reject(call, judged.reason);
        return refusal(request, 409, judged.reason);
      }
      if (judged.kind === "run-instead") {
        const data = { ...acquired, promise: { ...promise, param: encodeValue(judged.call) } };
        return { ...response, data } as Response;
      }
      if (isCallbackId(id) && placeIn(id) === "") this.#learnPlace(id, promise);
    }
    return response;
  }

  #learnPlace(id: string, { param, tags }: PromiseRecord): void {
    const to = storedCallbackOf({ param: decodeValue(param), tags })?.to;
    if (to !== undefined) this.#places.set(id, shortHash(placeOf(to)));
    const [oldest] = this.#places.keys();
    if (this.#places.size > PLACES_MAX && oldest !== undefined) this.#places.delete(oldest);
  }

  /** Whether the SDK can run this call (G1). */
  #judge(promise: PromiseRecord): Judged {
    let call: unknown;
    try {
      call = decodeValue(promise.param);
    } catch {
      return refuse("Cannot run: the stored call is not base64 of JSON");
    }
    if (!isCall(call)) return refuse("Cannot run: the stored call is not of the form {func, args, version}");
    const { func, version = 1 } = call;
    if (!this.#options.has(func, version)) {
      const known = this.#options.registered().join(", ");
      return {
        kind: "unknown",
        reason: `Function "${func}" version ${version} is not registered on this worker; registered: ${known}`,
      };
    }
    if (cameItsWay(func, promise.tags)) return { kind: "run" };
    const standIn = standInFor(func);
    return standIn !== undefined && this.#options.has(standIn, version)
      ? { kind: "run-instead", call: { ...call, func: standIn } }
      : refuse(`Cannot run ${func} when called by its name: ${ownWayOf(func)}`);
  }

  /** The SDK gives up a task: was it the way there (G3) or the task itself (G2)? */
  async #release(request: TaskReleaseReq): Promise<TaskReleaseRes> {
    const { id, version } = request.data;
    // Read before the first await: the SDK logs why and releases in the same turn.
    const reason = this.#options.failures.latest();
    const failures = this.#failed.get(id) ?? 0;
    const ending = this.#ending.get(id);
    this.#ending.delete(id);
    if (ending === "rejected") return released(request);
    if (ending === "replays") {
      try {
        return await this.#handBack(request);
      } finally {
        this.#ended(id);
      }
    }
    if (failures > 0) {
      const delayMs = Math.min(RELEASE_DELAY_MS * 2 ** (failures - 1), RELEASE_DELAY_MAX_MS);
      await new Promise((resolve) => setTimeout(resolve, delayMs));
      try {
        return await this.#handBack(request);
      } finally {
        this.#ended(id);
      }
    }
    await this.#reject({ id, version }, `Cannot continue: ${reason}`);
    return released(request);
  }

  /** Hands back a task that the SDK has not seen. It takes up no place meanwhile: there may be many. */
  #leave(request: TaskReleaseReq, delayMs: number): void {
    this.#ended(request.data.id);
    const leaving = this.#handBackAfter(request, delayMs).finally(() => this.#leaving.delete(leaving));
    this.#leaving.add(leaving);
  }

  async #handBackAfter(request: TaskReleaseReq, delayMs: number): Promise<void> {
    // Of a worker that is told to stop it goes back at once.
    if (delayMs > 0 && !this.#draining) {
      const { promise, resolve } = Promise.withResolvers<void>();
      const timer = setTimeout(resolve, delayMs);
      this.#hurry.add(resolve);
      await promise;
      this.#hurry.delete(resolve);
      clearTimeout(timer);
    }
    // The engine hands it out by itself when the lease is over.
    await this.#handBack(request).catch(() => {});
  }

  async #handBack(request: TaskReleaseReq): Promise<TaskReleaseRes> {
    const leaseEndsAt = performance.now() + this.#options.leaseMs;
    for (;;) {
      try {
        return await this.#inner.send(request);
      } catch (error) {
        if (this.#draining || performance.now() >= leaseEndsAt) throw error;
        await new Promise((resolve) => setTimeout(resolve, RELEASE_DELAY_MS));
      }
    }
  }

  async #reject(task: { id: string; version: number }, reason: string): Promise<void> {
    const head = { corrId: crypto.randomUUID(), version: PROTOCOL_VERSION };
    const value = failure(reason);
    try {
      await this.#inner.send({
        kind: "task.fulfill",
        head,
        data: {
          ...task,
          action: { kind: "promise.settle", head, data: { id: task.id, state: "rejected", value } },
        },
      });
    } finally {
      this.#ended(task.id);
    }
  }

  async #tracked(id: string, request: Request): Promise<Response> {
    try {
      const response = await this.#inner.send(request);
      // 422 comes back the same each time, so it counts as the task's own fault.
      if (response.head.status === 409 || response.head.status === 404) this.#countFailure(id);
      else this.#failed.delete(id);
      return response;
    } catch (error) {
      this.#countFailure(id);
      throw error;
    }
  }

  #countFailure(id: string): void {
    this.#failed.set(id, (this.#failed.get(id) ?? 0) + 1);
  }

  #ended(id: string): void {
    const lane = this.#laneOf(id);
    this.#apart.delete(id);
    lane.end(id);
    this.#startNext(lane);
    if (this.#isIdle) this.#onIdle?.();
  }

  #startNext(lane: Lane<ExecuteMsg>): void {
    if (this.#draining) return;
    const message = lane.next();
    if (message !== undefined) this.#deliver(message);
  }

  #laneOf(id: string): Lane<ExecuteMsg> {
    return isCallbackId(id) ? this.#callbacks : this.#others;
  }

  get #lanes(): readonly Lane<ExecuteMsg>[] {
    return [this.#callbacks, this.#others];
  }

  get #isIdle(): boolean {
    return this.#apart.size === 0 && this.#lanes.every(({ isIdle }) => isIdle);
  }
}

/** When something of a workflow's was last made or ended, in milliseconds since 1970; 0 if there is nothing. */
function latestOf(family: readonly PromiseRecord[]): number {
  return family.reduce((latest, { createdAt, settledAt }) => Math.max(latest, createdAt, settledAt ?? 0), 0);
}

interface StoredCall {
  readonly func: string;
  readonly args: unknown[];
  readonly version?: number;
}

type Judged =
  | { readonly kind: "run" }
  | { readonly kind: "run-instead"; readonly call: StoredCall }
  /** Perhaps another worker can. */
  | { readonly kind: "unknown"; readonly reason: string }
  | { readonly kind: "refuse"; readonly reason: string };

function refuse(reason: string): Judged {
  return { kind: "refuse", reason };
}

function isCall(value: unknown): value is StoredCall {
  if (typeof value !== "object" || value === null) return false;
  const call = value as Record<string, unknown>;
  return (
    typeof call["func"] === "string" &&
    Array.isArray(call["args"]) &&
    (call["version"] === undefined || typeof call["version"] === "number")
  );
}

/** Status with which the engine refuses a request as such: sent again, it would be refused again. */
function refusedForGood(error: unknown): number | undefined {
  const text = error instanceof Error ? error.message : "";
  const status = /^platform failure: (?:HTTP )?(400|413)\b/.exec(text)?.[1];
  return status === undefined ? undefined : Number(status);
}

function refusal({ kind, head }: Request, status: 409 | 422, reason: string): Response {
  return { kind, head: { corrId: head.corrId, status, version: head.version }, data: reason } as Response;
}

function released({ head }: TaskReleaseReq): TaskReleaseRes {
  return {
    kind: "task.release",
    head: { corrId: head.corrId, status: 200, version: head.version },
    data: {},
  };
}
