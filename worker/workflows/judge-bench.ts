/** What the judge looks at, and how it closes what is over. `judge.ts` says why it does so in this order (J1 to J5). */
import type { AwayAt } from "../../src/approval/absence.ts";
import {
  type Closed,
  type Content,
  type CountedDecision,
  type Judgement,
  LINK_VIEW_MS,
  type Undo,
  type Withdrawal,
} from "../../src/approval/approval.ts";
import { unreachedId } from "../../src/approval/bounce.ts";
import { endOf, seatAnswer } from "../../src/approval/course.ts";
import { programOf } from "../../src/approval/doer.ts";
import type { Ask, Evaluation } from "../../src/approval/evaluate/evaluation.ts";
import type { End, Seat, State } from "../../src/approval/evaluate/look.ts";
import { evaluate } from "../../src/approval/evaluate.ts";
import { type Rule, ruleOf } from "../../src/approval/rule.ts";
import { NO_KNOWN_PEOPLE, type SamePeople, withAliases } from "../../src/approval/same-person.ts";
import { peopleNamed } from "../../src/approval/starting.ts";
import { changeOf, decisionOf, extensionOf } from "../../src/approval/stored.ts";
import type { StoredPromise } from "../../src/durable/durable.ts";
import type { Seen } from "../runtime/future.ts";
import type { ProductServices } from "../runtime/services.ts";
import type { JudgeInput, SeatSeen } from "./judge-input.ts";
import type { Judged } from "./judge-notices.ts";
import { read, readSettled, settle } from "./records.ts";

/** The part of a record, as a pass saw it, that an answer is read from. */
export function recordSeen({ settled, value }: Seen) {
  return { state: settled ? "resolved" : "pending", value, settledAt: 0, timeoutAt: 0 } as const;
}

export function openEnd({ endAtMs }: Pick<JudgeInput, "endAtMs">): End {
  return { kind: "open", atMs: endAtMs };
}

type Recorded = Pick<StoredPromise, "state" | "value" | "settledAt" | "timeoutAt">;

export function seatOf(
  { n, ask, isUnreached }: Pick<SeatSeen, "n" | "ask" | "isUnreached">,
  record: Recorded,
  undo: Recorded | undefined,
  openedAtMs: number,
  { undoMs }: Pick<Rule, "undoMs">,
): Seat {
  const { person, groups, gen, added, via, inPlaceOf } = ask;
  return {
    n,
    person,
    groups,
    gen,
    openedAtMs,
    ...(added && { added }),
    ...(via && { via }),
    ...(inPlaceOf && { inPlaceOf }),
    isUnreached,
    answer: seatAnswer(record, undo, undoMs),
  };
}

/** One judgement's view of the records. It reads what it must, and closes what the rule says. */
export class Bench {
  readonly nowMs: number;
  readonly #svc: ProductServices;
  readonly #seen: JudgeInput;
  #rule: Rule;
  /** Whose the addresses of those are whom it asks. */
  #aliases: SamePeople["aliases"];
  /** By number of the ballot, as last read. Absent: open when the pass looked. */
  readonly #ballots = new Map<number, StoredPromise>();
  readonly #undos = new Map<number, StoredPromise>();
  #end: StoredPromise | undefined;
  #closed: Closed | undefined;
  #evaluation: Evaluation | undefined;
  #awayAt: AwayAt | undefined;
  #hasBounced = false;
  /** How many promises this judgement has settled. */
  #settledHere = 0;

  constructor(svc: ProductServices, seen: JudgeInput) {
    this.#svc = svc;
    this.#seen = seen;
    this.#rule = ruleOf(seen.request, seen.terms.people);
    this.nowMs = svc.now();
  }

  /** How many promises of the open stage were settled, with those that this judgement settled. */
  get settled(): number {
    const { end, seats } = this.#seen;
    const seen = [end, ...seats.flatMap((seat) => (seat.undo === undefined ? [seat] : [seat, seat.undo]))];
    return seen.filter(({ settled }) => settled).length + this.#settledHere;
  }

