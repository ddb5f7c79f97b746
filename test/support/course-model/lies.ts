/** Everything in which the outcome, the stored promises, what people were told and the rule do not say one thing. */
import { type ApprovalRequest, effectOf, type Outcome } from "../../../src/approval/approval.ts";
import { type Course, courseOf, endOf, seatAnswer } from "../../../src/approval/course.ts";
import type { End, Seat, State } from "../../../src/approval/evaluate/look.ts";
import { OPENING } from "../../../src/approval/evaluate/look.ts";
import { KIND_TAG } from "../../../src/approval/ids.ts";
import { addressKey } from "../../../src/approval/person.ts";
import { type BallotStanding, standingIn } from "../../../src/approval/standing.ts";
import { changeOf, judgementOf, outcomeOf, withdrawalOf } from "../../../src/approval/stored.ts";
import { storedCallbackOf } from "../../../src/approval/stored-callback.ts";
import { noticeIn } from "../../../src/approval/stored-notice.ts";
import { summarize } from "../../../src/approval/view.ts";
import type { Mail } from "../../../src/channels/mail/message.ts";
import type { StoredPromise } from "../../../src/durable/durable.ts";
import { evidenceOf, recordsOf } from "../../../src/proof/evidence.ts";
import { recompute } from "../../../src/proof/recompute.ts";
import { read } from "../rule-model.ts";
import type { MapEngine } from "./engine.ts";

/** What somebody was told. */
export type Told =
  | { readonly who: string; readonly n: number; readonly standing: BallotStanding }
  | { readonly who: string; readonly outcome: string };

export interface Ended {
  readonly engine: MapEngine;
  readonly id: string;
  readonly request: ApprovalRequest;
  readonly told: readonly Told[];
  readonly mails: readonly Mail[];
  readonly isHeard: boolean;
  readonly mayApproveByDeadline: boolean;
  /** Whether a worker died, so that mails may go out again. */
  readonly mayRepeat: boolean;
}

export function whatIsWrong(ended: Ended): string[] {
  const { engine, id } = ended;
  const root = engine.stored(id);
  const children = engine.childrenOf(id);
  const course = courseOf(root, children);
  const outcome = outcomeOf(root);
  if (course === undefined || outcome === undefined) return ["the approval has no outcome"];
  return [
    ...wrongInView(root, children, outcome),
    ...wrongTold(ended, course, outcome),
    ...wrongBeside(ended, course, outcome),
    ...wrongMails(ended, course),
    ...wrongByRule(ended, course, children, outcome),
    ...wrongForStrangers(root, children),
    ...children.flatMap(({ tags, state, id: open }) =>
      state === "pending" && tags[KIND_TAG] === "alarm" ? [`the timer ${open} is left`] : [],
    ),
  ];
}

/** What somebody finds who has the evidence alone. */
function wrongForStrangers(root: StoredPromise, children: readonly StoredPromise[]): string[] {
  const records = recordsOf(evidenceOf(root, children));
  const course = records.root && courseOf(records.root, records.children);
  if (course === undefined) return ["the evidence cannot be read"];
  return recompute(course, records.children).wrong.map((lie) => `a stranger: ${lie}`);
}

const answerLine = (n: number, effect: string) => `${n} ${effect}`;
const SHOWN = { approved: "approve", rejected: "reject", changes_requested: "changes" } as const;

function wrongInView(root: StoredPromise, children: readonly StoredPromise[], outcome: Outcome): string[] {
  const view = summarize(root, children);
  const shown = (view?.ballots ?? []).flatMap(({ n, state, round = 1 }) =>
    round === (outcome.round ?? 1) && state in SHOWN
      ? [answerLine(n, SHOWN[state as keyof typeof SHOWN])]
      : [],
  );
  const counted = outcome.decisions.map((decision) => answerLine(decision.n, effectOf(decision)));
  return [
    ...(view?.status === outcome.outcome ? [] : [`the API says ${view?.status}`]),
    ...(shown.join() === counted.join()
      ? []
      : [`the API shows the answers ${shown.join()}, and ${counted.join()} count`]),
    ...(view?.ballots.some(({ state }) => state === "open") === true
      ? ["a ballot is open after the end"]
      : []),
  ];
}

function wrongTold({ told }: Ended, course: Course, outcome: Outcome): string[] {
  return told.flatMap((each) => {
    if ("outcome" in each)
      return each.outcome === outcome.outcome
        ? []
        : [`${each.who} was told ${each.outcome}, and it is ${outcome.outcome}`];
    const { standing } = each;
    const now = standingIn(course, each.n);
    if (standing.kind === "open") return [`${each.who} it was told that it is open after it was settled`];
    if (standing.outcome !== undefined && standing.outcome !== outcome.outcome) {
      return [`${each.who} it was told ${standing.outcome}, and it is ${outcome.outcome}`];
    }
    const differs = `${each.who} it was told ${JSON.stringify(standing)}, and it is ${JSON.stringify(now)}`;
    if (standing.kind === "decided") {
      // Whoever pressed may take it back, also where others were not told so.
      const isUndone = now.kind === "closed" && now.because === "undone";
      const isSame = now.kind === "decided" && now.decision.nonce === standing.decision.nonce;
      return isSame || isUndone ? [] : [differs];
    }
    const isSame =
      now.kind === "closed" && (now.because === standing.because || standing.because === "closing");
    return isSame ? [] : [differs];
  });
}

