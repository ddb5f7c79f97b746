/**
 * An approval small enough to try every order of what happens to it: presses, acts, the clock, and a worker that may die.
 * Workflow, steps, evaluator and what people are told are the product's own; the engine is a map.
 */
import type {
  ApprovalRequest,
  Decision,
  PlainChoice,
  Reassignment,
  Recusal,
  Reissue,
  Terms,
  Undo,
} from "../../../src/approval/approval.ts";
import { courseOf, evaluationOf } from "../../../src/approval/course.ts";
import { childId, endId, KIND_TAG } from "../../../src/approval/ids.ts";
import { parseApprovalRequest } from "../../../src/approval/request.ts";
import { choicesOf, ruleOf } from "../../../src/approval/rule.ts";
import { NO_KNOWN_PEOPLE } from "../../../src/approval/same-person.ts";
import type { BallotStanding } from "../../../src/approval/standing.ts";
import { approvalCall, termsWith } from "../../../src/approval/starting.ts";
import { ballotOf, outcomeOf, undoOf, withdrawalOf } from "../../../src/approval/stored.ts";
import type { Mail } from "../../../src/channels/mail/message.ts";
import { encodeValue } from "../../../src/durable/value.ts";
import { ServiceError } from "../../../src/lib/errors.ts";
import { cancelApproval } from "../../../src/service/approvals/cancel.ts";
import { settleEnd } from "../../../src/service/approvals/end.ts";
import { readCourse, readQuestion } from "../../../src/service/approvals/question.ts";
import type { Turn, World } from "../interleavings.ts";
import { CLOCK, MapEngine } from "./engine.ts";
import { type Told, whatIsWrong } from "./lies.ts";
import { type Fault, type Work, work } from "./worker.ts";

/**
 * What somebody does, once, at any moment. `nth`: on their how-manyth ballot, from 1. `having`: not before they have so
 * many.
 */
type Deed =
  | {
      readonly press: string;
      readonly choice: PlainChoice | "changes";
      readonly nth?: number;
      readonly having?: number;
      readonly undo?: true;
    }
  | { readonly reassign: string; readonly to: string; readonly nth?: number }
  | { readonly recuse: string; readonly nth?: number }
  | { readonly reissue: string; readonly nth?: number }
  | { readonly cancel: true }
  /** `whenDead`: not before the first worker has died, and before the next one begins. */
  | { readonly extendTo: number; readonly whenDead?: true }
  /** The title of the next round. */
  | { readonly change: string; readonly whenRevising?: true };

export interface Scenario {
  /** The request's fields that matter. */
  readonly request: Readonly<Record<string, unknown>>;
  readonly deeds: readonly Deed[];
  /** Times, in milliseconds from the start, to which the clock may move at any moment, in this order. */
  readonly clock?: readonly number[];
  /** The first worker dies after so many requests, and another takes over. */
  readonly dyingAfter?: number;
  /** The first worker dies as soon as it has stored a judgement after which the approval goes on. */
  readonly dyingJudged?: true;
  /** Whether silence may count as approval. */
  readonly mayApproveByDeadline?: boolean;
  /** Nobody is told by callbacks: then only what changes something is judged. */
  readonly unheard?: boolean;
  /** Each promise is read at its own moment, as from a Resonate Server. */
  readonly apart?: boolean;
  /** Nothing was done yet: otherwise the mails are out. */
  readonly fromStart?: boolean;
  readonly fault?: Fault;
}

const ID = "po-1";

/** Makes worlds in which a scenario begins. */
export async function courseWorlds(scenario: Scenario): Promise<() => World> {
  const { request, terms } = parsed(scenario);
  const empty = new MapEngine();
  const { func, args, version, timeoutAt } = approvalCall(request, terms);
  empty.create({
    id: ID,
    param: encodeValue({ func, args, version }),
    tags: { [KIND_TAG]: "approval" },
    timeoutAt,
  });
  const begun = scenario.fromStart === true ? empty : await afterFirstPass(empty, scenario, request, terms);
  return () => courseWorld(scenario, { request, terms }, begun);
}

