/** `GET /approvals`: a page of a list, or all of it as a file. */
import type { RequestHandler, Response } from "express";
import { allows } from "../../auth/scopes.ts";
import type { Entry } from "../../ledger/entry.ts";
import type { Ledger, ListQuery } from "../../ledger/ledger.ts";
import type { ListedApproval } from "../../openapi/list-schemas.ts";
import { listCallIn } from "../../service/ledger/list-call.ts";
import { callerOf } from "../http/auth.ts";
import { sendJson } from "../http/json.ts";
import { links } from "./approval-links.ts";

/** Callers without this scope see what their own client requested. */
const ALL = "approvals:read-all";

export function listApprovals({ ledger }: { readonly ledger: Ledger }): RequestHandler {
  return async (req, res) => {
    const { query } = listCallIn(req.query);
    const { items, ...rest } = await ledger.list({ ...query, ...ownOnly(res) });
    sendJson(res, JSON.stringify({ items: items.map(shown), ...rest }));
  };
}

function ownOnly(res: Response): Pick<ListQuery, "creator"> {
  const caller = callerOf(res);
  return allows(caller?.scopes ?? [], [ALL]) ? {} : { creator: caller?.client ?? "" };
}

function shown(entry: Entry): ListedApproval {
  return { ...entry, links: links(entry.id) };
}
