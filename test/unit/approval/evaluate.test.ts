/**
 * `evaluate` against a second reading of the rule (`test/support/rule-model.ts`), on rules and answers drawn by chance, and
 * against `decide` of version 1 where a request asks nothing new.
 *
 * `RULE_CASES=1000000` for more of them, `SEEDS=7` for those of one seed. Of the faulty evaluators below, the one that is
 * hardest to find takes about 1,100 cases.
 */

import { expect, test } from "vitest";
import type { Vote } from "../../../src/approval/approval.ts";
import type { End, Look, Seat, SeatAnswer, State } from "../../../src/approval/evaluate/look.ts";
import { evaluate } from "../../../src/approval/evaluate.ts";
import { decide } from "../../../src/approval/policy.ts";
import { peopleOf, type Rule, ruleOf, type StageRule } from "../../../src/approval/rule.ts";
import { whoIsBy } from "../../../src/approval/same-person.ts";
import type { Person, Require } from "../../../src/approval/schema.ts";
import { read, readingOf, sameReading } from "../../support/rule-model.ts";
import { type Random, randomFrom, seeds } from "../../support/seeds.ts";

const CASES = Number(process.env["RULE_CASES"] ?? 100_000);
/** A million take minutes where other tests run beside them. */
const TIMEOUT_MS = 60_000 + CASES;
const NOW_MS = 1_000;
const EFFECTS = ["approve", "approve", "reject", "changes"] as const;
const NAMES = ["ana", "bo", "cy", "di", "eve", "flo", "gus"];
const PEOPLE: readonly Person[] = NAMES.map((name) => ({ email: `${name}@x.org` }));

interface Case {
  readonly rule: Rule;
  readonly look: Look;
  readonly settings: { readonly mayApproveByDeadline: boolean; readonly everybodyMailed: boolean };
}

/** Up to `max` of the people, each once. */
function some(random: Random, max: number): Person[] {
  return shuffled(random, PEOPLE)
    .slice(0, 1 + random.below(max))
    .map((person) => spelled(random, person));
}

/** Some by another address of theirs. */
function spelled(random: Random, person: Person): Person {
  return random.chance(0.15) ? { email: person.email.replace("@", "+t@") } : person;
}

const nameOf = ({ email }: Person) => email.replace("+t@", "@");

function shuffled<T>(random: Random, items: readonly T[]): T[] {
  return items
    .map((item) => [random.below(1_000_000), item] as const)
    .sort(([a], [b]) => a - b)
    .map(([, item]) => item);
}

const required = (random: Random, max: number): Require =>
  random.pick<Require>(["any", "all", 1 + random.below(max)]);

function drawStage(random: Random): StageRule {
  const groups = Array.from({ length: 1 + random.below(3) }, () => {
    const approvers = some(random, 4);
    return { approvers, require: required(random, approvers.length) };
  });
  return {
    groups,
    require: required(random, groups.length),
    ...(random.chance(0.5) ? { deadlineMs: random.pick([900, 999, 1_000, 1_001, 5_000]) } : {}),
    onDeadline: random.pick(["expire", "reject", "escalate", "escalate", "approve"]),
    escalateTo: Array.from({ length: random.below(3) }, () => some(random, 3)),
    replace: random.chance(0.3),
    ...(random.chance(0.2) ? { endsWithApproval: true } : {}),
  };
}

function drawRule(random: Random): Rule {
  return {
    stages: Array.from({ length: 1 + random.below(3) }, () => drawStage(random)),
    rejection: random.pick(["veto", "majority"]),
    choices: [],
    whoIs: whoIsBy({ form: 1 }),
    onDeadline: random.pick(["expire", "reject", "approve"]),
    ...(random.chance(0.4) ? { requester: random.pick(PEOPLE).email } : {}),
    undoMs: random.chance(0.3) ? 100 : 0,
    rounds: 1 + random.below(3),
    ...(random.chance(0.5) ? { roundMs: 5_000 } : {}),
  };
}

