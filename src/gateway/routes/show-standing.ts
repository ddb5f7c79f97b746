import type { Response } from "express";
import { grantedStanding } from "../../approval/limits/granted.ts";
import { standingRefusal } from "../../approval/refusal/standing-refusal.ts";
import type { Durable } from "../../durable/durable.ts";
import { knownTime } from "../../durable/engine-time.ts";
import type { Question } from "../../service/approvals/question.ts";
import { askedOf, isExpired, standsOf } from "../pages/asked.ts";
import type { TriedAct } from "../pages/page.ts";
import type { Pages } from "../pages/pages.ts";
import type { Way } from "./way.ts";

export interface ShowOptions {
  readonly durable: Durable;
  readonly pages: Pages;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
}

/**
 * How a ballot was settled, on its page.
 *
 * @param tried what was tried there, and came too late
 */
export function showStanding(
  { durable, pages, clock }: ShowOptions,
  res: Response,
  {
    question,
    way: { path, visitor },
  }: { readonly question: Question; readonly way: Pick<Way, "path" | "visitor"> },
  tried?: TriedAct,
): void {
  const stands = standsOf(question);
  if (stands === undefined) throw new Error("Cannot show how a ballot was settled: it is open");
  const nowMs = knownTime({ durable, clock });
  const asked = askedOf(question, nowMs);
  const undo = undoPath(question, path, nowMs);
  const granted = grantedStanding(question.course.root);
  const isTheirs = granted?.grantedBy.some(({ n }) => n === question.ballot.n) === true;
  const refusal = standingRefusal(question.course.root);
  const hasSaid = refusal?.said.some(({ n }) => n === question.ballot.n) === true;
  // What somebody did before in the same way is no failure to tell of.
  const isSame = tried !== undefined && stands.kind === "closed" && stands.because === ENDS[tried];
  const late = isSame ? undefined : tried;
  const status = isExpired(stands) ? 410 : late === undefined ? 200 : 409;
  pages.render(res, {
    status,
    view: "standing",
    data: {
      ...asked,
      stands,
      ...(undo && { undo }),
      ...(late && { tried: late }),
      ...(isTheirs ? { standingApproval: `${path}/standing` } : {}),
      ...(hasSaid ? { standingRefusal: `${path}/refusal` } : {}),
      ...(visitor && { visitor }),
    },
  });
}

/** How a ballot is closed by each act. */
const ENDS = { reassign: "reassigned", recuse: "recused", undo: "undone" } as const;

/** Path that takes the answer back; undefined where that is not possible. */
export function undoPath(
  { standing }: Pick<Question, "standing">,
  path: string,
  nowMs: number,
): string | undefined {
  const until = standing.kind === "decided" ? standing.undoUntilMs : undefined;
  return until !== undefined && nowMs < until ? `${path}/undo` : undefined;
}
