/**
 * `POST /mcp`: the tools of agents, over the Model Context Protocol. A caller shows the same key as to the API, needs the
 * same scopes and meets the same limits. Besides, it sees only approvals that its own client began.
 */
import type { IRouter, Response } from "express";
import { creatorOf } from "../../approval/creator.ts";
import { ID_PATTERN } from "../../approval/ids.ts";
import { isRecord } from "../../approval/raw-input.ts";
import { statusOf } from "../../approval/view.ts";
import { allows, type Scope } from "../../auth/scopes.ts";
import type { StoredPromise } from "../../durable/durable.ts";
import { originOfId } from "../../durable/lineage.ts";
import { ERRORS, ServiceError } from "../../lib/errors.ts";
import type { Logger } from "../../lib/log.ts";
import { type ApprovalDoor, type ShownApproval, shownApproval } from "../../mcp/door.ts";
import type { Mcp } from "../../mcp/serve.ts";
import { JSON_BODY } from "../../openapi/limits.ts";
import type { StoredApproval } from "../../service/approvals/cancel.ts";
import { startApproval } from "../../service/approvals/start.ts";
import { audit } from "../http/audit.ts";
import { assertMay, callerOf } from "../http/auth.ts";
import { readJson } from "../http/body.ts";
import { noteApproval, requestIdOf } from "../http/context.ts";
import { logFault } from "../http/errors.ts";
import { fetchRequest, sendFetched } from "../http/fetch-style.ts";
import { gone } from "../http/gone.ts";
import { publicDetail } from "../http/problem.ts";
import { stateOf } from "../http/request-state.ts";
import { addRoute } from "../http/routes.ts";
import { asServiceError } from "../http/thrown.ts";
import { assertUniqueNames, hasActions } from "../http/unique-names.ts";
import type { WaitingRoom } from "../http/waiting-room.ts";
import { programIn } from "./actor.ts";
import { approvalNamed, readView, unknownApproval } from "./approval-view.ts";
import type { ApprovalRoutesOptions } from "./approvals.ts";
import { cancelAudited } from "./cancel.ts";

export interface McpRouteOptions extends ApprovalRoutesOptions {
  readonly publicUrl: string;
  readonly log: Logger;
  /** Holds those who wait. */
  readonly waiting: WaitingRoom;
}

/** Which scope a tool needs; a caller with none of them has nothing to do here. */
const SCOPES: readonly Scope[] = ["approvals:create", "approvals:read", "approvals:cancel"];

/** A call carries the body of a request to the API as its arguments, a few levels deeper. */
const LIMITS = { bytesMax: JSON_BODY.bytesMax + 16 * 1024, depthMax: JSON_BODY.depthMax + 4 };

export function addMcpRoute(router: IRouter, options: McpRouteOptions): void {
  const { needs, log, publicUrl } = options;
  let opened: Promise<Mcp> | undefined;
  const open = async (): Promise<Mcp> => {
    const { openMcp } = await import("../../mcp/serve.ts");
    return openMcp((error) => log.debug({ reason: error.message }, "a message to /mcp was refused"));
  };

  addRoute(router, "/mcp", {
    POST: needs(SCOPES, async (req, res) => {
      const { value: body, bytes } = (await readJson(req, LIMITS)) ?? {};
      if (!isRecord(body)) {
        throw new ServiceError("INVALID_REQUEST", "The body must be one JSON-RPC message");
      }
      opened ??= open();
      const mcp = await opened;
      const needed = mcp.scopeFor(body);
      if (needed !== undefined) assertMay(res, [needed]);
      const { params } = body;
      if (bytes !== undefined && isRecord(params) && hasActions(params["arguments"]))
        assertUniqueNames(bytes);
      const request = fetchRequest(req, `${publicUrl}/mcp`, gone(res));
      await sendFetched(res, await mcp.answer(request, { body, door: doorFor(options, res) }));
    }),
  });
}

function doorFor(options: McpRouteOptions, res: Response): ApprovalDoor {
  const { durable, clock, waiting, newNonce, messagesFor } = options;
  const caller = callerOf(res);
  const english = messagesFor("en");

  const isOwn = async (root: StoredPromise): Promise<boolean> => {
    const origin = originOfId(root.id);
    const above = origin === root.id ? undefined : await durable.read(origin);
    return creatorOf(root.tags, above?.tags) === caller?.client;
  };
  /** What others asked is not there for this caller. */
  const own = async (id: string): Promise<StoredApproval> => {
    const approval = await approvalNamed(durable, id);
    if (!(await isOwn(approval.root))) throw unknownApproval(id);
    noteApproval(res, approval.root.id);
    return approval;
  };
  const may = (scope: Scope) => allows(caller?.scopes ?? [], [scope]);
  const shown = async (root: StoredPromise): Promise<ShownApproval> => {
    const { status } = statusOf(root);
    if (!may("approvals:read"))
      return { id: root.id, status, createdAt: new Date(root.createdAt).toISOString() };
    return shownApproval((await readView({ durable, clock }, root, english)).view);
  };
  const elsewhere = () =>
    new ServiceError("CONFLICT", "Cannot use this id: something else has it. Choose another");

  return {
    may,
    nowMs: clock,
    async request(body, problems) {
      const { id } = body;
      // What can be no id is told with whatever else is wrong.
      const isId = typeof id === "string" && ID_PATTERN.test(id);
      const earlier = isId ? await durable.read(id) : undefined;
      // Not even by the way in which contents differ is anything told of what others asked.
      if (earlier !== undefined && !(await isOwn(earlier))) throw elsewhere();
      const start = startApproval(
        { ...options, mayApproveByDeadline: false },
        {
          body,
          idempotencyKeys: [],
          creator: caller?.client,
          owner: caller?.owner,
          problems,
          trace: stateOf(res).trace,
        },
      );
      // Somebody else may have been faster in between.
      const root = await start.catch(async (error: unknown) => {
        const faster = isId && isConflict(error) ? await durable.read(id) : undefined;
        if (faster !== undefined && !(await isOwn(faster))) throw elsewhere();
        throw error;
      });
      if (!(await isOwn(root))) throw elsewhere();
      noteApproval(res, root.id);
      const answer = await shown(root);
      audit(res, { what: "request", about: root.id, outcome: answer.status });
      return answer;
    },
    read: async (id) => await shown((await own(id)).root),
    async wait(id, seconds) {
      const { root } = await own(id);
      if (root.state !== "pending" || seconds === 0) return await shown(root);
      const waiter = { seconds, admit: async () => true, client: caller?.client };
      const waited = await waiting.waitFor(root.id, waiter, res);
      return await shown(waited ?? root);
    },
    async cancel(id, reason) {
      const approval = await own(id);
      const actor = { door: "api", nonce: newNonce(), ...programIn(res) } as const;
      const { root } = await cancelAudited(options, res, approval, { ...actor, reason });
      return await shown(root);
    },
    tell(thrown) {
      const error = asServiceError(thrown);
      if (ERRORS[error.code].status >= 500) logFault(options.log, error, requestIdOf(res));
      const problems = error.problems.map(({ field, message }) => `\n- ${field}: ${message}`);
      return `${publicDetail(error)}${problems.join("")}`;
    },
  };
}

function isConflict(error: unknown): boolean {
  return error instanceof ServiceError && error.code === "CONFLICT";
}
