/** `GET /admin/approvals/:id`: one approval, with all that happened to it. */
import type { IRouter } from "express";
import { courseOf } from "../../../approval/course.ts";
import { isPromiseId, KIND_TAG } from "../../../approval/ids.ts";
import type { Durable, StoredPromise } from "../../../durable/durable.ts";
import { knownTime } from "../../../durable/engine-time.ts";
import { ServiceError } from "../../../lib/errors.ts";
import type { MessagesFor } from "../../../lib/messages.ts";
import { approvalBehind } from "../../../service/approvals/approval-behind.ts";
import { readHistory } from "../../../service/ledger/history.ts";
import { noteApproval } from "../../http/context.ts";
import { addRoute } from "../../http/routes.ts";
import type { AdminApproval } from "../../pages/admin/admin-page.ts";
import type { Pages } from "../../pages/pages.ts";
import { readView } from "../approval-view.ts";
import { callbacksOf } from "../callbacks.ts";
import type { Entrance } from "./signed-in.ts";

export interface AdminApprovalOptions {
  readonly durable: Durable;
  readonly entrance: Entrance;
  readonly pages: Pages;
  readonly messagesFor: MessagesFor;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
}

export function addAdminApprovalRoute(router: IRouter, options: AdminApprovalOptions): void {
  const { durable, entrance, pages, messagesFor } = options;
  addRoute(router, "/admin/approvals/:id", {
    GET: entrance.viewing(async (req, res, operator) => {
      const id = String(req.params["id"]);
      const root = isPromiseId(id) ? await approvalBehind(durable, id) : undefined;
      if (root === undefined) throw unknownApproval(id);
      const nowMs = knownTime(options);
      const { view, children } = await readView({ durable, clock: () => nowMs }, root, messagesFor("en"));
      const course = courseOf(root, children);
      const history = course && (await readHistory(durable, root, children));
      if (course === undefined || history === undefined) throw unknownApproval(id);
      noteApproval(res, root.id);
      const { callbacks = [] } = await callbacksOf(durable, children);
      const { events, truncated } = history;
      const timers = timersOf(children);
      const data = { operator, course, view, history: events, truncated, callbacks, timers, nowMs };
      pages.render(res, { status: 200, view: "adminApproval", data });
    }),
  });
}

export function unknownApproval(id: string): ServiceError {
  return new ServiceError("NOT_FOUND", `There is no approval "${id.slice(0, 64)}"`);
}

/** The end and what is looked at before, as far as they are open. Version 1 of the workflow has `retry` for its mails. */
const TIMERS: Readonly<Record<string, "end" | "alarm">> = { end: "end", alarm: "alarm", retry: "alarm" };

function timersOf(children: readonly StoredPromise[]): AdminApproval["timers"] {
  return children
    .flatMap(({ tags, state, timeoutAt }) => {
      const kind = state === "pending" ? TIMERS[tags[KIND_TAG] ?? ""] : undefined;
      return kind === undefined ? [] : [{ kind, atMs: timeoutAt }];
    })
    .toSorted((a, b) => a.atMs - b.atMs);
}
