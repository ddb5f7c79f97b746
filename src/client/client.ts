import type {
  Absence,
  AbsenceList,
  AbsenceRemoved,
  AbsenceRequest,
  Approval,
  ApprovalAct,
  ApprovalHistory,
  ApprovalList,
  ApprovalReference,
  ApprovalRequest,
  BallotAct,
  BallotAnswer,
  BegunWorkflow,
  CancelledApproval,
  ChangeRequest,
  ConsumedAction,
  ConsumeRequest,
  DecideRequest,
  EditRequest,
  ExtendRequest,
  ListedApproval,
  ReassignRequest,
  RecuseRequest,
  ResendRequest,
  RevokedAction,
  RevokeRequest,
  Settlement,
  WorkflowState,
} from "./api-types.ts";
import { type ClientOptions, createSend } from "./transport.ts";

export interface WaitOptions {
  /** How long to wait at most, in milliseconds. Default: until there is an end, or `signal`. */
  readonly timeoutMs?: number;
  /** Ends the wait; the promise rejects with its reason. */
  readonly signal?: AbortSignal;
}

export interface BeginOptions {
  /** Names the workflow; the same id and call again find the one that was started. Default: a UUID. */
  readonly id?: string;
  /** The function's version. Default 1. */
  readonly version?: number;
  /** The worker group that runs it, such as that of a program with a worker of its own. Default: the service's. */
  readonly target?: string;
  /** ISO 8601 duration after which it is over, done or not. Default `P410D`. */
  readonly timeout?: string;
}

/** Conditions of a list, all of which must hold. */
export interface ListOptions {
  readonly status?: Approval["status"];
  /** Address of somebody who was asked. */
  readonly approver?: string;
  /** Address of somebody whose answer is awaited. */
  readonly waitingFor?: string;
  /** Address of the person who asks. */
  readonly requester?: string;
  /** Short members of the metadata, each `name:value`. */
  readonly tags?: readonly string[];
  /** Whole words of the title or the id. */
  readonly q?: string;
  /** Dates in UTC or ISO 8601 instants, as `FROM..BEFORE`; one of them may be left out. */
  readonly created?: string;
  readonly due?: string;
  /** Only standing approvals, or standing refusals, that hold now: those that end the soonest first. Without `sort`. */
  readonly stands?: "approval" | "refusal";
  /** Default `created`: the newest first. `due`: only what is pending, the soonest deadline first. */
  readonly sort?: "created" | "due";
  /** Ends the call that is under way; the promise rejects with its reason. */
  readonly signal?: AbortSignal;
}

export interface PageOptions extends ListOptions {
  /** 1 to 100. Default 25. */
  readonly limit?: number;
  /** `nextCursor` of the page before. */
  readonly cursor?: string;
  /** Whether to count the list, up to about a thousand. */
  readonly total?: boolean;
}

