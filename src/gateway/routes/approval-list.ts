/** `GET /approvals`: a page of a list, or all of it as a file. `GET /approvals/:id/history`. */
import type { RequestHandler, Response } from "express";
import { isPromiseId } from "../../approval/ids.ts";
import { allows } from "../../auth/scopes.ts";
import type { Durable } from "../../durable/durable.ts";
import { knownTime } from "../../durable/engine-time.ts";
import type { Entry } from "../../ledger/entry.ts";
import type { Ledger, ListQuery } from "../../ledger/ledger.ts";
import { ServiceError } from "../../lib/errors.ts";
import type { ListedApproval } from "../../openapi/list-schemas.ts";
import { approvalBehind } from "../../service/approvals/approval-behind.ts";
import { exported, type FileFormat, MEDIA_TYPES } from "../../service/ledger/export.ts";
import { readHistory } from "../../service/ledger/history.ts";
import { listCallIn } from "../../service/ledger/list-call.ts";
import { callerOf } from "../http/auth.ts";
import { sendChunks } from "../http/chunks.ts";
import { noteApproval } from "../http/context.ts";
import { sendJson } from "../http/json.ts";
import { links } from "./approval-links.ts";

/** Callers without this scope see what their own client requested. */
const ALL = "approvals:read-all";

export function listApprovals(options: {
  readonly durable: Durable;
  readonly ledger: Ledger;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
}): RequestHandler {
  const { ledger } = options;
  return async (req, res) => {
    const { query, format } = listCallIn(req.query, knownTime(options));
    const allowed = { ...query, ...ownOnly(res) };
    if (format !== "json") return await sendAll(res, ledger, allowed, format);
    const { items, ...rest } = await ledger.list(allowed);
    sendJson(res, JSON.stringify({ items: items.map(shown), ...rest }));
  };
}

async function sendAll(res: Response, ledger: Ledger, query: ListQuery, format: FileFormat): Promise<void> {
  res.setHeader("Content-Type", MEDIA_TYPES[format]);
  res.setHeader("Content-Disposition", `attachment; filename="approvals.${format}"`);
  await sendChunks(res, exported(ledger, query, format));
}

export function showHistory({ durable }: { readonly durable: Durable }): RequestHandler {
  return async (req, res) => {
    const id = String(req.params["id"]);
    const root = isPromiseId(id) ? await approvalBehind(durable, id) : undefined;
    const history = root && (await readHistory(durable, root));
    if (history === undefined) {
      throw new ServiceError("NOT_FOUND", `There is no approval "${id.slice(0, 64)}"`);
    }
    noteApproval(res, history.id);
    sendJson(res, JSON.stringify(history));
  };
}

function ownOnly(res: Response): Pick<ListQuery, "creator"> {
  const caller = callerOf(res);
  return allows(caller?.scopes ?? [], [ALL]) ? {} : { creator: caller?.client ?? "" };
}

function shown(entry: Entry): ListedApproval {
  return { ...entry, links: links(entry.id) };
}