/** Moments at which something may happen: many coincide. */
const moment = (random: Random) => random.pick([1, 500, 880, 899, 900, 901, 950, 998, 999, 1_000]);

function drawAnswer(random: Random, rule: Rule): SeatAnswer {
  const kind = random.below(16);
  if (kind < 5) return { kind: "open" };
  if (kind === 5 && rule.undoMs > 0) return { kind: "undone" };
  if (kind === 6) return { kind: "reassigned", to: spelled(random, random.pick(PEOPLE)) };
  if (kind === 7) return { kind: "recused" };
  if (kind === 8) return { kind: "reissued" };
  if (kind === 9) return { kind: "closed" };
  const effect = random.pick(EFFECTS);
  const final = rule.undoMs === 0 || random.chance(0.3);
  return { kind: "decided", choice: effect, effect, atMs: moment(random), final };
}

function drawEnd(random: Random): End {
  switch (random.below(8)) {
    case 0:
      return { kind: "deadline", atMs: moment(random) };
    case 1:
      return { kind: "cancelled", atMs: moment(random) };
    case 2:
      return { kind: "changed", atMs: moment(random), deadlineAtMs: random.pick([1_001, 8_000]) };
    case 3:
      return { kind: "extended", atMs: moment(random), untilMs: 9_000 };
    default:
      return { kind: "open", atMs: random.pick([950, 1_000, 1_001, 8_000]) };
  }
}

function drawCase(random: Random): Case {
  const rule = drawRule(random);
  const at = random.below(rule.stages.length);
  const stage = rule.stages[at] as StageRule;
  const escalations = random.below(stage.escalateTo.length + 1);
  const seats: Seat[] = [];
  const sit = (person: Person, groups: readonly number[], more: Partial<Seat> = {}) => {
    const n = seats.length + 1;
    const openedAtMs = escalations === 0 ? 0 : random.pick([0, 100]);
    const drawn = drawAnswer(random, rule);
    // No ballot is opened for the requester. One that a program opened all the same does not count.
    const isBallotOfNobody = nameOf(person) === rule.requester && drawn.kind !== "decided";
    const answer: SeatAnswer = isBallotOfNobody ? { kind: "open" } : drawn;
    const isUnreached = random.chance(0.15);
    seats.push({ n, person, groups, openedAtMs, gen: 0, isUnreached, answer, ...more });
  };
  for (const { person, groups } of peopleOf(rule, stage)) sit(person, groups);
  let replaced: number[] = [];
  for (const entry of stage.escalateTo.slice(0, escalations)) {
    if (stage.replace) {
      replaced = seats.flatMap(({ n, answer }) => (answer.kind === "closed" ? [n] : []));
    }
    for (const person of entry) {
      if (seats.some((seat) => nameOf(seat.person) === nameOf(person) && !replaced.includes(seat.n)))
        continue;
      const added = stage.replace ? {} : ({ added: true } as const);
      sit(person, [random.below(stage.groups.length)], { ...added, via: { kind: "escalated" } });
    }
  }
  // Some of those that were handed on, taken back or sent again were opened before.
  for (const { n, person, groups, answer, added } of seats.slice()) {
    const to = answer.kind === "reassigned" ? answer.to : person;
    const isHandedOn = ["reassigned", "undone", "reissued"].includes(answer.kind);
    if (!isHandedOn || nameOf(to) === rule.requester || random.chance(0.5)) continue;
    const kind = answer.kind === "undone" ? "undo" : (answer.kind as "reassigned" | "reissued");
    sit(to, groups, { ...(added && { added }), gen: 1, via: { kind, from: n } });
  }
  const phase = rule.rounds > 1 && random.chance(0.05) ? "revising" : "asking";
  const state: State = {
    round: 1 + random.below(rule.rounds),
    stage: at,
    phase,
    escalations,
    ...(escalations > 0 ? { sinceMs: random.pick([0, 100]) } : {}),
    ...(replaced.length > 0 ? { replaced } : {}),
  };
  // Many are away at once, so that stand-ins follow on one another, lead in circles, or sit there already.
  const away = new Map(
    random.chance(0.4)
      ? some(random, NAMES.length).map(({ email }) => [email, spelled(random, random.pick(PEOPLE))])
      : [],
  );
  const awayAt = (who: string) => {
    const to = away.get(who);
    return to === undefined ? undefined : { to, untilMs: 9_000 };
  };
  const end = drawEnd(random);
  const settings = { mayApproveByDeadline: random.chance(0.5), everybodyMailed: random.chance(0.7) };
  return { rule, look: { state, seats, end, nowMs: NOW_MS, awayAt }, settings };
}

