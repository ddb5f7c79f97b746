/** `GET /approvals`, `POST /approvals`, `GET /approvals/:id`, `POST /approvals/:id/cancel`. */
import type { IRouter } from "express";
import { cancelRequest } from "../../approval/cancel-request.ts";
import type { KnownPeople } from "../../approval/same-person.ts";
import { statusOf } from "../../approval/view.ts";
import type { Durable, StoredPromise } from "../../durable/durable.ts";
import { openRestores, restoredFrom } from "../../durable/restores.ts";
import type { Ledger } from "../../ledger/ledger.ts";
import type { MessagesFor } from "../../lib/messages.ts";
import type { ApprovalReference, CancelledApproval } from "../../openapi/approval-schemas.ts";
import type { AbsenceBook } from "../../service/absences/book.ts";
import { refusalOf } from "../../service/approvals/refusals.ts";
import { startApproval } from "../../service/approvals/start.ts";
import { usesOf } from "../../service/approvals/uses.ts";
import { audit } from "../http/audit.ts";
import { callerOf, type Needs } from "../http/auth.ts";
import { readJson } from "../http/body.ts";
import { bodyOf } from "../http/call-body.ts";
import { noteApproval } from "../http/context.ts";
import { idempotencyKeysOf } from "../http/idempotency-key.ts";
import { sendJson } from "../http/json.ts";
import { stateOf } from "../http/request-state.ts";
import { addRoute } from "../http/routes.ts";
import { assertUniqueNames, hasActions } from "../http/unique-names.ts";
import { readersMessages } from "../pages/language.ts";
import { actorOf } from "./actor.ts";
import { links } from "./approval-links.ts";
import { listApprovals, showHistory } from "./approval-list.ts";
import { approvalNamed, readView } from "./approval-view.ts";
import { callbacksOf } from "./callbacks.ts";
import { cancelAudited } from "./cancel.ts";

export interface ApprovalRoutesOptions {
  readonly needs: Needs;
  readonly durable: Durable;
  readonly absences: AbsenceBook;
  readonly ledger: Ledger;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
  /** A new id, for an approval whose caller names none. */
  readonly newId: () => string;
  /** 128 random bits in base64url: the name of one call. */
  readonly newNonce: () => string;
  readonly callbackUrlProblem: (url: string) => string | undefined;
  readonly mayApproveByDeadline?: boolean | undefined;
  /** Which addresses are one person's, by the operator's list. Default: it is empty. */
  readonly known?: KnownPeople | undefined;
  /** The texts of a language. */
  readonly messagesFor: MessagesFor;
  /** Aborted when the process is asked to stop: open waits are answered then. */
  readonly draining: AbortSignal;
  /** How long a cancellation waits for a worker to report, in milliseconds. Default 2,000. */
  readonly outcomeWaitMs?: number | undefined;
}

const cancelBody = bodyOf("cancel", cancelRequest);

export function addApprovalRoutes(router: IRouter, options: ApprovalRoutesOptions): void {
  const { durable, needs } = options;
  const restores = openRestores(durable, options.clock);

  addRoute(router, "/approvals", {
    GET: needs("approvals:read", listApprovals(options)),
    POST: needs("approvals:create", async (req, res) => {
      const { value: body, bytes } = (await readJson(req)) ?? {};
      if (bytes !== undefined && hasActions(body)) assertUniqueNames(bytes);
      const idempotencyKeys = idempotencyKeysOf(req);
      const { client: creator, owner } = callerOf(res) ?? {};
      const { trace } = stateOf(res);
      const root = await startApproval(options, { body, idempotencyKeys, creator, owner, trace });
      noteApproval(res, root.id);
      const answer = reference(root);
      audit(res, { what: "request", about: root.id, outcome: answer.status });
      res.status(202).setHeader("Location", answer.links.self);
      sendJson(res, JSON.stringify(answer));
    }),
  });

  addRoute(router, "/approvals/:id", {
    GET: needs("approvals:read", async (req, res) => {
      const { root } = await approvalNamed(durable, req.params["id"]);
      noteApproval(res, root.id);
      const messages = readersMessages(req, undefined, options.messagesFor);
      const { view, children } = await readView(options, root, messages);
      const restored = restoredFrom(await restores.read(), root);
      const more = {
        ...restored,
        ...(await usesOf(durable, root)),
        ...(await refusalOf(options, root)),
        ...(await callbacksOf(durable, children)),
      };
      res.json({ ...view, ...more, links: links(view.id) });
    }),
  });

  addRoute(router, "/approvals/:id/history", { GET: needs("approvals:read", showHistory(options)) });

  addRoute(router, "/approvals/:id/cancel", {
    POST: needs("approvals:cancel", async (req, res) => {
      const { reason } = await cancelBody(req);
      const approval = await approvalNamed(durable, req.params["id"]);
      noteApproval(res, approval.root.id);
      const { root: ended, effective } = await cancelAudited(options, res, approval, {
        ...actorOf(req, res, options.newNonce),
        reason,
      });
      if (ended.state === "pending") res.status(202).set("Retry-After", "1");
      res.json({ ...reference(ended), effective } satisfies CancelledApproval);
    }),
  });
}

function reference(root: StoredPromise): ApprovalReference {
  return { id: root.id, status: statusOf(root).status, links: links(root.id) };
}
