/** `GET /admin`: all approvals, filtered. */
import type { IRouter, Request } from "express";
import type { Durable } from "../../../durable/durable.ts";
import { knownTime } from "../../../durable/engine-time.ts";
import type { Ledger, ListQuery } from "../../../ledger/ledger.ts";
import { CONDITIONS_MAX } from "../../../ledger/parameters.ts";
import { type FieldProblem, ServiceError } from "../../../lib/errors.ts";
import type { RelayState } from "../../../lib/relay-state.ts";
import { fullPage } from "../../../service/ledger/full-page.ts";
import { listCallIn } from "../../../service/ledger/list-call.ts";
import { addRoute } from "../../http/routes.ts";
import { type AdminFilter, FILTER_NAMES, filterQuery } from "../../pages/admin/admin-filter.ts";
import type { Pages } from "../../pages/pages.ts";
import { textsIn } from "../texts-in.ts";
import type { Entrance } from "./signed-in.ts";

export interface AdminListOptions {
  readonly durable: Durable;
  readonly ledger: Pick<Ledger, "list">;
  readonly entrance: Entrance;
  readonly pages: Pages;
  /** What is known of the relay in this process. Default: nothing. */
  readonly relay?: (() => RelayState | undefined) | undefined;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
}

const PAGE = "25";
/** Pages back that "previous" knows the way to. */
const TRAIL_MAX = 40;
const DAY_MS = 24 * 3_600_000;

export function addAdminListRoute(router: IRouter, options: AdminListOptions): void {
  const { entrance, pages, ledger } = options;
  addRoute(router, "/admin", {
    GET: entrance.viewing(async (req, res, operator) => {
      const filter = filterIn(req);
      const nowMs = knownTime(options);
      const [cursor] = textsIn(req.query["cursor"]);
      const trail = textsIn(req.query["before"]).slice(-TRAIL_MAX);
      const asked = queryOf(filter, cursor, nowMs);
      if ("problems" in asked) {
        const data = { operator, filter, nowMs, items: [], problems: asked.problems };
        return pages.render(res, { status: 422, view: "adminList", data });
      }
      try {
        const { items, nextCursor, total } = await fullPage(ledger, asked);
        const before = trail.at(-1);
        const next = nextCursor && hrefOf(filter, nextCursor, [...trail, cursor ?? ""].slice(-TRAIL_MAX));
        const data = {
          operator,
          filter,
          nowMs,
          ...relayOf(options),
          problems: [],
          items,
          ...(total === undefined ? {} : { total }),
          ...(before === undefined ? {} : { previous: hrefOf(filter, before, trail.slice(0, -1)) }),
          ...(next && { next }),
        };
        pages.render(res, { status: 200, view: "adminList", data });
      } catch (error) {
        if (!(error instanceof ServiceError) || error.code !== "INDEX_UNAVAILABLE") throw error;
        const data = { operator, filter, nowMs, items: [], problems: [], unavailable: error.message };
        pages.render(res, { status: 503, view: "adminList", data });
      }
    }),
  });
}

/** Undefined where the workers are other processes. */
function relayOf({ relay }: AdminListOptions): { readonly relay?: RelayState } {
  const state = relay?.();
  return state === undefined ? {} : { relay: state };
}

function filterIn({ query }: Request): AdminFilter {
  const one = (name: string) => (textsIn(query[name])[0] ?? "").trim();
  const texts = Object.fromEntries(FILTER_NAMES.map((name) => [name, one(name)])) as Omit<
    AdminFilter,
    "tags"
  >;
  const tags = textsIn(query["tag"])
    .map((tag) => tag.trim())
    .filter((tag) => tag !== "")
    .slice(0, CONDITIONS_MAX);
  return { ...texts, tags };
}

/** The query of the read model, by the same rules as for programs; or what is wrong, by the form's controls. */
function queryOf(
  filter: AdminFilter,
  cursor: string | undefined,
  nowMs: number,
): ListQuery | { readonly problems: readonly FieldProblem[] } {
  const { status, stands, approver, requester, q, sort, tags } = filter;
  const periods = { created: periodOf(filter, "created"), due: periodOf(filter, "due") };
  const wrong = [periods.created, periods.due].flatMap(({ problems }) => problems);
  const given = {
    ...present({ status, stands, approver, requester, q, sort }),
    ...present({ created: periods.created.text, due: periods.due.text }),
    ...(tags.length === 0 ? {} : { tag: tags }),
    // Counting costs as much as a page: the first one tells how many there are.
    ...(cursor ? { cursor } : { total: "true" }),
    limit: PAGE,
  };
  try {
    const { query } = listCallIn(given, nowMs);
    return wrong.length === 0 ? query : { problems: wrong };
  } catch (error) {
    if (!(error instanceof ServiceError) || error.code !== "INVALID_FIELDS") throw error;
    return { problems: [...wrong, ...error.problems.map(byControl)] };
  }
}

/** Days of the form, as the period that programs write: both days count. */
function periodOf(
  filter: AdminFilter,
  name: "created" | "due",
): { readonly text: string; readonly problems: readonly FieldProblem[] } {
  const [from, to] = [filter[`${name}From`], filter[`${name}To`]];
  const problems = [
    ...(isDay(from) ? [] : [{ field: `${name}From`, message: DAY_RULE }]),
    ...(isDay(to) ? [] : [{ field: `${name}To`, message: DAY_RULE }]),
  ];
  if (problems.length > 0 || (from === "" && to === "")) return { text: "", problems };
  if (from !== "" && to !== "" && from > to) {
    return { text: "", problems: [{ field: `${name}To`, message: "must not be before the first day" }] };
  }
  const before = to === "" ? "" : new Date(Date.parse(to) + DAY_MS).toISOString().slice(0, 10);
  return { text: `${from}..${before}`, problems };
}

const DAY_RULE = "must be a date such as 2026-12-01";

function isDay(text: string): boolean {
  if (text === "") return true;
  const atMs = /^\d{4}-\d{2}-\d{2}$/u.test(text) ? Date.parse(text) : Number.NaN;
  // There is no 30th of February, which would be read as a day of March.
  return !Number.isNaN(atMs) && new Date(atMs).toISOString().startsWith(text);
}

/** `tag[1]` is the control `tag`. */
function byControl({ field, message }: FieldProblem): FieldProblem {
  return { field: field.split("[", 1)[0] ?? field, message };
}

function present(texts: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(texts).filter(([, text]) => text !== ""));
}

/** The cursors of the pages before are in the address, so that there is a way back. */
function hrefOf(filter: AdminFilter, cursor: string, trail: readonly string[]): string {
  const query = filterQuery(filter);
  if (cursor !== "") query.set("cursor", cursor);
  for (const each of trail) query.append("before", each);
  const text = query.toString();
  return text === "" ? "/admin" : `/admin?${text}`;
}