/** The first case that the two read differently; undefined if there is none. */
function difference(evaluator: typeof evaluate, seed: number, cases: number) {
  const random = randomFrom(seed);
  const seen = new Map<string, number>();
  for (let i = 0; i < cases; i += 1) {
    const { rule, look, settings } = drawCase(random);
    const expected = read(rule, look, settings);
    const came = readingOf(evaluator(rule, { ...look, seats: shuffled(random, look.seats) }, settings));
    if (!sameReading(came, expected)) return { i, rule, look, settings, expected, came };
    // The judgement evaluates once more when it has closed what is to be closed.
    const seats = look.seats.map(
      (seat): Seat => (came.close.includes(seat.n) ? { ...seat, answer: { kind: "closed" } } : seat),
    );
    const again = readingOf(evaluator(rule, { ...look, seats }, settings));
    const closed = { ...expected, close: [] };
    if (!sameReading(again, closed)) return { i, rule, look, settings, expected: closed, came: again };
    const what = [expected.comesTo, expected.phase, expected.ask.length > 0, expected.isUnreachable].join();
    seen.set(what, (seen.get(what) ?? 0) + 1);
  }
  return [...seen.values()].filter((times) => times > cases / 2_000).length;
}

test.each(seeds(1))(
  `${CASES} rules and answers are read as the rule says, with seed %i`,
  (seed) => {
    const found = difference(evaluate, seed, CASES);
    // Otherwise the cases have lost what they were made for.
    if (typeof found === "number") expect(found).toBeGreaterThan(8);
    else expect(found.came, JSON.stringify(found)).toStrictEqual(found.expected);
  },
  TIMEOUT_MS,
);

test(
  "a rule that asks nothing new comes to what version 1 made of it, for the same reason",
  () => {
    const [seed = 0] = seeds(1);
    const random = randomFrom(seed);
    for (let i = 0; i < CASES / 10; i += 1) {
      const approvers = some(random, 5);
      const requester = PEOPLE.find((person) => !approvers.includes(person)) as Person;
      const request = {
        title: "Order",
        approvers,
        ...(random.chance(0.5) ? { requester } : {}),
        require: required(random, approvers.length),
        rejection: random.pick(["veto", "majority"] as const),
        onDeadline: random.pick(["expire", "reject"] as const),
        deadline: "P7D",
        details: [],
        metadata: {},
      };
      const rule = ruleOf(request);
      const seats = peopleOf(rule, rule.stages[0] as StageRule).map(({ person, groups }, at): Seat => {
        const effect = random.pick(["approve", "reject", "open"] as const);
        const answer: SeatAnswer =
          effect === "open"
            ? { kind: "open" }
            : { kind: "decided", choice: effect, effect, atMs: at, final: true };
        return { n: at + 1, person, groups, openedAtMs: 0, gen: 0, answer };
      });
      const votes = seats.flatMap(({ n, person: { email }, answer }): Vote[] =>
        answer.kind === "decided" ? [{ n, email, choice: answer.choice }] : [],
      );
      const end = random.pick<Extract<End, { kind: "open" | "deadline" | "cancelled" }>>([
        { kind: "open", atMs: 9_000 },
        { kind: "deadline", atMs: 1_000 },
        { kind: "cancelled", atMs: 1_000 },
        { kind: "cancelled", atMs: 1_000, reason: "No budget" },
      ]);
      const state: State = { round: 1, stage: 0, phase: "asking", escalations: 0 };
      const look = { state, seats: shuffled(random, seats), end, nowMs: NOW_MS };
      const { verdict } = evaluate(rule, look, { mayApproveByDeadline: false, everybodyMailed: true });
      const before = decide(request, votes, end);
      // Version 1 had only the sentence.
      if (verdict.kind === "done") delete (verdict as { why?: unknown }).why;
      expect(verdict, JSON.stringify({ seed, i, request, votes, end })).toStrictEqual(before);
    }
  },
  TIMEOUT_MS,
);

