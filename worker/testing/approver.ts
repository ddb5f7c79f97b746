/** The fake approver: a function of the test stands in for the people who get mails. */
import type { ApprovalRequest, Person, PlainChoice } from "../../src/approval/approval.ts";
import { parseDuration } from "../../src/approval/duration.ts";
import { ballotId } from "../../src/approval/ids.ts";
import type { AskMail } from "../../src/channels/mail/mailer.ts";

/** What one approver is asked, as their mail says it. */
export interface Asked extends ApprovalRequest {
  /** Id of the approval. */
  readonly approval: string;
  /** Whose mail this is. */
  readonly approver: Person;
  readonly askedAt: Date;
  readonly deadlineAt: Date;
}

/** An approver's reaction to a mail. Undefined and `ignore`: nothing. `cancel`: the whole request is cancelled. */
export type Reaction = PlainChoice | "ignore" | "cancel" | DetailedReaction | undefined;

interface DetailedReaction {
  readonly choice: PlainChoice | "ignore" | "cancel";
  /** The approver's comment, or the reason of the cancellation. */
  readonly comment?: string;
  /** How long after the mail: an ISO 8601 duration such as `P2D`. Default: at once. */
  readonly after?: string;
}

/** Plays all approvers; called once for each mail. */
export type Approver = (asked: Asked) => Reaction | Promise<Reaction>;

/** A reaction, ready to happen. */
export interface Press {
  readonly choice: PlainChoice | "cancel";
  readonly comment?: string;
  readonly afterMs: number;
}

/** @throws TypeError naming what is wrong with the reaction; undefined: nothing happens */
export function pressOf(reaction: unknown): Press | undefined {
  const { choice, comment, after } = detailed(reaction);
  if (choice === undefined || choice === "ignore") return undefined;
  if (choice !== "approve" && choice !== "reject" && choice !== "cancel") {
    throw new TypeError(
      `The approver must answer "approve", "reject", "ignore", "cancel" or { choice, comment?, after? }, not ${JSON.stringify(reaction)}`,
    );
  }
  if (comment !== undefined && typeof comment !== "string") {
    throw new TypeError(`The approver's comment must be a text, not ${JSON.stringify(comment)}`);
  }
  return {
    choice,
    ...(comment === undefined ? {} : { comment }),
    afterMs: durationMs("after", after ?? "PT0S"),
  };
}

function detailed(reaction: unknown): { choice?: unknown; comment?: unknown; after?: unknown } {
  return typeof reaction === "object" && reaction !== null ? reaction : { choice: reaction };
}

/** @throws TypeError if it is no ISO 8601 duration */
export function durationMs(field: string, text: unknown): number {
  const ms = typeof text === "string" ? parseDuration(text) : undefined;
  if (ms === undefined) {
    throw new TypeError(
      `${field} must be an ISO 8601 duration such as P2D or PT1H, not ${JSON.stringify(text)}`,
    );
  }
  return ms;
}

export function askedBy(mail: AskMail, nowMs: number): Asked {
  return {
    ...mail.request,
    approval: mail.approval,
    approver: mail.approver,
    askedAt: new Date(nowMs),
    deadlineAt: new Date(mail.deadlineAtMs),
  };
}

/** Promise id of the ballot that a mail is about. */
export function ballotOf({ approval, n }: AskMail): string {
  return ballotId(approval, n);
}
