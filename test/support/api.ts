import type { ApprovalView } from "../../src/approval/view.ts";
import { eventually, HANGS_MS } from "./eventually.ts";
import { type Called, call, post } from "./http.ts";

/** The body of `GET /wait`. */
export interface Waited {
  readonly status: "pending" | "resolved" | "rejected" | "canceled" | "timedout";
  readonly promise_id?: string;
  readonly result?: unknown;
  readonly error?: string;
}

export interface BeginOptions {
  readonly func?: string;
  readonly version?: number;
  readonly target?: string;
  readonly timeout?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A gateway waits for its engine for a little longer than this, and then answers 503. */
export const ENGINE_PATIENCE_MS = 9_500;
const TRIES_MAX = 10;

/** The HTTP API as a program uses it. Throws on statuses that its callers do not expect; `…Raw` answers them all. */
export class Api {
  readonly origin: string;
  /** How often a request was sent again because the engine was late. */
  sentAgain = 0;
  readonly #patienceMs: number;

  /** @param options.patienceMs what a 503 must have taken at least to be one of an engine that is late */
  constructor(origin: string, { patienceMs = ENGINE_PATIENCE_MS } = {}) {
    this.origin = origin;
    this.#patienceMs = patienceMs;
  }

  beginRaw(id: string | undefined, arg?: unknown, options: BeginOptions = {}): Promise<Called> {
    const query = new URLSearchParams({
      ...(id === undefined ? {} : { id }),
      ...(options.func === undefined ? {} : { func: options.func }),
      ...(options.version === undefined ? {} : { version: String(options.version) }),
      ...(options.target === undefined ? {} : { target: options.target }),
      ...(options.timeout === undefined ? {} : { timeout: options.timeout }),
    });
    return post(`${this.origin}/begin?${query.toString()}`, arg, options.headers);
  }

  /** Starts a workflow; answers its id. */
  async begin(id: string | undefined, arg?: unknown, options: BeginOptions = {}): Promise<string> {
    const answer = expectStatus(await this.beginRaw(id, arg, options), 200);
    return String(answer.json()["promise"]);
  }

  waitRaw(id: string, seconds?: number): Promise<Called> {
    const headers: Record<string, string> = seconds === undefined ? {} : { Prefer: `wait=${seconds}` };
    return call(`${this.origin}/wait?id=${encodeURIComponent(id)}`, { headers });
  }

  /** The state of a workflow, once it has one other than pending or `seconds` are over. */
  async wait(id: string, seconds?: number): Promise<Waited> {
    return JSON.parse(expectStatus(await this.waitRaw(id, seconds), 200).text) as Waited;
  }

  /** Waits until the workflow has ended, over gateways that come and go; answers how. */
  async ended(id: string, { withinMs = 2 * HANGS_MS }: { readonly withinMs?: number } = {}): Promise<Waited> {
    return eventually(
      `${id} has ended`,
      async () => {
        const waited = await this.wait(id, 5);
        return waited.status !== "pending" && waited;
      },
      { withinMs },
    );
  }

  askRaw(request: Readonly<Record<string, unknown>>): Promise<Called> {
    return post(`${this.origin}/approvals`, { title: "Order 40 laptops", ...request });
  }

  /** Requests an approval; answers its id. Says so where it had to ask again. */
  async ask(request: Readonly<Record<string, unknown>>): Promise<string> {
    for (let tries = 1; ; tries++) {
      const startedAt = performance.now();
      const answer = await this.askRaw(request);
      // As it is told to: but only where the gateway has waited for its engine for as long as it does, on a machine that stood still.
      const tookMs = performance.now() - startedAt;
      const isLate = answer.status === 503 && tookMs > this.#patienceMs;
      if (!isLate || request["id"] === undefined || tries === TRIES_MAX) {
        return String(expectStatus(answer, 202).json()["id"]);
      }
      this.sentAgain += 1;
      console.warn(
        `POST /approvals of ${JSON.stringify(request["id"])} is sent again: 503 after ${Math.round(tookMs)} ms`,
      );
    }
  }

  approvalRaw(id: string): Promise<Called> {
    return call(`${this.origin}/approvals/${encodeURIComponent(id)}`);
  }

  async approval(id: string): Promise<ApprovalView> {
    return JSON.parse(expectStatus(await this.approvalRaw(id), 200).text) as ApprovalView;
  }

  /** Waits until the approval is as `is` wants it. */
  async approvalWhen(id: string, fact: string, is: (view: ApprovalView) => boolean): Promise<ApprovalView> {
    return eventually(`${id}: ${fact}`, async () => {
      const view = await this.approval(id);
      return is(view) && view;
    });
  }

  /** Acts on an open approval (such as by `ballots/1/reassign`) while no worker sees to it. */
  async act(id: string, way: string, body: unknown): Promise<Called> {
    return expectStatus(await post(`${this.origin}/approvals/${encodeURIComponent(id)}/${way}`, body), 202);
  }

  /** Cancels, and waits until that is how it has ended: a worker that takes its time is told by 202. */
  async cancelled(id: string): Promise<Record<string, unknown>> {
    return eventually(`${id} is cancelled`, async () => {
      const answer = await this.cancelRaw(id);
      return answer.status !== 202 && expectStatus(answer, 200).json();
    });
  }

  cancelRaw(id: string, reason?: string): Promise<Called> {
    return post(
      `${this.origin}/approvals/${encodeURIComponent(id)}/cancel`,
      reason === undefined ? {} : { reason },
    );
  }
}

export function expectStatus(answer: Called, status: number): Called {
  if (answer.status === status) return answer;
  throw new Error(`Answered ${answer.status}, not ${status}: ${answer.text}`);
}