type Evaluator = typeof evaluate;

/** Evaluators with one fault each, made by changing what `evaluate` gets to see. */
const FAULTY: Readonly<Record<string, Evaluator>> = {
  "counts a person once for each group": (rule, look, settings) =>
    evaluate(rule, { ...look, seats: look.seats.flatMap(splitByGroup) }, settings),
  "lets the requester decide": (rule, look, settings) =>
    evaluate({ ...rule, requester: "nobody@x.org" }, look, settings),
  "takes a provisional answer as final": (rule, look, settings) =>
    evaluate(rule, { ...look, seats: look.seats.map(sealed) }, settings),
  "counts answers after the end": (rule, look, settings) =>
    evaluate(rule, { ...look, seats: look.seats.map(early) }, settings),
  "keeps those who recused themselves in the count": (rule, look, settings) =>
    evaluate(rule, { ...look, seats: look.seats.map(staying) }, settings),
  "keeps those in the count in whose place others are asked": (rule, look, settings) => {
    const { replaced: _, ...state } = look.state;
    return evaluate(rule, { ...look, state }, settings);
  },
  "ends the last turn of a request without stages by the time of a turn": (rule, look, settings) => {
    const stages = rule.stages.map((stage) => ({ ...stage, endsWithApproval: false }));
    return evaluate({ ...rule, stages }, look, settings);
  },
  "asks people who are away": (rule, look, settings) =>
    evaluate(rule, { ...look, awayAt: () => undefined }, settings),
  "asks the stand-in of a stand-in who is away themselves": (rule, look, settings) =>
    evaluate(rule, { ...look, awayAt: oneHop(look) }, settings),
  "approves by silence where that is not allowed": (rule, look) =>
    evaluate(rule, look, { mayApproveByDeadline: true, everybodyMailed: true }),
  "forgets one in a thousand rejections": (rule, look, settings) =>
    evaluate(rule, { ...look, seats: look.seats.map(forgetful) }, settings),
};

function splitByGroup(seat: Seat): Seat[] {
  const [name, domain] = seat.person.email.split("@");
  const persons = seat.groups.map((group) => ({ group, email: `${name}+${group}@${domain}` }));
  return persons.map(({ group, email }) => ({ ...seat, groups: [group], person: { email } }));
}

function sealed(seat: Seat): Seat {
  const { answer } = seat;
  return answer.kind === "decided" ? { ...seat, answer: { ...answer, final: true } } : seat;
}

function early(seat: Seat): Seat {
  const { answer } = seat;
  return answer.kind === "decided" ? { ...seat, answer: { ...answer, atMs: 0 } } : seat;
}

function staying(seat: Seat): Seat {
  return seat.answer.kind === "recused" ? { ...seat, answer: { kind: "closed" } } : seat;
}

/** As if nobody was away whom somebody else would be asked for. */
function oneHop({ awayAt }: Look): Look["awayAt"] & object {
  const targets = new Set(PEOPLE.flatMap(({ email }) => awayAt?.(email)?.to.email ?? []));
  return (key) => (targets.has(key) ? undefined : awayAt?.(key));
}

let rejections = 0;

function forgetful(seat: Seat): Seat {
  const { answer } = seat;
  if (answer.kind !== "decided" || answer.effect !== "reject") return seat;
  rejections += 1;
  return rejections % 1_000 === 0 ? { ...seat, answer: { kind: "open" } } : seat;
}

test.each(Object.entries(FAULTY))("an evaluator that %s is found out", (_, faulty) => {
  expect(difference(faulty, 7, CASES)).toHaveProperty("came");
});
