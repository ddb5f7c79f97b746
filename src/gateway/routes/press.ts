/** One press of a choice's button, on the page of a link or in the inbox: answers the ballot, and leaves a trace. */
import type { Response } from "express";
import type { Ballot, SignedInBy } from "../../approval/approval.ts";
import type { FieldValues } from "../../approval/field-answers.ts";
import type { DoNotAsk } from "../../approval/refusal/do-not-ask.ts";
import type { ChoiceRule } from "../../approval/schema.ts";
import { decisionOf } from "../../approval/stored.ts";
import type { Durable } from "../../durable/durable.ts";
import type { Logger } from "../../lib/log.ts";
import { answerBallot } from "../../service/approvals/decide.ts";
import { audit } from "../http/audit.ts";
import { noteApproval, requestIdOf } from "../http/context.ts";

export interface Press {
  /** Promise id of the ballot. */
  readonly pid: string;
  readonly ballot: Ballot;
  /** Whether the ballot was open when it was read. */
  readonly isOpen: boolean;
  readonly nonce: string;
  readonly choice: ChoiceRule;
  readonly comment: string | undefined;
  readonly fields: FieldValues | undefined;
  readonly except?: readonly number[] | undefined;
  /** What is not to be asked again. Its places are taken. */
  readonly doNotAsk?: DoNotAsk | undefined;
  readonly door: "mail" | "inbox";
  /** Of a press in the inbox. */
  readonly signedInBy?: SignedInBy;
  /** The person, for the audit record. */
  readonly who: string;
}

/** Answers the ballot, unless another answer is recorded first. Also records presses that came too late: they are kept nowhere else. */
export async function press(
  { durable, log }: { readonly durable: Durable; readonly log: Logger },
  res: Response,
  {
    pid,
    ballot,
    isOpen,
    nonce,
    choice: { value: choice, effect },
    comment,
    fields,
    except,
    doNotAsk,
    ...way
  }: Press,
): Promise<void> {
  const { approval } = ballot;
  const { who, door, signedInBy } = way;
  noteApproval(res, approval);
  const tell = (outcome: "stored" | "too late") =>
    audit(res, { who, what: "decide", about: pid, approval, choice, nonce, outcome });
  if (!isOpen) return tell("too late");
  const own = ballot.custom === true ? { effect, fields, except } : {};
  const record = await answerBallot(durable, pid, ballot, {
    choice,
    ...own,
    comment,
    doNotAsk,
    door,
    signedInBy,
    nonce,
  });
  const effective = (record && decisionOf(record))?.nonce === nonce;
  tell(effective ? "stored" : "too late");
  log.info({ requestId: requestIdOf(res), approval, ballot: ballot.n, choice, effective }, "pressed");
}