/** Every method rejects with a `CountersignError` when the service refuses, or cannot be reached. */
export interface Client {
  /**
   * Requests an approval. Safe to repeat: with `id` the same id and content mean the same approval, and without one
   * the client sends a key of its own along.
   */
  start(request: ApprovalRequest): Promise<ApprovalReference>;
  /** The approval as it stands. */
  read(id: string): Promise<Approval>;
  /** What happened to the approval, in order. */
  history(id: string): Promise<ApprovalHistory>;
  /** All approvals that match, page by page as they are asked for: `for await (const each of client.list())`. */
  list(options?: ListOptions): AsyncGenerator<ListedApproval, void, undefined>;
  /** One page of them. */
  page(options?: PageOptions): Promise<ApprovalList>;
  /** Waits for the approval's end, and answers it as it stands then, or when the time is up. */
  wait(id: string, options?: WaitOptions): Promise<Approval>;
  /**
   * Cancels the approval, also if the same key has done so before: then `effective` is false. Rejects with the type `conflict`
   * if somebody else has cancelled it, or it has ended otherwise.
   */
  cancel(id: string, options?: { readonly reason?: string }): Promise<CancelledApproval>;
  /** Answers the nth approver's ballot in their place; 1 is the first. `effective` says whether this call decided. */
  decide(id: string, n: number, answer: DecideRequest): Promise<BallotAnswer>;
  /** Hands the nth ballot to somebody else. Rejects with the type `conflict` if something else came first. */
  reassign(id: string, n: number, request: ReassignRequest): Promise<BallotAct>;
  /** Takes the nth approver out of the count. */
  recuse(id: string, n: number, request?: RecuseRequest): Promise<BallotAct>;
  /** Reminds the nth approver, at most once an hour: otherwise it rejects with the type `conflict`. */
  remind(id: string, n: number): Promise<BallotAct>;
  /** Sends the nth approver their links once more, or new ones: then those before stop working. */
  resend(id: string, n: number, request?: ResendRequest): Promise<BallotAct>;
  /** Takes the answer on the nth ballot back, while the request's `undo` allows it: the same person is asked again. */
  undo(id: string, n: number): Promise<BallotAct>;
  /** Changes arguments of the action in the place of the nth ballot's approver, where its schema allows that. Everybody is asked again. */
  edit(id: string, n: number, request: EditRequest): Promise<ApprovalAct>;
  /** Moves the deadline to a later time. */
  extend(id: string, request: ExtendRequest): Promise<ApprovalAct>;
  /** Changes the question, in a new round. */
  change(id: string, request: ChangeRequest): Promise<ApprovalAct>;
  /**
   * Takes the approved action, to run it once: the grant is signed. The same attempt gets the same grant. Rejects with the type
   * `already-consumed`, `not-approved`, `no-longer-valid` or `not-as-approved`: do not run it then.
   */
  consume(id: string, request: ConsumeRequest): Promise<ConsumedAction>;
  /** Takes the approval of an action back. Rejects with the type `already-consumed` if somebody was faster. */
  revoke(id: string, request?: RevokeRequest): Promise<RevokedAction>;
  /** Has somebody asked in place of a person who is away. */
  addAbsence(request: AbsenceRequest): Promise<Absence>;
  /** Rules that hold or will; of one person by their address. */
  absences(person?: string): Promise<readonly Absence[]>;
  /** Ends an absence. */
  removeAbsence(id: string): Promise<AbsenceRemoved>;
  /** Starts any registered workflow, with one argument or none. */
  begin(func: string, argument?: unknown, options?: BeginOptions): Promise<BegunWorkflow>;
  /** Waits for the workflow's end, and returns its state and result. It is pending if the time is up first. */
  result(id: string, options?: WaitOptions): Promise<WorkflowState>;
  /** Settles a promise that a workflow waits for. `effective` says whether this call decided. */
  resolve(id: string, value?: unknown): Promise<Settlement>;
  reject(id: string, reason?: unknown): Promise<Settlement>;
}

/** The largest page that there is. */
const PAGE = 100;
/** One call of a wait: proxies let connections that carry nothing live for a minute. */
const TURN_MS = 20_000;

