/**
 * The generic async API: `GET /workflows` lists what can be started, `POST /begin` starts any registered workflow, and
 * `GET /wait` returns its state and result.
 */
import type { IRouter, Request } from "express";
import { CREATOR_TAG } from "../../approval/creator.ts";
import { isPromiseId, PROMISE_ID_CHARS_MAX } from "../../approval/ids.ts";
import type { Durable, StoredPromise } from "../../durable/durable.ts";
import { currentTime } from "../../durable/engine-time.ts";
import { ServiceError } from "../../lib/errors.ts";
import { WAIT_SECONDS_MAX } from "../../openapi/limits.ts";
import type { BegunWorkflow, WorkflowList } from "../../openapi/schemas.ts";
import { callBackOnCompletion } from "../../service/callbacks/on-completion.ts";
import { checkArgument } from "../../workflows/argument.ts";
import type { Catalogue } from "../../workflows/catalogue.ts";
import { audit } from "../http/audit.ts";
import { callerOf, type Needs } from "../http/auth.ts";
import { sendJson } from "../http/json.ts";
import { mayRead, READERS } from "../http/may-read.ts";
import { preferredWait } from "../http/prefer.ts";
import { addRoute } from "../http/routes.ts";
import type { WaitingRoom } from "../http/waiting-room.ts";
import { type Begin, isSameCall, readBegin } from "./begin.ts";
import { describePromise } from "./outcome.ts";

export interface WorkflowRoutesOptions {
  readonly needs: Needs;
  readonly durable: Durable;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
  /** Makes an unguessable id for callers who name none. */
  readonly newId: () => string;
  /** What is wrong with the URL of a receiver; undefined if nothing is. */
  readonly callbackUrlProblem: (url: string) => string | undefined;
  /** Workflows that are known here. */
  readonly catalogue: Catalogue;
  /** Holds those who wait. */
  readonly waiting: WaitingRoom;
}

/** How soon it is worth asking again. */
const RETRY_AFTER_SECONDS = 1;

export function addWorkflowRoutes(router: IRouter, options: WorkflowRoutesOptions): void {
  const { needs, waiting } = options;

  const list: WorkflowList = { workflows: options.catalogue.listed };
  const listed = JSON.stringify(list);
  addRoute(router, "/workflows", {
    GET: needs("workflows:read", (_req, res) => sendJson(res, listed)),
  });

  addRoute(router, "/begin", {
    POST: needs("workflows:begin", async (req, res) => {
      const promise = await begin(options, req, callerOf(res)?.client);
      audit(res, { what: "begin", about: promise.id, outcome: promise.state });
      const wait = `/wait?id=${encodeURIComponent(promise.id)}`;
      const answer: BegunWorkflow = { promise: promise.id, status: promise.state, wait };
      res.setHeader("Location", wait);
      sendJson(res, JSON.stringify(answer));
    }),
  });

  addRoute(router, "/wait", {
    GET: needs(READERS, async (req, res) => {
      const id = parsePromiseId(req.query["id"]);
      const asked = req.method === "HEAD" ? undefined : preferredWait(req.get("Prefer"));
      const seconds = asked === undefined ? undefined : Math.min(asked, WAIT_SECONDS_MAX);
      const admit = (found: StoredPromise) => mayRead(options.durable, callerOf(res), found);
      const promise =
        seconds === undefined
          ? await options.durable.read(id)
          : await waiting.waitFor(id, { seconds, admit, client: callerOf(res)?.client }, res);
      // A refusal says not even that it is there.
      if (promise === undefined || !(await admit(promise))) {
        throw new ServiceError("NOT_FOUND", `${id} not found`);
      }
      if (seconds !== undefined) res.setHeader("Preference-Applied", `wait=${seconds}`);
      if (promise.state === "pending") res.setHeader("Retry-After", RETRY_AFTER_SECONDS);
      sendJson(res, describePromise(promise));
    }),
  });
}

/** @param creator the client that calls: it may list the approvals that the workflow asks for */
async function begin(
  options: WorkflowRoutesOptions,
  req: Request,
  creator: string | undefined,
): Promise<StoredPromise> {
  const { durable, newId } = options;
  const call = await readBegin(req, options);
  const id = call.id ?? newId();
  const { func, version, args, target, timeoutMs } = call;
  await assertTaken(options, call);
  const timeoutAt = (await currentTime(options)) + timeoutMs;
  const promise = await durable.start({
    id,
    func,
    version,
    args,
    timeoutAt,
    ...(target && { target }),
    ...(creator === undefined ? {} : { tags: { [CREATOR_TAG]: creator } }),
  });
  if (!isSameCall(promise, call)) {
    throw new ServiceError(
      "CONFLICT",
      `${id} is taken: it was begun with another function, argument, version or target. Nothing was started`,
    );
  }
  if (call.callbackUrl !== undefined) await callBackOnCompletion(durable, promise, call.callbackUrl);
  return promise;
}

/**
 * Throws `INVALID_FIELDS` if the workflow's schema refuses the argument, and `INVALID_REQUEST` if the timeout is written as
 * only earlier versions accepted it. What was begun before is found again all the same, also when what is asked has become
 * stricter since.
 */
async function assertTaken({ catalogue, durable }: WorkflowRoutesOptions, call: Begin): Promise<void> {
  const refusal = timeoutRefusal(call) ?? (await argumentRefusal(catalogue, call));
  if (refusal === undefined) return;
  const stored = call.id === undefined ? undefined : await durable.read(call.id);
  if (stored === undefined || !isSameCall(stored, call)) throw refusal;
}

function timeoutRefusal({ timeoutProblem: problem }: Begin): ServiceError | undefined {
  if (problem === undefined) return undefined;
  const detail = `${problem.field} ${problem.message}`;
  return new ServiceError("INVALID_REQUEST", detail, { problems: [problem] });
}

async function argumentRefusal(catalogue: Catalogue, call: Begin): Promise<ServiceError | undefined> {
  const workflow = catalogue.find(call.func, call.version, call.target);
  const checked = workflow && (await checkArgument(workflow, call.args[0], "body"));
  if (checked === undefined || checked.ok) return undefined;
  const { problems } = checked;
  const detail = problems.map(({ field, message }) => `${field}: ${message}`).join("; ");
  return new ServiceError("INVALID_FIELDS", detail, { problems });
}

function parsePromiseId(id: unknown): string {
  const message =
    id === undefined || id === ""
      ? "id query parameter is required"
      : typeof id !== "string"
        ? "id must be given once"
        : !isPromiseId(id)
          ? `id must have at most ${PROMISE_ID_CHARS_MAX} characters, and no control characters`
          : undefined;
  if (message === undefined && typeof id === "string") return id;
  throw new ServiceError("INVALID_REQUEST", message ?? "", {
    problems: [{ field: "id", message: (message ?? "").replace(/^id /, "") }],
  });
}
