/** What programs ask for in a simulation: approvals of every kind, each from the seed and its own number alone. */
import { type Random, randomFrom } from "../../support/seeds.ts";
import { REFUSED_DOMAIN } from "../parts/relay.ts";
import { RECEIVERS } from "../parts/settings.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** What a program does about an approval that it has begun. */
export interface PlannedAct {
  /** After the beginning, in milliseconds. */
  readonly afterMs: number;
  readonly verb: "cancel" | "extend" | "change" | "reassign" | "recuse" | "remind" | "resend" | "undo";
  readonly body: object;
  /** Of an act on a ballot. */
  readonly ballot: number;
}

export interface Plan {
  /** From 1. */
  readonly n: number;
  readonly id: string;
  readonly startMs: number;
  readonly body: Readonly<Record<string, unknown>>;
  /** Of one stage where nobody is asked later: how many approvals it needs. Undefined: other rules. */
  readonly need: number | undefined;
  readonly acts: readonly PlannedAct[];
}

/** One that depends on nothing but the seed and these numbers. */
export function ownRandom(seed: number, ...numbers: readonly number[]): Random {
  let mixed = seed;
  for (const number of numbers) mixed = Math.imul(mixed ^ (number + 0x9e3779b9), 0x85ebca6b) ^ (mixed >>> 13);
  const random = randomFrom(mixed);
  for (let i = 0; i < 3; i += 1) random.below(2);
  return random;
}

export interface PlansOptions {
  readonly seed: number;
  readonly startMs: number;
  readonly days: number;
  readonly perDay: number;
}

/** In order of their numbers, not of time. */
export function plansFor({ seed, startMs, days, perDay }: PlansOptions): Plan[] {
  return Array.from({ length: Math.ceil(days * perDay) }, (_, i) =>
    planOf(seed, i + 1, startMs + Math.floor((i * DAY_MS) / perDay)),
  );
}

/** `dayMs`: the day within which it begins. */
function planOf(seed: number, n: number, dayMs: number): Plan {
  const random = ownRandom(seed, n);
  const deadlineMs =
    (random.chance(0.3) ? 10 + random.below(110) : 120 + random.below(4 * 24 * 60)) * MINUTE_MS;
  const rule = random.pick(RULES)(random, deadlineMs);
  const hasUndo = random.chance(0.15);
  const callbackUrl = random.chance(0.5) ? { callbackUrl: `${random.pick(RECEIVERS)}/hooks/${n}` } : {};
  const requester = random.chance(0.5)
    ? { requester: person(random, "requester"), follow: random.chance(0.5) }
    : {};
  return {
    n,
    id: `a${n}`,
    startMs: dayMs + random.below(DAY_MS),
    body: {
      title: `Question ${n}`,
      deadline: `PT${deadlineMs / MINUTE_MS}M`,
      ...rule.body,
      ...callbackUrl,
      ...requester,
      ...(hasUndo && { undo: random.pick(["PT1M", "PT30M"]) }),
      ...(random.chance(0.2) && { reminders: { every: "PT12H", max: 3 } }),
      metadata: { n },
    },
    need: rule.need,
    acts: actsOf(random, deadlineMs),
  };
}

function actsOf(random: Random, deadlineMs: number): PlannedAct[] {
  const acts: PlannedAct[] = [];
  const afterMs = () => random.below(Math.floor(deadlineMs * 1.1));
  const add = (verb: PlannedAct["verb"], body: object = {}) =>
    acts.push({ afterMs: afterMs(), verb, body, ballot: 1 + random.below(3) });
  if (random.chance(0.08)) add("cancel", { reason: "not needed" });
  if (random.chance(0.1))
    add("extend", { deadline: `PT${Math.ceil(deadlineMs / MINUTE_MS) + random.below(600)}M` });
  if (random.chance(0.08)) add("reassign", { to: person(random, "deputy") });
  if (random.chance(0.04)) add("recuse", { reason: "I am partial" });
  if (random.chance(0.05)) add("remind");
  if (random.chance(0.05)) add("resend", random.chance(0.5) ? { newLinks: true } : {});
  if (random.chance(0.1)) add("undo");
  for (let i = 0; i < 2; i += 1)
    if (random.chance(0.2)) add("change", { note: `change ${i}`, summary: `Now ${i}` });
  return acts;
}

interface PlannedRule {
  readonly body: object;
  readonly need?: number;
}

type Rule = (random: Random, deadlineMs: number) => PlannedRule;

const RULES: readonly Rule[] = [
  (random) => ({ body: { approvers: people(random, 1) }, need: 1 }),
  (random) => ({ body: { approvers: people(random, 1) }, need: 1 }),
  (random) => ({ body: { approvers: people(random, 3), require: "any" }, need: 1 }),
  (random) => {
    const approvers = people(random, 2 + random.below(2));
    return { body: { approvers, require: "all" }, need: approvers.length };
  },
  (random) => ({
    body: { approvers: people(random, 4), require: 2, rejection: random.pick(["veto", "majority"]) },
    need: 2,
  }),
  (random) => ({ body: { approvers: people(random, 2), require: "all", onDeadline: "reject" }, need: 2 }),
  (random, deadlineMs) => ({
    body: {
      approvers: undefined,
      stages: [
        {
          approvers: people(random, 2),
          require: "any",
          deadline: minutes(deadlineMs / 2),
          onDeadline: "reject",
        },
        {
          groups: [
            { approvers: people(random, 2, "legal") },
            { approvers: people(random, 1, "money"), require: "all" },
          ],
        },
      ],
    },
  }),
  (random, deadlineMs) => ({
    body: {
      approvers: people(random, 1),
      deadline: minutes(deadlineMs / 3),
      onDeadline: "escalate",
      escalateTo: [people(random, 1, "boss"), people(random, 2, "board")],
      replace: random.chance(0.5),
    },
  }),
  (random) => ({
    body: {
      approvers: people(random, 2),
      requester: person(random, "requester"),
      choices: [
        { value: "approve", effect: "approve" },
        { value: "later", effect: "changes", comment: "optional" },
        { value: "reject", effect: "reject" },
      ],
    },
  }),
];

const minutes = (ms: number) => `PT${Math.max(1, Math.floor(ms / MINUTE_MS))}M`;

function person(random: Random, role: string): string {
  return `${role}-${random.below(20)}@${role === "asked" && random.chance(0.02) ? REFUSED_DOMAIN : "people.test"}`;
}

/** Each once. */
function people(random: Random, count: number, role = "asked"): string[] {
  const found = new Set<string>();
  while (found.size < count) found.add(person(random, role));
  return [...found];
}

export { HOUR_MS, MINUTE_MS };
