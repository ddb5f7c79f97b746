/** What mails that ask for a decision have in common: whom they go to, and the links. */
import { type ApprovalRequest, type Ballot, LINK_VIEW_MS } from "../../src/approval/approval.ts";
import { type Doer, doerOf, type Program } from "../../src/approval/doer.ts";
import type { NextDeadline } from "../../src/approval/next-deadline.ts";
import { offeredChoices } from "../../src/approval/rule.ts";
import { ballotOf } from "../../src/approval/stored.ts";
import type { AskMail, BallotMail } from "../../src/channels/mail/message.ts";
import type { StoredPromise } from "../../src/durable/durable.ts";
import type { ProductServices } from "../runtime/services.ts";

interface About {
  readonly approval: string;
  /** With the content of the ballot's round. */
  readonly request: ApprovalRequest;
  readonly record: StoredPromise;
  /** The first ballot of the same person in this approval, if that is another: its mail began their thread. */
  readonly first: StoredPromise | undefined;
}

/** @throws Error if the record is no ballot */
export function ballotMail({ approval, request, record, first }: About): BallotMail {
  const { n, approver, recipient, gen } = ballotIn(record);
  return {
    approval,
    request,
    recipient,
    approver,
    n,
    gen,
    bornAtMs: record.createdAt,
    ...(first === undefined ? {} : { first: { gen: ballotIn(first).gen, bornAtMs: first.createdAt } }),
  };
}

/**
 * The same with links, which can be opened for a week after the approval's end: an answer can count until then, even if the
 * next deadline asks more people before.
 */
export function askMail(
  { tokens, publicUrl }: Pick<ProductServices, "tokens" | "publicUrl">,
  about: About,
  { atMs: deadlineAtMs, onDeadline }: Pick<NextDeadline, "atMs"> & Partial<NextDeadline>,
  endAtMs: number,
): AskMail {
  const { request, record } = about;
  const { recipient, gen, stage, groups, round, inPlaceOf } = ballotIn(record);
  const link = (choice: string) =>
    `${publicUrl}/d/${tokens.issueLink({
      pid: record.id,
      recipient,
      choice,
      gen,
      bornAtMs: record.createdAt,
      expiresAtMs: endAtMs + LINK_VIEW_MS,
    })}`;
  const offered = offeredChoices(request, round ?? 1);
  return {
    ...ballotMail(about),
    deadlineAtMs,
    ...(onDeadline === undefined ? {} : { onDeadline }),
    links: Object.fromEntries(offered.map(({ value }) => [value, link(value)])),
    viewLink: link("view"),
    ...(stage === undefined ? {} : { stage }),
    ...(groups === undefined ? {} : { groups }),
    ...(round === undefined ? {} : { round }),
    ...(inPlaceOf === undefined ? {} : { inPlaceOf }),
  };
}

/** Who has brought a mail about, if the act that led to it was a program's or an operator's. */
export function broughtBy(program: Program | undefined): { readonly doer?: Doer } {
  const doer = program && doerOf(program);
  return doer === undefined ? {} : { doer };
}

function ballotIn(record: StoredPromise): Ballot {
  const ballot = ballotOf(record);
  if (ballot === undefined) throw new Error(`Cannot mail: the promise ${record.id} is not a ballot`);
  return ballot;
}
