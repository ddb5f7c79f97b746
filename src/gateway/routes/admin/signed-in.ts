/** What every page of `/admin` begins with: who is signed in, and whether a form is one that they were shown. */
import type { Request, RequestHandler, Response } from "express";
import { ServiceError } from "../../../lib/errors.ts";
import { seeOther } from "../../http/see-other.ts";
import { ADMIN_FORM } from "../../pages/admin/admin-page.ts";
import type { PostedForm } from "../../pages/posted-form.ts";
import type { Operator, Operators } from "./operators.ts";

type Handler = (req: Request, res: Response, operator: Operator) => Promise<void>;

export interface Entrance {
  /** For everybody who is signed in; all others are shown the way. */
  readonly viewing: (handler: Handler) => RequestHandler;
  /** For those who may act. */
  readonly acting: (handler: Handler) => RequestHandler;
}

export function entranceOf(operators: Operators): Entrance {
  const viewing: Entrance["viewing"] = (handler) => async (req, res) => {
    const operator = await operators.operatorOf(req, res);
    if (operator === undefined) return seeOther(res, "/admin/sign-in");
    await handler(req, res, operator);
  };
  return {
    viewing,
    acting: (handler) =>
      viewing(async (req, res, operator) => {
        if (operator.role !== "operator") {
          throw new ServiceError("FORBIDDEN", "You may look at approvals here, but not act on them");
        }
        await handler(req, res, operator);
      }),
  };
}

/** @throws ServiceError FORBIDDEN if another session's form was posted, or no form of ours */
export function assertOwnForm(posted: PostedForm, { isOwnForm }: Pick<Operator, "isOwnForm">): void {
  if (isOwnForm(posted.text(ADMIN_FORM.form))) return;
  throw new ServiceError("FORBIDDEN", "The page was too old. Nothing was changed: open it again");
}