async function afterFirstPass(
  empty: MapEngine,
  scenario: Scenario,
  request: ApprovalRequest,
  terms: Terms,
): Promise<MapEngine> {
  const engine = new MapEngine(empty);
  const rests = Promise.withResolvers<void>();
  const turn: Turn = async (_, act, isPossible = () => true) =>
    isPossible() ? act() : await new Promise<never>(() => {});
  void work({ ...workOf(scenario, { request, terms }, engine), onRest: () => rests.resolve() }, turn).catch(
    rests.reject,
  );
  await rests.promise;
  return engine;
}

function workOf(
  { unheard, apart, fault, mayApproveByDeadline = false }: Scenario,
  { request, terms }: Pick<Work, "request" | "terms">,
  engine: MapEngine,
): Work {
  return {
    engine,
    id: ID,
    request,
    terms,
    isHeard: unheard !== true,
    isTogether: apart !== true,
    mayApproveByDeadline,
    onMail: () => {},
    onLie: (lie) => {
      throw new Error(lie);
    },
    onRest: () => {},
    fault,
  };
}

function courseWorld(
  scenario: Scenario,
  { request, terms }: Pick<Work, "request" | "terms">,
  begun: MapEngine,
): World {
  const engine = new MapEngine(begun);
  const told: Told[] = [];
  const lies: string[] = [];
  const mails: Mail[] = [];
  let awaited: readonly string[] | undefined;
  let busy = 0;
  let isJudged = false;
  let hasDied = false;
  /** Deeds that wait for the worker's death. */
  let left = 0;
  /** What programs wait for that are busy in no other way. */
  const waits = new Set<() => boolean>();
  const isOver = () => engine.isSettled(ID);
  const isAtRest = () => awaited !== undefined && !awaited.some((id) => engine.isSettled(id));
  const programs: Record<string, (turn: Turn) => Promise<void>> = {};
  const program = (name: string, run: (turn: Turn) => Promise<void>) => {
    busy += 1;
    programs[name] = async (turn) => {
      await run(turn);
      busy -= 1;
    };
  };

  programs["worker"] = async (turn) => {
    const task: Work = {
      ...workOf(scenario, { request, terms }, engine),
      onMail: (mail) => mails.push(mail),
      onLie: (lie) => lies.push(lie),
      onRest: (ids) => {
        awaited = ids;
      },
    };
    if (scenario.dyingAfter !== undefined || scenario.dyingJudged === true) {
      const isDead = await work(
        { ...task, onJudged: () => void (isJudged = true) },
        scenario.dyingAfter === undefined
          ? mortal(turn, () => isJudged)
          : mortal(turn, afterTurns(scenario.dyingAfter)),
      ).then(
        () => false,
        (error: unknown) => {
          if (error instanceof Death) return true;
          throw error;
        },
      );
      if (!isDead) return;
      awaited = undefined;
      hasDied = true;
      // What is done while nobody works is over before somebody does.
      await turn(
        {},
        () => {},
        () => left === 0 || isOver(),
      );
    }
    await work(task, turn);
  };
  for (const [i, deed] of scenario.deeds.entries()) {
    const isAlone = "whenDead" in deed;
    if (isAlone) left += 1;
    program(`${i + 1} ${JSON.stringify(deed)}`, async (turn) => {
      await done({ engine, request, turn, told, i, isOver, waits, hasDied: () => hasDied }, deed);
      if (isAlone) left -= 1;
    });
  }
  if (scenario.clock !== undefined) {
    const times = scenario.clock;
    program("clock", async (turn) => {
      for (const toMs of times) await turn({ writes: [CLOCK] }, () => engine.moveClock(toMs));
    });
  }
  // When nothing else can happen, time goes on to the next timer. Before, all that is stored must have been acted on.
  programs["time"] = async (turn) => {
    for (let jumps = 0; jumps < 50; jumps += 1) {
      const isOn = await turn(
        { writes: isOver() ? [] : [CLOCK] },
        () => {
          if (isOver()) return false;
          lies.push(...unfinished(engine));
          const nextMs = engine.nextTimerMs();
          if (nextMs === undefined) return false;
          engine.moveClock(nextMs);
          return true;
        },
        () => isOver() || (busy === waits.size && ![...waits].some((isSo) => isSo()) && isAtRest()),
      );
      if (!isOn) return;
    }
  };
  return {
    programs,
    isFinal: (thing) => thing !== CLOCK && engine.isSettled(thing),
    lies: () => [
      ...lies,
      ...whatIsWrong({
        engine,
        id: ID,
        request,
        told,
        mails,
        isHeard: scenario.unheard !== true,
        mayApproveByDeadline: scenario.mayApproveByDeadline === true,
        mayRepeat: scenario.dyingAfter !== undefined || scenario.dyingJudged === true,
      }),
    ],
  };
}

