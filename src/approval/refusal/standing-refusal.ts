/**
 * A standing refusal: people have rejected an action and said not to be asked again. It follows from what is stored of the
 * approval, and nothing else.
 *
 * R1 It stands if answers rejected the approval, not silence, and every answer that rejected it says so. What one of them leaves out, the
 *    refusal leaves out.
 * R2 It is over at the earliest time that one of them names, or when it is revoked: by the promise of a use, which nobody else
 *    can create for an approval that was rejected.
 * R3 It refuses the program that asked, the same tool, target and audience. Each action of a request is looked at by itself.
 */
import type { Action } from "../action-schema.ts";
import { effectOf, type Outcome } from "../approval.ts";
import { actionsOf } from "../items.ts";
import { addressKey } from "../person.ts";
import { outcomeOf, requestOf, type StoredRecord } from "../stored.ts";
import { type Revocation, takenIn } from "../use.ts";
import { type DoNotAsk, isSpared } from "./do-not-ask.ts";

/** Times are milliseconds since 1970, by the engine's clock. */
export interface StandingRefusal {
  /** Promise id of the approval. */
  readonly approval: string;
  /** Since when. */
  readonly sinceMs: number;
  /** Until when, unless it is revoked. */
  readonly untilMs: number;
  /** What each of those who rejected it said, with the ballot's number and their address. */
  readonly said: readonly { readonly n: number; readonly email: string; readonly doNotAsk: DoNotAsk }[];
  /** Of the request. */
  readonly actions: readonly Action[];
  /** What was asked, as SHA-256. */
  readonly digest: string;
}

/** Undefined if the record is no approval that was rejected so. It may be over, or revoked. */
export function standingRefusal(root: StoredRecord): StandingRefusal | undefined {
  const request = requestOf(root);
  const outcome = outcomeOf(root);
  const digest = outcome?.action?.digest;
  if (request === undefined || outcome === undefined || digest === undefined) return undefined;
  const said = saidIn(outcome);
  if (said.length === 0) return undefined;
  return {
    approval: root.id,
    sinceMs: root.settledAt ?? root.timeoutAt,
    untilMs: Math.min(...said.map(({ doNotAsk }) => Date.parse(doNotAsk.until))),
    said,
    actions: actionsOf(request),
    digest,
  };
}

/** What those said whose answers rejected an approval, if all of them said so; else nothing. */
export function saidIn({
  outcome,
  decisions,
  why,
}: Pick<Outcome, "outcome" | "decisions" | "why">): StandingRefusal["said"] {
  // Where the rejections were too few by the rule, time has ended it.
  const isByTime = why?.because === "deadline" || why?.because === "stage-time";
  if (outcome !== "rejected" || isByTime) return [];
  const rejections = decisions.filter((decision) => effectOf(decision) === "reject");
  const said = rejections.flatMap(({ n, email, doNotAsk }) =>
    doNotAsk === undefined ? [] : [{ n, email, doNotAsk }],
  );
  return said.length < rejections.length ? [] : said;
}

/** The promise of a refusal's revocation: undefined if there is none. */
export function revocationIn(
  record: StoredRecord | undefined,
): { readonly revocation: Revocation; readonly atMs: number } | undefined {
  const taken = takenIn(record);
  return taken.kind === "revoked" ? taken : undefined;
}

/** Whether a request of the same program for this action is refused by it, while it stands. */
export function refuses({ actions, said }: StandingRefusal, asked: Action): boolean {
  return (
    actions.some((action) => isSameScope(action, asked)) &&
    said.every(({ doNotAsk }) => isSpared(doNotAsk, asked))
  );
}

/** Whether this person may revoke it: one of those who said it. Not the requester, who often answers for the program. */
export function mayRevokeRefusal({ said }: StandingRefusal, email: string): boolean {
  const key = addressKey(email);
  return said.some((each) => addressKey(each.email) === key);
}

function isSameScope(a: Action, b: Action): boolean {
  return a.tool === b.tool && a.target === b.target && a.audience === b.audience;
}
