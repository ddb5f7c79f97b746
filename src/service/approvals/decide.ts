/** The only place that builds the record of a decision, for every door. */
import type { Ballot, Choice, Decision, Door, Effect, SignedInBy } from "../../approval/approval.ts";
import { programOf } from "../../approval/doer.ts";
import type { FieldValues } from "../../approval/field-answers.ts";
import { type GivenAnswer, type HeldAnswer, heldAnswer } from "../../approval/given-answer.ts";
import { addressKey } from "../../approval/person.ts";
import type { DoNotAsk, DoNotAskRequest } from "../../approval/refusal/do-not-ask.ts";
import type { SettledStanding } from "../../approval/standing.ts";
import type { Durable, StoredPromise } from "../../durable/durable.ts";
import { isSameJson } from "../../lib/canonical-json.ts";
import type { FieldProblem } from "../../lib/errors.ts";
import { readQuestion } from "./question.ts";
import { sparedBy } from "./refusals.ts";

/** An answer to one ballot, by its approver or by a program in their place. */
export interface Answer {
  readonly choice: Choice;
  /** What the choice does, where the request has choices of its own. */
  readonly effect?: Effect | undefined;
  readonly comment?: string | undefined;
  readonly fields?: FieldValues | undefined;
  /** Numbers of the items that are struck out. */
  readonly except?: readonly number[] | undefined;
  /** What is not to be asked again. Its places are taken (`refusals.ts`). */
  readonly doNotAsk?: DoNotAsk | undefined;
  readonly door: Door;
  /** How the approver had signed in, where they answer in the inbox. */
  readonly signedInBy?: SignedInBy | undefined;
  /** Unique to the press or call, or to the delivery that a call repeats. */
  readonly nonce: string;
  /** The program, for the record, and the name of its API key. */
  readonly caller?: string | undefined;
  readonly client?: string | undefined;
}

/** Answers the ballot with the promise `id`, unless it is settled. The result comes from the stored record. */
export async function answerBallot(
  durable: Durable,
  id: string,
  { approver, contentHash }: Pick<Ballot, "approver" | "contentHash">,
  { choice, effect, comment, fields, except, doNotAsk, door, signedInBy, nonce, ...program }: Answer,
): Promise<StoredPromise | undefined> {
  const decision: Decision = {
    kind: "decision",
    choice,
    ...(effect === undefined ? {} : { effect }),
    ...(comment === undefined ? {} : { comment }),
    ...(fields === undefined ? {} : { fields }),
    ...(except === undefined ? {} : { except }),
    ...(doNotAsk === undefined ? {} : { doNotAsk }),
    ...(contentHash === undefined ? {} : { contentHash }),
    by: approver.email,
    door,
    ...(signedInBy === undefined ? {} : { signedInBy }),
    nonce,
    ...programOf(program),
  };
  return await durable.settle(id, decision);
}

/** As a program gives it: nothing of it has been held against the request. */
export interface ProgramDecision extends GivenAnswer, Pick<Answer, "nonce" | "caller" | "client"> {
  /** Promise id of the ballot. */
  readonly ballot: string;
  readonly door: Exclude<Door, "mail" | "inbox">;
  /**
   * The address of the person who pressed, who may answer only their own ballot. Absent: a program, which may answer
   * any.
   */
  readonly by?: string;
  /** What is not to be asked again. */
  readonly doNotAsk?: DoNotAskRequest | undefined;
}

export type Decided =
  | { readonly kind: "unknown" }
  | { readonly kind: "not-theirs" }
  /** The request asks for another choice, or more. Nothing was stored. */
  | { readonly kind: "wrong"; readonly problems: readonly FieldProblem[] }
  | {
      readonly kind: "stands";
      readonly effective: boolean;
      /** Whether what is recorded is this answer, whoever gave it: choice, fields and items left out. Comments may differ. */
      readonly isSame: boolean;
      readonly standing: SettledStanding;
    };

/** Answers the ballot unless it is already answered. Returns the state as read after the answer. */
export async function decideBallot(
  durable: Durable,
  { ballot: id, by, door, nonce, caller, client, doNotAsk: spare, ...given }: ProgramDecision,
  clock: () => number = Date.now,
): Promise<Decided> {
  const before = await readQuestion(durable, id);
  if (before === undefined) return { kind: "unknown" };
  const { ballot, request, standing: found } = before;
  if (by !== undefined && addressKey(by) !== addressKey(ballot.approver.email)) return { kind: "not-theirs" };
  const held = heldAnswer(request, ballot.round ?? 1, given);
  if (found.kind === "open") {
    if (!held.ok) return { kind: "wrong", problems: held.problems };
    const { choice, comment, fields, except } = held;
    const spared = await sparedBy({ durable, clock }, before, { effect: choice.effect, doNotAsk: spare });
    if (!spared.ok) return { kind: "wrong", problems: spared.problems };
    const own = ballot.custom === true ? { effect: choice.effect, fields, except } : {};
    await answerBallot(durable, id, ballot, {
      choice: choice.value,
      ...own,
      comment,
      doNotAsk: spared.doNotAsk,
      door,
      nonce,
      caller,
      client,
    });
  }
  const standing = (await readQuestion(durable, id))?.standing;
  if (standing === undefined || standing.kind === "open") {
    throw new Error(`Cannot read the result of ${id}: it was settled, and reads as open`);
  }
  const effective = standing.kind === "decided" && standing.decision.nonce === nonce;
  return { kind: "stands", effective, isSame: isRecorded(given, held, standing), standing };
}

/** A repeated answer may leave out what had to be filled in. Items that it does not leave out are approved by it. */
function isRecorded(given: GivenAnswer, held: HeldAnswer, standing: SettledStanding): boolean {
  if (standing.kind !== "decided") return false;
  const { choice, fields = {}, except = [] } = standing.decision;
  const leftOut = new Set(given.except);
  return (
    choice === given.choice &&
    (given.fields === undefined || isSameJson(fields, held.ok ? held.fields : given.fields)) &&
    leftOut.size === except.length &&
    except.every((n) => leftOut.has(n))
  );
}
