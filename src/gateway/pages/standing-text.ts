import type { Effect, OutcomeKind } from "../../approval/approval.ts";
import { type Doer, doerOf } from "../../approval/doer.ts";
import { addressKey } from "../../approval/person.ts";
import type { ClosedBecause } from "../../approval/standing.ts";
import { consequenceText, isOwnHand } from "../../approval/wording.ts";
import type { Messages } from "../../lib/messages.ts";
import { oneLine } from "../../lib/text.ts";
import { answerText, choiceText } from "./choice-text.ts";
import type { Asked, Standing, TriedAct } from "./page.ts";

/** What a person reads about a settled ballot, whether they settled it or found it settled. */
export interface StandingText {
  readonly headline: string;
  readonly explanation: string;
  readonly next: string;
  readonly tone: Effect | "neutral";
  readonly icon: Effect | "clock" | "closed" | "info";
}

type Decided = Extract<Standing, { kind: "decided" }>;
type Closed = Extract<Standing, { kind: "closed" }>;

export interface Visit {
  readonly asked: Asked;
  readonly stands: Standing;
  /**
   * `effective`: this press is the stored answer. `late`: it was pressed, for the choice of the value `pressed`, and did
   * not count. `view`: only looked at.
   */
  readonly press: "effective" | "late" | "view";
  readonly pressed?: string;
  /** Path that takes the answer back, while that is possible. */
  readonly undo?: string | undefined;
  /** Path of the page of a standing approval that the reader has granted. */
  readonly standingApproval?: string | undefined;
  /** Path of the page of a standing refusal that the reader has said. */
  readonly standingRefusal?: string | undefined;
  /** Path of the signed receipt, where there is one. */
  readonly signed?: string | undefined;
  /** What was tried, and came too late. */
  readonly tried?: TriedAct | undefined;
  /** What a form carries where the reader is signed in. */
  readonly session?: string | undefined;
}

/**
 * The headline tells of the person's own answer and the sentence after it of the request, because the two may differ:
 * who rejected may find the request approved.
 */
export function standingText(visit: Visit, messages: Messages): StandingText {
  const { stands, tried } = visit;
  const text =
    stands.kind === "decided" ? decidedText(visit, stands, messages) : closedText(visit, stands, messages);
  if (tried === undefined) return text;
  const explanation = `${messages.text(TRIED[tried])} ${text.explanation}`;
  return { ...text, explanation, tone: "neutral", icon: "info" };
}

const TRIED = { reassign: "act.late.reassign", recuse: "act.late.recuse", undo: "act.late.undo" } as const;

function decidedText(visit: Visit, stands: Decided, messages: Messages): StandingText {
  const { press, pressed, asked } = visit;
  const { answer: stored, isChanged = false } = stands;
  const answer = answerText(stored, messages);
  const became = becameText(stands, asked, messages);
  if (press === "effective" && !isChanged) {
    return {
      headline: messages.text("page.recorded", { answer }),
      explanation: became ?? consequenceText(stored.effect, asked.request, messages),
      // While it can be taken back, an answer is not final.
      next: messages.text(visit.undo === undefined ? "page.next.close" : "page.next.undoable"),
      tone: stored.effect,
      icon: stored.effect,
    };
  }
  const next = nextAfter(visit, stands);
  const told = { next: messages.text(next), tone: "neutral", icon: "info" } as const;
  const explain = (first: string) => (became === undefined ? first : `${first} ${became}`);
  if (press !== "late") {
    return {
      // An answer that the person has not given should not look like theirs.
      headline: isOwnHand(stands.door)
        ? messages.text("page.answered", { answer })
        : messages.text("page.answeredForYou", { answer }),
      explanation:
        isChanged && became !== undefined
          ? became
          : visit.undo === undefined
            ? explain(messages.text("page.nothingLeft"))
            : consequenceText(stored.effect, asked.request, messages),
      ...told,
    };
  }
  if (pressed === stored.value) {
    return {
      headline: messages.text("page.late.same", { answer }),
      explanation: explain(messages.text("page.late.same.lead")),
      ...told,
    };
  }
  const choice = asked.choices.find(({ value }) => value === pressed);
  return {
    headline: messages.text("page.late.other"),
    explanation: explain(
      choice === undefined || isChanged
        ? messages.text("page.late.nothing")
        : messages.text("page.late.other.lead", { pressed: choiceText(choice, messages), answer }),
    ),
    ...told,
  };
}

function nextAfter({ undo }: Visit, { isChanged = false, outcome }: Decided) {
  if (isChanged) return outcome === undefined ? "page.closed.newest.lead" : "page.nothingLeft";
  return undo === undefined ? "page.next.wrong" : "page.next.undoable";
}

/** What became of the answer; undefined while nothing has. */
function becameText(stands: Decided, asked: Asked, messages: Messages): string | undefined {
  const { answer, outcome, cancelled = {}, isChanged = false } = stands;
  const by = outcome === "cancelled" ? cancelledBy(cancelled, asked, messages) : [];
  if (isChanged) {
    const ended = by.length === 0 ? [] : [messages.text("page.outcome.cancelled"), ...by];
    return [messages.text("page.changed"), ...ended].join(" ");
  }
  if (outcome === undefined) return undefined;
  return [outcomeText(answer.effect, outcome, messages), ...by].join(" ");
}

