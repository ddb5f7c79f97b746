/** The promises and steps of the approval workflow: what it makes, in which order, and what each answers. */
import type { Context } from "@resonatehq/sdk";
import { type ActionTerms, digestOf } from "../../src/approval/action.ts";
import type { ApprovalRequest, Ballot, Content, Judgement, Terms } from "../../src/approval/approval.ts";
import { asked, contentOf } from "../../src/approval/content.ts";
import type { Program } from "../../src/approval/doer.ts";
import type { Ask } from "../../src/approval/evaluate/evaluation.ts";
import { KIND_TAG } from "../../src/approval/ids.ts";
import { separableItems } from "../../src/approval/items.ts";
import type { NextDeadline } from "../../src/approval/next-deadline.ts";
import { addressKey } from "../../src/approval/person.ts";
import { startStepIn } from "../../src/approval/start-step.ts";
import { judgementIn, mailResultIn } from "../../src/approval/stored.ts";
import { EXTERNAL } from "../../src/durable/lineage.ts";
import { canonicalHash } from "../../src/lib/canonical-hash.ts";
import { createLoose, type Future, type Latent, waitForAny } from "../runtime/future.ts";
import type { ProductServices } from "../runtime/services.ts";
import { lastingStored } from "../runtime/step-options.ts";
import { timerTags } from "../runtime/timer.ts";
import { judge } from "./judge.ts";
import type { JudgeInput } from "./judge-input.ts";
import { type MailInput, mail_ballot } from "./mail-ballot.ts";
import { who_is_away } from "./who-is-away.ts";

/** An open question to one person, as the workflow holds it. */
export interface HeldSeat {
  readonly n: number;
  readonly ask: Ask;
  readonly future: Future<unknown>;
  /** Whether the decision was taken back, if it can be. */
  readonly undo: Future<unknown> | undefined;
  /** How often its mail was tried. */
  tries: number;
  /** Whether its mail cannot be delivered: this person was not asked. */
  isUnreached: boolean;
  /** Whether its mail had a return path of its own. */
  canBounce: boolean;
}

/** A ballot whose mail has to be tried again. */
export interface Unmailed {
  readonly seat: HeldSeat;
  readonly nextTryAtMs: number;
}

export interface Mailing {
  readonly content: Content | undefined;
  /** The content of the round before. */
  readonly before: Content | undefined;
  readonly note: string | undefined;
  readonly changedBy: Program | undefined;
  readonly deadline: NextDeadline;
  /** The approval's deadline. */
  readonly endAtMs: number;
  /** Promise id of the end that the mails' ballots depend on. */
  readonly endId: string;
}

/** The promises and steps that the workflow makes. It counts them, because a ballot names its own position. */
export class Desk {
  readonly #ctx: Context;
  readonly #svc: ProductServices;
  readonly #request: ApprovalRequest;
  readonly #terms: ActionTerms;
  readonly #latents = new Map<Future<unknown>, Latent>();
  #position = 0;
  #alarms: { readonly atMs: number; readonly future: Future<unknown> }[] = [];
  #isFirstMail = true;
  /** A person's first ballot, by the key of their address. */
  readonly #firsts = new Map<string, HeldSeat>();
  /** By the number of a ballot, that of the same person's first one, where it is another. */
  readonly first: Record<number, number> = {};

  constructor(ctx: Context, svc: ProductServices, request: ApprovalRequest, terms: Terms) {
    this.#ctx = ctx;
    this.#svc = svc;
    this.#request = request;
    const { startedAtMs, deadlineAtMs } = terms;
    this.#terms = { approval: ctx.id, startedAtMs, deadlineAtMs };
  }

  *openEnd(atMs: number): Generator<unknown, Future<unknown>> {
    return yield* this.#create({ timeout: this.#until(atMs), tags: timerTags(this.#svc.group, "end") });
  }