/** What a worker that waits should have done by now. */
function unfinished(engine: MapEngine): string[] {
  const course = courseOf(engine.stored(ID), engine.childrenOf(ID));
  if (course === undefined) return ["The approval cannot be read"];
  const { verdict, close, ask, nextEndAtMs, alarmAtMs, state } = evaluationOf(course, engine.nowMs);
  if (course.end?.state !== "pending")
    return [`it waits although its end is ${JSON.stringify(course.end?.value)}`];
  if (alarmAtMs !== undefined && (engine.nextTimerMs() ?? Number.POSITIVE_INFINITY) > alarmAtMs) {
    return [`it waits without a timer for ${alarmAtMs}`];
  }
  const withdrawn = course.ballots.find(({ record }) => {
    const value = withdrawalOf(record);
    return value !== undefined && value.because === undefined;
  });
  if (withdrawn !== undefined)
    return [`it waits, and ${withdrawn.ballot.n} was withdrawn as if it had ended`];
  const isSame =
    state.round === course.state.round &&
    state.stage === course.state.stage &&
    state.phase === course.state.phase;
  if (verdict.kind === "wait" && close.length + ask.length === 0 && nextEndAtMs === undefined && isSame)
    return [];
  return [
    `it waits at ${engine.nowMs} although ${JSON.stringify({ verdict, close, ask, nextEndAtMs, state })}`,
  ];
}

interface Doing {
  readonly engine: MapEngine;
  readonly request: ApprovalRequest;
  readonly turn: Turn;
  readonly told: Told[];
  readonly i: number;
  readonly isOver: () => boolean;
  readonly waits: Set<() => boolean>;
  readonly hasDied: () => boolean;
}

/** Until it is so, or will never be. */
async function until({ turn, isOver, waits }: Doing, isSo: () => boolean): Promise<void> {
  const mayGoOn = () => isSo() || isOver();
  waits.add(mayGoOn);
  await turn({}, () => waits.delete(mayGoOn), mayGoOn);
}