  /** When the end was settled, by the engine's clock. */
  get endedAtMs(): number | undefined {
    return this.#end?.settledAt;
  }

  /** Where this judgement opens a round: why the question was changed, and by which program, if one did it. */
  get changed(): Pick<Judgement, "note" | "changedBy"> {
    const change = this.#end && changeOf(this.#end);
    if (change === undefined) return {};
    const { note, caller } = change;
    return {
      ...(note === undefined ? {} : { note }),
      ...(caller === undefined ? {} : { changedBy: programOf(change) }),
    };
  }

  get content(): Content | undefined {
    return (this.#end && changeOf(this.#end)?.content) ?? this.#seen.content;
  }

  get aliases(): SamePeople["aliases"] {
    return this.#aliases;
  }

  async evaluated(): Promise<Evaluation> {
    const { approval, seats, end } = this.#seen;
    await Promise.all(
      seats.map(async ({ n, id, settled, undo }) => {
        if (settled) this.#ballots.set(n, await readSettled(this.#svc, approval, id));
        if (settled && undo !== undefined) this.#undos.set(n, await read(this.#svc, undo.id));
      }),
    );
    if (end.settled) this.#end = await readSettled(this.#svc, approval, end.id);
    this.#hasBounced = await this.#readBounces();
    for (;;) {
      await this.#seal();
      const evaluation = this.#evaluate();
      // Votes that count can no longer be taken back. If a vote was changed before it was sealed, the judgement is made again.
      if (await this.#seal(evaluation.counted)) continue;
      if (evaluation.close.length > 0) await this.#withdraw(evaluation);
      else if (evaluation.verdict.kind === "done") {
        if (!(await this.#writeVerdict(evaluation))) continue;
        await Promise.all([this.#seal(), this.#stopAlarms()]);
        return evaluation;
      } else if (this.#end === undefined) this.#end = await read(this.#svc, end.id);
      // Who is asked is frozen with this step's result. Most judgements ask nobody, and need not know who is away.
      else if (evaluation.ask.length > 0 && this.#awayAt === undefined)
        this.#awayAt = await this.#svc.absences.awayAt(this.nowMs);
      else if (!this.#hasLearnt(evaluation.ask)) return evaluation;
    }
  }

  /** Finds out whose the addresses of these people are; tells whether that was not known before. */
  #hasLearnt(asks: readonly Ask[]): boolean {
    const { request, terms, seats } = this.#seen;
    if (terms.people === undefined) return false;
    const known = this.#svc.known ?? NO_KNOWN_PEOPLE;
    const same = withAliases(terms.people, this.#aliases);
    const later = known.later(same, {
      asked: asks.map(({ person }) => person),
      settled: [...peopleNamed(request), ...seats.map(({ ask }) => ask.person)],
    });
    if (later === undefined) return false;
    this.#aliases = { ...this.#aliases, ...later };
    this.#rule = ruleOf(request, withAliases(same, later));
    return true;
  }

  /** The answers that count in this stage, in the order of the ballots. */
  decisions(): CountedDecision[] {
    const counted = new Set(this.#closed?.answered ?? this.#evaluation?.counted);
    const { state, request } = this.#seen;
    const place = request.stages === undefined ? {} : { stage: state.stage + 1 };
    return this.#seen.seats.flatMap(({ n }) => {
      const record = this.#ballots.get(n);
      const decision = record && decisionOf(record);
      if (record === undefined || decision === undefined || !counted.has(n)) return [];
      const { by, choice, effect, comment, fields, except, doNotAsk, door, signedInBy } = decision;
      return [
        {
          n,
          email: by,
          choice,
          ...(effect === undefined ? {} : { effect }),
          ...place,
          ...(comment === undefined ? {} : { comment }),
          ...(fields === undefined ? {} : { fields }),
          ...(except === undefined ? {} : { except }),
          ...(doNotAsk === undefined ? {} : { doNotAsk }),
          at: new Date(record.settledAt ?? record.timeoutAt).toISOString(),
          door,
          ...(signedInBy === undefined ? {} : { signedInBy }),
          ...programOf(decision),
        },
      ];
    });
  }

  /** What holds from now on, with the deadline that people know. */
  get state(): State {
    const { state } = this.#evaluated();
    const namedEndAtMs = this.#namedEndAtMs();
    return namedEndAtMs === undefined ? state : { ...state, namedEndAtMs };
  }

  /** Undefined unless this judgement moves the approval's deadline. */
  #namedEndAtMs(): number | undefined {
    const { verdict, state, nextEndAtMs } = this.#evaluated();
    const { state: before, endAtMs } = this.#seen;
    const isMoved = this.#end !== undefined && extensionOf(this.#end) !== undefined;
    // The mails of a stage that opens now name the new one.
    const isSame = state.stage === before.stage && state.round === before.round;
    if (!isMoved || !isSame || verdict.kind === "done" || nextEndAtMs === undefined) return undefined;
    const namedEndAtMs = before.namedEndAtMs ?? endAtMs;
    return nextEndAtMs > namedEndAtMs + LINK_VIEW_MS ? nextEndAtMs : namedEndAtMs;
  }

  /** For what people are told. */
  judged(): Judged {
    return {
      seen: this.#seen,
      evaluation: this.#evaluated(),
      rule: this.#rule,
      ballots: this.#ballots,
      end: this.#end,
      nowMs: this.nowMs,
      stageOpenedAtMs: this.#stageOpenedAtMs(),
      namedEndAtMs: this.#namedEndAtMs(),
    };
  }

  /** Whether a mail came back of somebody who has not answered; read only where their silence could count. */
  async #readBounces(): Promise<boolean> {
    const { approval, terms, seats, isMailed } = this.#seen;
    const mayCount = this.#svc.mayApproveByDeadline === true && approvesBySilence(this.#rule);
    if (!mayCount || !isMailed) return false;
    const found = await Promise.all(
      seats.map(async ({ n, settled, canBounce }) => {
        if (settled || !canBounce) return false;
        const { startedAtMs } = terms;
        return (await this.#svc.look(unreachedId({ approval, startedAtMs, n }))) !== undefined;
      }),
    );
    return found.includes(true);
  }

  #evaluated(): Evaluation {
    if (this.#evaluation === undefined) throw new Error("Cannot tell of a judgement before it was made");
    return this.#evaluation;
  }

  #evaluate(): Evaluation {
    const { state, seats, isMailed } = this.#seen;
    const end = this.#end === undefined ? openEnd(this.#seen) : endOf(this.#end);
    const look = {
      state,
      seats: seats.map((seat) => {
        const record = this.#ballots.get(seat.n) ?? PENDING;
        return seatOf(seat, record, this.#undos.get(seat.n), this.#openedAtMs(seat), this.#rule);
      }),
      // A verdict of ours was written by a judgement that did not live to tell of it (J4).
      end: end.kind === "closed" ? openEnd(this.#seen) : end,
      nowMs: this.nowMs,
      ...(this.#awayAt && { awayAt: this.#awayAt }),
    };
    const settings = {
      mayApproveByDeadline: this.#svc.mayApproveByDeadline ?? false,
      everybodyMailed: isMailed && !this.#hasBounced,
    };
    const evaluation = evaluate(this.#rule, look, settings);
    this.#closed = end.kind === "closed" ? end.closed : undefined;
    this.#evaluation = evaluation;
    if (this.#closed !== undefined) {
      const { outcome, reason, why } = this.#closed;
      const verdict = { kind: "done", outcome, reason, ...(why && { why }) } as const;
      this.#evaluation = { ...evaluation, close: [], verdict };
    }
    return this.#evaluation;
  }

  #openedAtMs({ id }: SeatSeen): number {
    return this.#svc.told(this.#seen.approval, id)?.createdAt ?? this.#seen.terms.startedAtMs;
  }

  #stageOpenedAtMs(): number {
    return Math.min(...this.#seen.seats.map((seat) => this.#openedAtMs(seat)));
  }

  async #withdraw({ close, verdict, state }: Evaluation): Promise<void> {
    const withdrawal: Withdrawal = { kind: "withdrawn", ...this.#because(verdict.kind === "done", state) };
    const several = close.find((n) => this.#hasAnother(n));
    const now = several === undefined ? close : [several];
    await Promise.all(
      this.#seen.seats.map(async ({ n, id }) => {
        if (!now.includes(n)) return;
        this.#ballots.set(n, await settle(this.#svc, id, withdrawal));
        this.#settledHere += 1;
      }),
    );
  }

  /** Whether this ballot's person has another one that is open or answered (J2). */
  #hasAnother(n: number): boolean {
    const { seats } = this.#seen;
    const keyOf = (seat: SeatSeen | undefined) => seat && this.#rule.whoIs(seat.ask.person.email);
    const key = keyOf(seats.find((seat) => seat.n === n));
    return seats.some((seat) => {
      if (seat.n === n || keyOf(seat) !== key) return false;
      const record = this.#ballots.get(seat.n);
      return record === undefined || record.state === "pending" || decisionOf(record) !== undefined;
    });
  }

  #because(isDone: boolean, next: State): Pick<Withdrawal, "because"> {
    const { state } = this.#seen;
    if (isDone) return {};
    if (next.round !== state.round) return { because: "round-over" };
    if (next.phase !== state.phase) return { because: "changes-requested" };
    return { because: next.stage === state.stage ? "escalated" : "stage-done" };
  }

  /** Ends the time for taking back, where it is over or the answer counts; tells whether it had to. */
  async #seal(counted: readonly number[] = []): Promise<boolean> {
    const { undoMs } = this.#rule;
    if (undoMs === 0) return false;
    const before = this.#settledHere;
    const end = this.#end && endOf(this.#end).kind;
    const isOver = end !== undefined && end !== "open" && end !== "extended";
    const final: Undo = { kind: "final" };
    await Promise.all(
      this.#seen.seats.map(async ({ n, undo }) => {
        const record = this.#ballots.get(n);
        if (undo === undefined || record === undefined || decisionOf(record) === undefined) return;
        const known = this.#undos.get(n);
        if (known !== undefined && known.state !== "pending") return;
        if (!isOver && !counted.includes(n) && this.nowMs < (record.settledAt ?? record.timeoutAt) + undoMs)
          return;
        this.#undos.set(n, await settle(this.#svc, undo.id, final));
        this.#settledHere += 1;
      }),
    );
    return this.#settledHere > before;
  }

  /** Whether the verdict stands: written, or found to follow from what had settled the end before. */
  async #writeVerdict({ verdict, counted }: Evaluation): Promise<boolean> {
    if (verdict.kind === "wait" || (this.#end !== undefined && this.#end.state !== "pending")) return true;
    const { outcome, reason, why } = verdict;
    const answered = [...this.#seen.past.map(({ n }) => n), ...counted];
    const closed: Closed = { kind: "closed", outcome, reason, ...(why && { why }), answered };
    this.#end = await settle(this.#svc, this.#seen.end.id, closed);
    // Otherwise the end was settled by the clock or by others.
    return endOf(this.#end).kind === "closed";
  }

  async #stopAlarms(): Promise<void> {
    const open = this.#seen.alarms.filter(({ settled }) => !settled);
    await Promise.all(open.map(({ id }) => settle(this.#svc, id, null)));
  }
}

function approvesBySilence({ onDeadline, stages }: Rule): boolean {
  return onDeadline === "approve" || stages.some((stage) => stage.onDeadline === "approve");
}

const PENDING: Recorded = { state: "pending", value: undefined, timeoutAt: 0 };