  /** Who is away, and whose the addresses are: as a step, where nobody could settle it before. */
  *startStep(): Generator<unknown, Pick<Terms, "away" | "people"> | undefined> {
    this.#position += 1;
    const { version } = this.#ctx.info;
    const options = lastingStored(this.#ctx, "at-end");
    return startStepIn(yield* this.#ctx.run(who_is_away, this.#request, version, options));
  }

  /** Ballots, each with its link to what was asked; they stay open until something closes them. */
  *open(asks: readonly Ask[], content: Content | undefined): Generator<unknown, HeldSeat[]> {
    const { id, info } = this.#ctx;
    const { undo, choices, fields } = this.#request;
    const hash = canonicalHash(contentOf(asked(this.#request, content)));
    const separable = separableItems(this.#request);
    const digest = digestOf(asked(this.#request, content), this.#terms);
    const timeout = this.#until(info.timeout);
    const seats: HeldSeat[] = [];
    for (const ask of asks) {
      const { person, stage, round, gen, groups, added, via, inPlaceOf } = ask;
      const n = this.#position;
      const data: Ballot = {
        kind: "ballot",
        approval: id,
        n,
        approver: person,
        recipient: this.#svc.tokens.recipientId(id, person.email),
        gen,
        contentHash: hash,
        ...(digest === undefined ? {} : { digest }),
        ...(stage === 0 ? {} : { stage }),
        ...(round === 1 ? {} : { round }),
        ...(groups.length === 1 && groups[0] === 0 ? {} : { groups }),
        ...(added && { added }),
        ...(via && { via }),
        ...(inPlaceOf && { inPlaceOf }),
        ...(choices === undefined && fields === undefined && separable === 0 ? {} : { custom: true }),
        ...(undo === undefined ? {} : { undo: true }),
      };
      const future = yield* this.#create({ timeout, data, tags: { ...EXTERNAL, [KIND_TAG]: "ballot" } });
      const undoing =
        undo === undefined
          ? undefined
          : yield* this.#create({ timeout, tags: { ...EXTERNAL, [KIND_TAG]: "undo" } });
      const seat = { n, ask, future, undo: undoing, tries: 0, isUnreached: false, canBounce: false };
      const first = this.#firstOf(seat);
      if (first !== seat) this.first[n] = first.n;
      seats.push(seat);
    }
    return seats;
  }

  /** Mails to these people at once, each in a step of its own; answers those that must be tried again. */
  *mail(seats: readonly HeldSeat[], mailing: Mailing): Generator<unknown, Unmailed[]> {
    const sending: { readonly seat: HeldSeat; readonly result: Future<unknown> }[] = [];
    for (const seat of seats) {
      seat.tries += 1;
      const { content, before, ...others } = mailing;
      const input: MailInput = {
        ...others,
        approval: this.#ctx.id,
        startedAtMs: this.#terms.startedAtMs,
        request: asked(this.#request, content),
        before: contentOf(asked(this.#request, before)),
        firstId: this.#firstOf(seat).future.id,
        n: seat.n,
        ballot: seat.future.id,
        first: this.#isFirstMail,
        tries: seat.tries,
        together: seats.length,
      };
      this.#isFirstMail = false;
      this.#position += 1;
      const result = yield* this.#ctx.beginRun(mail_ballot, input, lastingStored(this.#ctx, "at-end"));
      sending.push({ seat, result });
    }
    const unmailed: Unmailed[] = [];
    for (const { seat, result } of sending) {
      // Without a result another program has settled the step. Whether a mail went out is not known: it is tried again.
      const { delivery } = mailResultIn(yield* result) ?? {
        delivery: { status: "deferred", nextTryAtMs: 0 },
      };
      seat.isUnreached = delivery.status === "undeliverable";
      seat.canBounce = delivery.status === "sent" && delivery.canBounce === true;
      if (delivery.status === "deferred") unmailed.push({ seat, nextTryAtMs: delivery.nextTryAtMs ?? 0 });
    }
    return unmailed;
  }

  /** The person's first ballot: its mail began their thread. */
  #firstOf(seat: HeldSeat): HeldSeat {
    const key = addressKey(seat.ask.person.email);
    const first = this.#firsts.get(key) ?? seat;
    this.#firsts.set(key, first);
    return first;
  }

  /** A timer for the earliest of these times, unless an open one is as early; undefined if nothing is due. */
  *openAlarm(times: readonly (number | undefined)[]): Generator<unknown, void> {
    const atMs = Math.min(...times.filter((time) => time !== undefined));
    if (!Number.isFinite(atMs) || this.#alarms.some((alarm) => alarm.atMs <= atMs)) return;
    const tags = timerTags(this.#svc.group, "alarm");
    this.#alarms.push({ atMs, future: yield* this.#create({ timeout: this.#until(atMs), tags }) });
  }

  get alarms(): readonly Future<unknown>[] {
    return this.#alarms.map(({ future }) => future);
  }

  *judge(look: JudgeInput): Generator<unknown, Judgement | undefined> {
    this.#position += 1;
    return judgementIn(yield* this.#ctx.run(judge, look, lastingStored(this.#ctx, "unless-last")));
  }

  /** Forgets the timers that were over when a judgement looked, and answers their times. */
  dropAlarms(rang: readonly number[]): number[] {
    const dropped = this.#alarms.filter((_, index) => rang.includes(index));
    this.#alarms = this.#alarms.filter((_, index) => !rang.includes(index));
    return dropped.map(({ atMs }) => atMs);
  }

  *waitForAny(futures: readonly Future<unknown>[]): Generator<unknown, void> {
    yield* waitForAny([...futures, ...this.alarms].flatMap((future) => this.#latents.get(future) ?? []));
  }

  *#create(options: Parameters<Context["promise"]>[0]): Generator<unknown, Future<unknown>> {
    this.#position += 1;
    const latent = this.#ctx.promise(options);
    const future = yield* createLoose(latent);
    this.#latents.set(future, latent);
    return future;
  }

  /**
   * Relative to now, because the SDK takes it so; it counts only on the first pass, when the promise is created. A time that
   * is over is settled at once.
   */
  #until(atMs: number): number {
    return atMs - this.#svc.now();
  }
}