export function createClient(options: ClientOptions): Client {
  const send = createSend(options);
  const approvalPath = (id: string) => `/approvals/${encodeURIComponent(id)}`;

  const read = (id: string, signal?: AbortSignal): Promise<Approval> =>
    send({ method: "GET", path: approvalPath(id), isRepeatable: true, signal });

  const page: Client["page"] = (options = {}) => {
    const { tags = [], signal, ...others } = options;
    const query = new URLSearchParams(tags.map((tag) => ["tag", tag]));
    for (const [name, value] of Object.entries(others)) {
      if (value !== undefined) query.set(name, String(value));
    }
    return send({ method: "GET", path: `/approvals?${query}`, isRepeatable: true, signal });
  };

  async function* list(options: ListOptions = {}): AsyncGenerator<ListedApproval, void, undefined> {
    let cursor: string | undefined;
    do {
      const from = cursor === undefined ? {} : { cursor };
      const { items, nextCursor } = await page({ ...options, limit: PAGE, ...from });
      yield* items;
      cursor = nextCursor;
    } while (cursor !== undefined);
  }

  const result: Client["result"] = async (id, { timeoutMs = Number.POSITIVE_INFINITY, signal } = {}) => {
    const endAt = performance.now() + timeoutMs;
    for (;;) {
      const leftMs = Math.max(0, endAt - performance.now());
      const seconds = Math.ceil(Math.min(leftMs, TURN_MS) / 1000);
      const state = await send<WorkflowState>({
        method: "GET",
        path: `/wait?id=${encodeURIComponent(id)}`,
        headers: { prefer: `wait=${seconds}` },
        isRepeatable: true,
        waitMs: seconds * 1000,
        signal,
      });
      if (state.status !== "pending" || performance.now() >= endAt) return state;
    }
  };

  const settle = (id: string, verb: "resolve" | "reject", value: unknown): Promise<Settlement> =>
    send({
      method: "POST",
      path: `/promises/${encodeURIComponent(id)}/${verb}`,
      body: value,
      // Sent again, it would be told that something stands already, and not that this call put it there.
      isRepeatable: false,
      answers: [409, 410],
    });

  // Under a key of its own, it takes effect once, however often it is sent.
  const act = <Result>(path: string, body?: unknown): Promise<Result> =>
    send({
      method: "POST",
      path,
      body,
      headers: { "idempotency-key": crypto.randomUUID() },
      isRepeatable: true,
    });

  return {
    read: (id) => read(id),
    list,
    page,
    history: (id) => send({ method: "GET", path: `${approvalPath(id)}/history`, isRepeatable: true }),
    result,
    start: (request) =>
      send({
        method: "POST",
        path: "/approvals",
        body: request,
        headers: request.id === undefined ? { "idempotency-key": crypto.randomUUID() } : {},
        isRepeatable: true,
      }),
    async wait(id, waitOptions) {
      await result(id, waitOptions);
      return read(id, waitOptions?.signal);
    },
    cancel: (id, { reason } = {}) =>
      act(`${approvalPath(id)}/cancel`, reason === undefined ? {} : { reason }),
    decide: (id, n, answer) =>
      send({
        method: "POST",
        path: `${approvalPath(id)}/ballots/${n}/decide`,
        body: answer,
        isRepeatable: false,
        answers: [409, 410],
      }),
    reassign: (id, n, request) => act(`${approvalPath(id)}/ballots/${n}/reassign`, request),
    recuse: (id, n, request = {}) => act(`${approvalPath(id)}/ballots/${n}/recuse`, request),
    remind: (id, n) => act(`${approvalPath(id)}/ballots/${n}/remind`),
    resend: (id, n, request = {}) => act(`${approvalPath(id)}/ballots/${n}/resend`, request),
    undo: (id, n) => act(`${approvalPath(id)}/ballots/${n}/undo`),
    edit: (id, n, request) => act(`${approvalPath(id)}/ballots/${n}/edit`, request),
    extend: (id, request) => act(`${approvalPath(id)}/extend`, request),
    change: (id, request) => act(`${approvalPath(id)}/change`, request),
    // The attempt names the call.
    consume: (id, request) =>
      send({ method: "POST", path: `${approvalPath(id)}/consume`, body: request, isRepeatable: true }),
    revoke: (id, request = {}) => act(`${approvalPath(id)}/revoke`, request),
    addAbsence: (request) => act("/absences", request),
    async absences(person) {
      const absences: Absence[] = [];
      const query = new URLSearchParams(person === undefined ? {} : { person });
      for (;;) {
        const path = query.size === 0 ? "/absences" : `/absences?${query}`;
        const page = await send<AbsenceList>({ method: "GET", path, isRepeatable: true });
        absences.push(...page.absences);
        if (page.nextCursor === undefined) return absences;
        query.set("cursor", page.nextCursor);
      }
    },
    removeAbsence: (id) => act(`/absences/${encodeURIComponent(id)}/remove`),
    begin(func, argument, { id = crypto.randomUUID(), version, target, timeout } = {}) {
      const query = new URLSearchParams({ func, id });
      if (version !== undefined) query.set("version", String(version));
      if (target !== undefined) query.set("target", target);
      if (timeout !== undefined) query.set("timeout", timeout);
      return send({ method: "POST", path: `/begin?${query}`, body: argument, isRepeatable: true });
    },
    resolve: (id, value) => settle(id, "resolve", value),
    reject: (id, reason) => settle(id, "reject", reason),
  };
}
