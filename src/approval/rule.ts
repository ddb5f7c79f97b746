/**
 * The rule of a request in one form, however it was written: stages in sequence, in each stage groups side by side, in
 * each group people. A request without stages is one stage with one group.
 */
import { parseDeadline } from "./deadline.ts";
import { durationMs } from "./duration.ts";
import { isEditable } from "./editing.ts";
import { nextOpening } from "./hours.ts";
import { addressKey } from "./person.ts";
import { type SamePeople, type WhoIs, whoIsBy } from "./same-person.ts";
import type { ApprovalRequest, ChoiceRule, OnDeadline, Person, Require } from "./schema.ts";

export interface Rule {
  readonly stages: readonly StageRule[];
  readonly rejection: "veto" | "majority";
  readonly choices: readonly ChoiceRule[];
  /** What the approval counts as if it is undecided at its deadline. */
  readonly onDeadline: Exclude<OnDeadline, "escalate">;
  /** Whose an address is: one key for each person. */
  readonly whoIs: WhoIs;
  /** Key of the person who never decides. */
  readonly requester?: string;
  /** How long a decision can be taken back, in milliseconds; 0: not at all. */
  readonly undoMs: number;
  /** How often the question may be asked, with changes in between. */
  readonly rounds: number;
  /**
   * How long each round may take in all, in milliseconds, where no escalation waits for working hours (`roundEndsAt`); absent:
   * all of them end at one instant.
   */
  readonly roundMs?: number;
  readonly reminders?: ApprovalRequest["reminders"];
  readonly hours?: ApprovalRequest["hours"];
}

export interface StageRule {
  readonly name?: string;
  readonly groups: readonly GroupRule[];
  /** How many of the groups must be done. */
  readonly require: Require;
  /** How long the stage may take, in milliseconds; absent: as long as the approval. */
  readonly deadlineMs?: number;
  readonly onDeadline: OnDeadline;
  /** Who is asked too, one entry each time the stage's time is over. */
  readonly escalateTo: readonly (readonly Person[])[];
  /** Whether an escalation closes the ballots that are open, and asks its people in place of those who had them. */
  readonly replace: boolean;
  /** Whether the approval's own deadline ends the stage when nobody is left to escalate to. */
  readonly endsWithApproval?: boolean;
}

interface GroupRule {
  readonly name?: string;
  readonly approvers: readonly Person[];
  readonly require: Require;
}

const DEFAULT_CHOICES: readonly ChoiceRule[] = [
  { value: "approve", effect: "approve", comment: "optional" },
  { value: "reject", effect: "reject", comment: "optional" },
];

const ROUNDS_DEFAULT = 3;

export function choicesOf({ choices }: Pick<ApprovalRequest, "choices">): readonly ChoiceRule[] {
  return choices ?? DEFAULT_CHOICES;
}

/** Those that people of a round are offered: in the last one, nobody can ask for changes any more. */
export function offeredChoices(request: ApprovalRequest, round: number): readonly ChoiceRule[] {
  const { choices, rounds } = ruleOf(request);
  return round < rounds ? choices : choices.filter(({ effect }) => effect !== "changes");
}

/** Whether approvers can bring a further round about. */
function mayChange(request: ApprovalRequest, choices: readonly ChoiceRule[]): boolean {
  return choices.some(({ effect }) => effect === "changes") || isEditable(request);
}

/** Requests are read-only, so each has one rule. */
const RULES = new WeakMap<ApprovalRequest, Rule>();
const RULES_FOR = new WeakMap<SamePeople, WeakMap<ApprovalRequest, Rule>>();

/** @param same which addresses are one person's, by the approval's terms. Default: each address is a person */
export function ruleOf(request: ApprovalRequest, same?: SamePeople): Rule {
  if (same === undefined) return exactRuleOf(request);
  const rules = RULES_FOR.get(same) ?? new WeakMap<ApprovalRequest, Rule>();
  RULES_FOR.set(same, rules);
  const known = rules.get(request);
  if (known !== undefined) return known;
  const whoIs = whoIsBy(same);
  const { requester } = request;
  const rule = {
    ...exactRuleOf(request),
    whoIs,
    ...(requester === undefined ? {} : { requester: whoIs(requester.email) }),
  };
  rules.set(request, rule);
  return rule;
}

