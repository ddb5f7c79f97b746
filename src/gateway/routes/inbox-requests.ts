/** `/inbox/requests/:id`: the pages of the person who asked, for who is signed in. */
import type { IRouter } from "express";
import { isPromiseId } from "../../approval/ids.ts";
import { addressKey } from "../../approval/person.ts";
import { ServiceError } from "../../lib/errors.ts";
import { readCourse } from "../../service/approvals/question.ts";
import { noteApproval } from "../http/context.ts";
import { requestHref } from "../pages/inbox-paths.ts";
import { addRequestPages, type RequestPagesOptions } from "./request-pages.ts";
import { visitorFor } from "./signed-in.ts";
import { type Visitors, whoIs } from "./visitors.ts";

export interface InboxRequestRoutesOptions extends RequestPagesOptions {
  readonly visitors: Visitors;
}

/** What somebody else asked for is not there, as if there were no such approval. */
export function addInboxRequestRoutes(router: IRouter, options: InboxRequestRoutesOptions): void {
  addRequestPages(router, options, "/inbox/requests/:id", async (req, res) => {
    const visitor = await visitorFor(options.visitors, req, res);
    if (visitor === undefined) return undefined;
    const id = String(req.params["id"]);
    const course = isPromiseId(id) ? await readCourse(options.durable, id) : undefined;
    const requester = course?.call.request.requester;
    if (
      course === undefined ||
      requester === undefined ||
      addressKey(requester.email) !== addressKey(visitor.email)
    ) {
      throw new ServiceError("NOT_FOUND", "Nothing that you asked for has this address");
    }
    noteApproval(res, id);
    return { course, requester, way: { path: requestHref(id), door: "inbox", who: whoIs(visitor), visitor } };
  });
}