async function done(doing: Doing, deed: Deed): Promise<void> {
  const { engine, request, turn, told, i, isOver } = doing;
  const durable = engine.durable(turn);
  const nonce = `nonce-${i}`;
  const act = { door: "api", nonce } as const;
  if ("cancel" in deed) {
    const options = { durable, signal: new AbortController().signal };
    const outcome = await cancelApproval(
      options,
      { root: engine.stored(ID), request },
      { reason: "not needed", ...act },
    ).then(
      ({ root }) => outcomeOf(root)?.outcome,
      (error: unknown) => {
        if (!(error instanceof ServiceError)) throw error;
        return / as (\w+)$/u.exec(error.message)?.[1];
      },
    );
    if (outcome !== undefined) told.push({ who: "who cancelled", outcome });
    return;
  }
  if ("extendTo" in deed || "change" in deed) {
    // Of the end that is open, if none is yet: nothing is done.
    const isRevising = () => courseOf(engine.stored(ID), engine.childrenOf(ID))?.state.phase === "revising";
    const mayBegin =
      "whenRevising" in deed ? isRevising : "whenDead" in deed ? doing.hasDied : () => engine.has(endId(ID));
    await until(doing, mayBegin);
    if (isOver()) return;
    const course = await readCourse(durable, ID);
    if (course?.end?.state !== "pending") return;
    await settleEnd(
      durable,
      course,
      "extendTo" in deed
        ? { kind: "extended", untilMs: deed.extendTo, ...act }
        : { kind: "changed", content: { title: deed.change, details: [] }, ...act },
    );
    return;
  }
  const email = whose(deed);
  const find = () => ballotsOf(engine, email)[(deed.nth ?? 1) - 1];
  // Whoever is never asked does nothing.
  const having = ("having" in deed && deed.having) || 1;
  await until(doing, () => find() !== undefined && ballotsOf(engine, email).length >= having);
  const n = find();
  if (n === undefined) return;
  const id = childId(ID, n);
  const value: Decision | Reassignment | Recusal | Reissue =
    "press" in deed
      ? { ...decisionOf(request, deed.choice), by: email, door: "mail", nonce }
      : "reassign" in deed
        ? { kind: "reassigned", to: { name: deed.to, email: deed.to }, ...act }
        : { kind: "recuse" in deed ? "recused" : "reissued", ...act };
  await durable.settle(id, value);
  const standing = await claim(doing, n);
  // The page offers it as long as it can be.
  if (!("undo" in deed) || standing?.kind !== "decided" || standing.undoUntilMs === undefined) return;
  const undo: Undo = { kind: "undone", door: "mail", nonce, by: email };
  const stored = await durable.settle(childId(ID, n + 1), undo);
  const taken = stored && undoOf(stored);
  if (taken?.kind === "undone") await claim(doing, n);
}

async function claim({ engine, turn, told }: Doing, n: number): Promise<BallotStanding | undefined> {
  const question = await readQuestion(engine.durable(turn), childId(ID, n));
  if (question !== undefined) told.push({ who: `of ballot ${n}`, n, standing: question.standing });
  return question?.standing;
}

function decisionOf(request: ApprovalRequest, choice: string) {
  const effect = choicesOf(request).find(({ value }) => value === choice)?.effect;
  const plain = { kind: "decision", choice } as const;
  return request.choices === undefined || effect === undefined ? plain : { ...plain, effect };
}

function whose(deed: Exclude<Deed, { cancel: true } | { extendTo: number } | { change: string }>): string {
  if ("press" in deed) return deed.press;
  if ("reassign" in deed) return deed.reassign;
  return "recuse" in deed ? deed.recuse : deed.reissue;
}

function ballotsOf(engine: MapEngine, email: string): number[] {
  return engine.childrenOf(ID).flatMap((child) => {
    const ballot = ballotOf(child);
    return ballot?.approver.email === email ? [ballot.n] : [];
  });
}

class Death extends Error {}

/** Fails once it is so: the process is dead. What it had asked before still arrives. */
function mortal(turn: Turn, isDead: () => boolean): Turn {
  return (touches, act, isPossible) =>
    isDead() ? Promise.reject(new Death()) : turn(touches, act, isPossible);
}

function afterTurns(limit: number): () => boolean {
  let left = limit;
  return () => left-- <= 0;
}

function parsed({ request: fields, mayApproveByDeadline }: Scenario): {
  readonly request: ApprovalRequest;
  readonly terms: Terms;
} {
  const input = parseApprovalRequest(
    { title: "Order", ...fields },
    { nowMs: 0, callbackUrlProblem: () => undefined, mayApproveByDeadline },
  );
  if (!input.ok) throw new Error(JSON.stringify(input.problems));
  const terms = termsWith(input, { awayAt: () => undefined, known: NO_KNOWN_PEOPLE });
  ruleOf(input.value, terms.people);
  return { request: input.value, terms };
}
