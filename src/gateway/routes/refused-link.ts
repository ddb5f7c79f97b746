import type { Response } from "express";
import { ServiceError } from "../../lib/errors.ts";
import type { Logger } from "../../lib/log.ts";
import { noteRefusal } from "../http/audit.ts";
import { requestIdOf } from "../http/context.ts";

/** The error for a link or receipt that is not good. Only the log gets the reason; people see one and the same page. */
export function refusedLink(log: Logger, res: Response, reason: string): ServiceError {
  noteRefusal(res, `link: ${reason}`);
  log.info({ requestId: requestIdOf(res), reason }, "link refused");
  return new ServiceError("FORBIDDEN", "This link cannot be used");
}
