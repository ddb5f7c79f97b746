import { argumentRows } from "../../approval/argument-rows.ts";
import { limitRows, usedTexts } from "../../approval/limits/words.ts";
import { dateText } from "../../lib/date-text.ts";
import type { Messages } from "../../lib/messages.ts";
import type { PageContent } from "./page-content.ts";
import { revokeContent } from "./revoke-content.ts";
import type { StandingPage } from "./revoke-pages.ts";

/** What became of a standing approval, and the form that revokes it. */
export function standingContent(page: StandingPage, messages: Messages): PageContent {
  const { reader, granted, uses } = page;
  const { action, approval: reference, standing, untilMs } = granted;
  const { last, revoked } = uses;
  const locals = {
    state: messages.text(stateOf(page)),
    tool: action.tool,
    used: usedTexts(standing, uses.used, messages),
    lastAt: last && dateText(last.atMs, { ...reader, locale: messages.locale }),
    lastArguments: last === undefined ? [] : argumentRows(argumentsOf(last.use.arguments)),
    limits: limitRows(standing, messages),
    canRevoke: canRevoke(page),
  };
  const headline = messages.text("standing.title");
  const own = {
    template: "pages/standing",
    headline,
    reference,
    untilMs,
    revoked,
    late: messages.text("act.late.revoke"),
    locals,
  };
  return revokeContent(page, own, messages);
}

/** Also where it is used up: then nobody needs to look whether that stays so. */
function canRevoke({ uses, granted, nowMs }: StandingPage): boolean {
  return uses.revoked === undefined && nowMs < granted.untilMs;
}

function stateOf({ uses, granted, nowMs }: StandingPage) {
  if (uses.revoked !== undefined) return "standing.revoked";
  if (nowMs >= granted.untilMs) return "standing.over";
  return uses.used.uses >= granted.standing.uses ? "standing.usedUp" : "standing.can";
}

function argumentsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
}