function exactRuleOf(request: ApprovalRequest): Rule {
  const known = RULES.get(request);
  if (known !== undefined) return known;
  const { rejection, onDeadline, requester, undo, rounds, reminders, hours } = request;
  const choices = choicesOf(request);
  const isLimitedByInstant = parseDeadline(request.deadline)?.kind === "instant";
  const rule: Rule = {
    stages: stagesOf(request),
    rejection,
    choices,
    onDeadline: onDeadline === "escalate" ? "expire" : onDeadline,
    whoIs: addressKey,
    ...(requester === undefined ? {} : { requester: addressKey(requester.email) }),
    undoMs: undo === undefined ? 0 : durationMs(undo),
    rounds: rounds ?? (mayChange(request, choices) ? ROUNDS_DEFAULT : 1),
    ...(isLimitedByInstant ? {} : { roundMs: untilDeadlineMs(request, 0) }),
    ...(reminders === undefined ? {} : { reminders }),
    ...(hours === undefined ? {} : { hours }),
  };
  RULES.set(request, rule);
  return rule;
}

function stagesOf(request: ApprovalRequest): readonly StageRule[] {
  const { stages, approvers, require, deadline, onDeadline, escalateTo, replace = false } = request;
  if (stages !== undefined) return stages.map(stageOf);
  const groups = [{ approvers, require }];
  const isEscalated = onDeadline === "escalate" && escalateTo !== undefined;
  return [
    {
      groups,
      require: "all",
      ...(isEscalated ? { deadlineMs: durationMs(deadline) } : {}),
      onDeadline: isEscalated ? onDeadline : "expire",
      escalateTo: escalateTo ?? [],
      replace,
      endsWithApproval: true,
    },
  ];
}

function stageOf(stage: NonNullable<ApprovalRequest["stages"]>[number]): StageRule {
  const { name, groups, approvers = [], require, deadline, onDeadline = "expire" } = stage;
  return {
    ...(name === undefined ? {} : { name }),
    groups: groups ?? [{ approvers, require: require ?? "any" }],
    require: groups === undefined ? "all" : (require ?? "all"),
    ...(deadline === undefined ? {} : { deadlineMs: durationMs(deadline) }),
    onDeadline,
    escalateTo: stage.escalateTo ?? [],
    replace: stage.replace ?? false,
  };
}

/** How long the approval may take in all, from the start of a round: each escalation starts its time again. */
export function untilDeadlineMs(
  { deadline, onDeadline, escalateTo = [], hours }: ApprovalRequest,
  nowMs: number,
): number {
  const parsed = parseDeadline(deadline);
  if (parsed === undefined) return 0;
  if (parsed.kind === "instant") return parsed.epochMs - nowMs;
  const escalations = onDeadline === "escalate" ? escalateTo.length : 0;
  return chainEndsAt(nowMs, { turnMs: parsed.ms, escalations, hours }) - nowMs;
}

/** When a round is over that begins at `startMs`; undefined if all rounds end at one instant. */
export function roundEndsAt({ stages, roundMs, hours }: Rule, startMs: number): number | undefined {
  if (roundMs === undefined) return undefined;
  const [stage] = stages;
  // Only the time of a request without stages begins again with each escalation.
  const isChain = stage?.endsWithApproval === true && stage.onDeadline === "escalate";
  if (!isChain || stage.deadlineMs === undefined || hours === undefined) return startMs + roundMs;
  const { deadlineMs: turnMs, escalateTo } = stage;
  return chainEndsAt(startMs, { turnMs, escalations: escalateTo.length, hours });
}

interface Chain {
  readonly turnMs: number;
  readonly escalations: number;
  readonly hours: ApprovalRequest["hours"] | undefined;
}

/** An escalation waits for working hours, as in `stageEndsAt`, and then the time begins again. */
function chainEndsAt(startMs: number, { turnMs, escalations, hours }: Chain): number {
  let turnsAtMs = startMs;
  for (let entry = 0; entry < escalations; entry += 1) {
    const overAtMs = turnsAtMs + turnMs;
    turnsAtMs = hours === undefined ? overAtMs : nextOpening(hours, overAtMs);
  }
  return turnsAtMs + turnMs;
}

/** Everybody of a stage who may answer in it, each once, with the groups (by index) that their answer fills. */
export function peopleOf(rule: Rule, stage: StageRule): readonly Member[] {
  const people = new Map<string, { person: Person; groups: number[] }>();
  for (const [index, { approvers }] of stage.groups.entries()) {
    for (const person of approvers) {
      const key = rule.whoIs(person.email);
      if (key === rule.requester) continue;
      const known = people.get(key);
      if (known === undefined) people.set(key, { person, groups: [index] });
      else if (!known.groups.includes(index)) known.groups.push(index);
    }
  }
  return [...people.values()];
}

export interface Member {
  readonly person: Person;
  readonly groups: readonly number[];
}

/** How many of `count` are needed. With nobody to ask, "all" must not mean that none is enough. */
export function neededOf(require: Require, count: number): number {
  if (require === "any") return 1;
  return require === "all" ? Math.max(1, count) : require;
}