/** Of callbacks and notices. */
function wrongBeside({ engine, isHeard }: Ended, course: Course, outcome: Outcome): string[] {
  const lies: string[] = [];
  const beside = engine.beside();
  const events = beside.flatMap((record) => {
    const callback = storedCallbackOf(record);
    return callback?.kind === "callback" ? [callback.event] : [];
  });
  const ends = events.flatMap(({ data }) => ("outcome" in data ? [data.outcome] : []));
  if (isHeard && ends.join() !== outcome.outcome) lies.push(`callbacks tell of the ends ${ends.join()}`);
  const decided = events.flatMap(({ type, data }) => (type === "ballot.decided" ? [data.ballot] : []));
  if (new Set(decided).size < decided.length) lies.push(`callbacks tell of ${decided.join()}`);
  for (const { n } of outcome.decisions) {
    if (isHeard && !decided.includes(n)) lies.push(`no callback tells of the answer ${n}`);
  }
  for (const n of decided) {
    if (standingIn(course, n).kind !== "decided")
      lies.push(`a callback tells of the answer ${n}, which is none`);
  }
  const notices = beside.flatMap(
    ({ param }) => noticeIn((param as { args?: unknown[] } | undefined)?.args?.[0]) ?? [],
  );
  const keys = notices.map(
    ({ says }) =>
      `${says.mail} ${"n" in says ? says.n : ""} ${"dueAtMs" in says ? says.dueAtMs : ""} ${"round" in says ? says.round : ""}`,
  );
  if (new Set(keys).size < keys.length) lies.push(`somebody is told twice: ${keys.join()}`);
  for (const { says } of notices) {
    if ("outcome" in says) {
      const same = (list: Outcome["decisions"]) => list.map(({ n }) => n).join();
      if (says.outcome !== outcome.outcome)
        lies.push(`a mail tells of ${says.outcome}, and it is ${outcome.outcome}`);
      if (same(says.decisions) !== same(outcome.decisions))
        lies.push(`a mail tells of ${same(says.decisions)}`);
    }
    if (says.mail !== "no-longer-needed") continue;
    const record = course.ballots.find(({ ballot }) => ballot.n === says.n)?.record;
    if (record === undefined || withdrawalOf(record) === undefined)
      lies.push(`${says.n} is not needed, and was no more open`);
  }
  return lies;
}

function wrongMails({ mails, mayRepeat }: Ended, course: Course): string[] {
  const lies: string[] = [];
  const sent = mails.flatMap((mail) => ("n" in mail ? [mail.n] : []));
  if (!mayRepeat && new Set(sent).size < sent.length) lies.push(`mails went out for ${sent.join()}`);
  // Of one person in one stage and round, another ballot must follow from the one before.
  const seen = new Map<string, number>();
  for (const { ballot } of course.ballots) {
    const { approver, stage = 0, round = 1, via, n } = ballot;
    const key = `${addressKey(approver.email)} ${stage} ${round}`;
    if (seen.has(key) && via?.from === undefined && via?.kind !== "escalated")
      lies.push(`${key} is asked twice`);
    seen.set(key, n);
  }
  const followed = course.ballots.flatMap(({ ballot }) => ballot.via?.from ?? []);
  if (new Set(followed).size < followed.length) lies.push(`ballots follow ${followed.join()}`);
  return lies;
}

/** Holds each step of the course against a second reading of the rule, by what is stored in the end. */
function wrongByRule(
  { mayApproveByDeadline }: Ended,
  course: Course,
  children: readonly StoredPromise[],
  outcome: Outcome,
): string[] {
  const lies: string[] = [];
  let state: State = OPENING;
  const settings = { mayApproveByDeadline, everybodyMailed: true };
  const { rule } = course;
  const judgements = children.flatMap((child) => judgementOf(child) ?? []);
  const seatsAt = ({ stage, round }: State, end: End): Seat[] =>
    course.ballots.flatMap(({ ballot, record, undo }) =>
      (ballot.stage ?? 0) === stage && (ballot.round ?? 1) === round
        ? [
            {
              n: ballot.n,
              person: ballot.approver,
              groups: ballot.groups ?? [0],
              openedAtMs: record.createdAt,
              gen: ballot.gen,
              ...(ballot.added && { added: ballot.added }),
              ...(ballot.via && { via: ballot.via }),
              answer:
                end.kind === "open" || record.state !== "pending"
                  ? seatAnswer(record, undo, rule.undoMs)
                  : OPEN,
            },
          ]
        : [],
    );
  for (const { verdict, state: next, atMs } of judgements) {
    if (verdict.kind === "done") break;
    const isMove = next.stage !== state.stage || next.round !== state.round || next.phase !== state.phase;
    if (isMove) {
      const changed = course.ends.filter((end) => changeOf(end) !== undefined)[state.round - 1];
      const open: End = { kind: "open", atMs: Number.MAX_SAFE_INTEGER };
      const seen = next.round === state.round || changed === undefined ? open : endOf(changed);
      const end = seen.kind === "closed" ? open : seen;
      const by = read(rule, { state, seats: seatsAt(state, end), end, nowMs: atMs }, settings);
      if (
        by.round !== next.round ||
        by.stage !== next.stage ||
        by.phase !== next.phase ||
        by.comesTo !== "wait"
      ) {
        lies.push(
          `by the rule ${JSON.stringify(state)} comes to ${JSON.stringify(by)}, and it went on to ${JSON.stringify(next)}`,
        );
      }
    }
    state = next;
  }
  const last = course.end && endOf(course.end);
  if (last === undefined) return ["there is no end"];
  const end: End = last.kind === "closed" ? { kind: "open", atMs: Number.MAX_SAFE_INTEGER } : last;
  const nowMs = course.end?.settledAt ?? course.end?.timeoutAt ?? 0;
  const by = read(rule, { state, seats: seatsAt(state, end), end, nowMs }, settings);
  if (by.comesTo !== outcome.outcome) {
    lies.push(`by the rule it is ${JSON.stringify(by)}, and it ended as ${outcome.outcome}`);
  }
  return lies;
}

const OPEN = { kind: "open" } as const;