function closedText({ press, asked }: Visit, stands: Closed, messages: Messages): StandingText {
  const { because, outcome } = stands;
  const doer = doerOf(stands);
  const { headline, lead } = CLOSED[because];
  // Nobody can answer any more, by the newest mail either.
  const isOver = outcome !== undefined && lead === "page.closed.newest.lead";
  const isTakenOut = because === "recused" && doer !== undefined;
  const sentences = isOver || isTakenOut ? [] : [messages.text(lead)];
  if (because === "cancelled") sentences.push(...cancelledBy(stands, asked, messages));
  else if (doer !== undefined) sentences.push(doerText(doer, messages));
  // The deadline closes a question; what the request counts as then is another matter.
  if (outcome !== undefined && outcome !== because) sentences.push(messages.text(OUTCOMES[outcome]));
  if (press === "late") {
    sentences.unshift(`${messages.text(headline)}.`);
    sentences.push(messages.text("page.late.nothing"));
  }
  return {
    headline: messages.text(press === "late" ? "page.late.closed" : headline),
    explanation: sentences.join(" "),
    next: messages.text(ENDED.has(because) ? "page.next.over" : "page.nothingLeft"),
    tone: "neutral",
    icon: because === "expired" ? "clock" : "closed",
  };
}

/** That an operator or a program did something, as a sentence. */
export function doerText(doer: Doer, messages: Messages): string {
  switch (doer.kind) {
    case "operator":
      return messages.text("page.byOperator", { who: oneLine(doer.name) });
    case "command-line":
      return messages.text("page.byCommandLine");
    case "key":
      return messages.text("page.byKey", { caller: oneLine(doer.name) });
    case "program":
      return messages.text("page.byProgram");
    default:
      return doer satisfies never;
  }
}

/** Who cancelled the request, where that is known. */
function cancelledBy(
  { by, ...program }: Pick<Closed, "by" | "caller" | "client">,
  { request }: Asked,
  messages: Messages,
): string[] {
  const doer = doerOf(program);
  if (doer?.kind === "program") return [messages.text("page.closed.cancelled.byProgram")];
  if (doer?.kind === "key")
    return [messages.text("page.closed.cancelled.byKey", { caller: oneLine(doer.name) })];
  if (doer !== undefined) return [doerText(doer, messages)];
  if (by === undefined) return [];
  const { requester } = request;
  const isRequester = requester !== undefined && addressKey(requester.email) === addressKey(by);
  const who = oneLine((isRequester ? requester.name : undefined) ?? by);
  return [messages.text("page.closed.cancelled.by", { who })];
}

/** How the request ended, for a person who may have answered otherwise. */
function outcomeText(
  own: "approve" | "reject" | "changes",
  outcome: OutcomeKind,
  messages: Messages,
): string {
  const isOverruled = own === "approve" ? outcome === "rejected" : own === "reject" && outcome === "approved";
  const text = messages.text(OUTCOMES[outcome]);
  return isOverruled ? `${text} ${messages.text("page.overruled")}` : text;
}

export const OUTCOMES = {
  approved: "page.outcome.approved",
  rejected: "page.outcome.rejected",
  expired: "page.outcome.expired",
  cancelled: "page.outcome.cancelled",
} as const;

/** The approval itself has ended, and perhaps otherwise than the reader wished. */
const ENDED: ReadonlySet<ClosedBecause> = new Set([
  "approved",
  "rejected",
  "expired",
  "cancelled",
  "closing",
]);

const CLOSED = {
  approved: { headline: "page.closed.approved", lead: "page.closed.approved.lead" },
  rejected: { headline: "page.closed.rejected", lead: "page.closed.rejected.lead" },
  expired: { headline: "page.closed.expired", lead: "page.closed.expired.lead" },
  cancelled: { headline: "page.closed.cancelled", lead: "page.closed.cancelled.lead" },
  closing: { headline: "page.closed.closing", lead: "page.closed.closing.lead" },
  reassigned: { headline: "page.closed.reassigned", lead: "page.closed.reassigned.lead" },
  recused: { headline: "page.closed.recused", lead: "page.closed.recused.lead" },
  reissued: { headline: "page.closed.reissued", lead: "page.closed.newest.lead" },
  undone: { headline: "page.closed.undone", lead: "page.closed.newest.lead" },
  "stage-done": { headline: "page.closed.stageDone", lead: "page.closed.stageDone.lead" },
  escalated: { headline: "page.closed.escalated", lead: "page.closed.escalated.lead" },
  "changes-requested": { headline: "page.closed.changes", lead: "page.closed.changes.lead" },
  "round-over": { headline: "page.closed.roundOver", lead: "page.closed.newest.lead" },
} as const satisfies Record<ClosedBecause, unknown>;
