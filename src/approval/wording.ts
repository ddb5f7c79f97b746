import { dateText } from "../lib/date-text.ts";
import type { Messages } from "../lib/messages.ts";
import { oneLine } from "../lib/text.ts";
import type { ApprovalRequest, Door, Effect, OutcomeKind, Person } from "./approval.ts";
import { doerOf, type Program } from "./doer.ts";
import type { Explanation } from "./evaluate/evaluation.ts";
import { type Rules, tally } from "./policy.ts";
import { ruleOf } from "./rule.ts";
import type { OnDeadline } from "./schema.ts";
import { isTooFew, type Why } from "./why.ts";

/** The rules of an approval in words, alike on pages and in mails. */

/** Rules, and stages in place of approvers if there are any. */
type WholeRules = Rules & Pick<ApprovalRequest, "stages">;

/** The part of a rule that one person's answer counts in. */
export interface Share {
  /** Of several stages. */
  readonly stage?: { readonly n: number; readonly of: number; readonly name?: string };
  readonly groups: readonly { readonly name?: string; readonly text: string }[];
}

/** Where an answer counts: by the index of the stage, and those of the groups in it. */
export function shareOf(
  request: ApprovalRequest,
  {
    stage = 0,
    groups = [0],
  }: { readonly stage?: number | undefined; readonly groups?: readonly number[] | undefined },
  messages: Messages,
): Share {
  const rule = ruleOf(request);
  const open = rule.stages[stage];
  const { requester, rejection, onDeadline } = request;
  const asked = { rejection, onDeadline, ...(requester === undefined ? {} : { requester }) };
  const shares = groups.flatMap((index) => {
    const group = open?.groups[index];
    if (group === undefined) return [];
    const { name, approvers, require } = group;
    const text = requirementText({ ...asked, approvers, require }, messages);
    return [name === undefined ? { text } : { name, text }];
  });
  if (rule.stages.length === 1 || open === undefined) return { groups: shares };
  const { name } = open;
  return {
    stage: { n: stage + 1, of: rule.stages.length, ...(name === undefined ? {} : { name }) },
    groups: shares,
  };
}

/** How many approvals are needed, for instance `2 of 3 approvals`. */
export function requirementText(rules: Rules, messages: Messages): string {
  const { eligible, needed } = tally(rules, []);
  if (eligible === 1) return messages.text("rule.alone");
  if (needed === eligible) return messages.text("rule.all", { eligible });
  return needed === 1
    ? messages.text("rule.any", { eligible })
    : messages.text("rule.some", { needed, eligible });
}

/** What one more answer of this kind does, as a sentence. */
export function consequenceText(effect: Effect, rules: WholeRules, messages: Messages): string {
  if (effect === "changes") return messages.text("changes.any");
  // One answer is then a part of the stage that it is given in.
  if (rules.stages !== undefined) {
    if (effect === "approve") return messages.text("approve.part");
    return messages.text(rules.rejection === "veto" ? "reject.one" : "reject.part");
  }
  const { eligible } = tally(rules, []);
  const enough = enoughOf(effect, rules);
  const keys = CONSEQUENCES[effect];
  if (eligible === 1) return messages.text(keys.alone);
  if (enough === 1) return messages.text(keys.one);
  return enough === eligible
    ? messages.text(keys.all, { eligible })
    : messages.text(keys.some, { enough, eligible });
}

const CONSEQUENCES = {
  approve: { alone: "approve.alone", one: "approve.one", all: "approve.all", some: "approve.some" },
  reject: { alone: "reject.alone", one: "reject.one", all: "reject.all", some: "reject.some" },
} as const;

/** What the deadline that comes next does in this stage, as a sentence. */
export function afterDeadlineText(
  request: ApprovalRequest,
  { onDeadline, stage = 0 }: { readonly onDeadline: OnDeadline; readonly stage?: number | undefined },
  messages: Messages,
): string {
  const isReplacing = onDeadline === "escalate" && ruleOf(request).stages[stage]?.replace === true;
  return messages.text(isReplacing ? "deadline.replace" : AFTER_DEADLINE[onDeadline]);
}

const AFTER_DEADLINE = {
  expire: "deadline.expire",
  reject: "deadline.reject",
  approve: "deadline.approve",
  escalate: "deadline.escalate",
} as const;

/** How many answers of one kind settle the request. */
export function enoughOf(effect: Exclude<Effect, "changes">, rules: Rules): number {
  const { eligible, needed } = tally(rules, []);
  if (effect === "approve") return needed;
  // With `majority`, the request is lost when those who have not rejected are too few to approve it.
  return rules.rejection === "veto" ? 1 : eligible - needed + 1;
}

/**
 * Why an approval stands as it does, in sentences. They have words that are not ours: names of people, groups and stages.
 */
export function explanationText(
  { waitingFor, approved, revising, undoUntilMs, next, outOfReach = [] }: Explanation,
  messages: Messages,
  reader: Pick<Person, "timeZone">,
): string {
  const sentences = waitingFor
    .filter(({ people }) => people.length > 0)
    .map((missing) => waitingText(missing, messages));
  for (const { group } of outOfReach) {
    sentences.push(
      group === undefined
        ? messages.text("explain.outOfReach")
        : messages.text("explain.outOfReach.group", { group: oneLine(group) }),
    );
  }
  if (revising) sentences.push(messages.text("explain.revising"));
  if (undoUntilMs !== undefined) {
    const time = dateText(undoUntilMs, { ...reader, locale: messages.locale }).local;
    sentences.push(messages.text("explain.undo", { time }));
  }
  if (approved.length > 0) {
    sentences.push(messages.text("explain.approved", { names: listed(approved, messages) }));
  }
  if (next !== undefined) {
    const people = next.name ?? peopleText(next.people, messages);
    sentences.push(messages.text("explain.next", { people }));
  }
  return sentences.join(" ");
}

/**
 * Why an approval ended as it did, in sentences; undefined where the outcome says it all. They have no words that are not
 * ours.
 */
export function whyText(
  why: Why,
  outcome: OutcomeKind,
  messages: Messages,
  reader: Pick<Person, "timeZone">,
): string | undefined {
  const text = plainWhyText(why, messages, reader);
  if (text === undefined || !("progress" in why)) return text;
  const { stage: n, stages } = why.progress;
  const isWhole = stages === 1 || why.because === "approvals";
  const placed = isWhole ? text : messages.text("why.stage", { n, of: stages, text });
  const isByTime = why.because === "deadline" || why.because === "stage-time";
  if (!isByTime || outcome === "expired" || outcome === "cancelled") return placed;
  return `${placed} ${messages.text(outcome === "approved" ? "why.silence.approved" : "why.silence.rejected")}`;
}

function plainWhyText(why: Why, messages: Messages, reader: Pick<Person, "timeZone">): string | undefined {
  switch (why.because) {
    case "veto":
      return messages.text("why.veto");
    case "nobody-left":
      return messages.text("why.nobodyLeft");
    case "no-rounds":
      return messages.text("why.noRounds");
    // Told with the words of the person who did it.
    case "cancelled":
      return undefined;
    case "approvals": {
      const { of, given, needed, people, stages } = why.progress;
      if (stages > 1)
        return messages.text(why.isConsent === true ? "why.stages.done" : "why.stages", { stages });
      if (of === "groups") return messages.text("why.groups");
      return people === 1 ? undefined : messages.text("why.approvals", { needed, people, given });
    }
    case "out-of-reach": {
      const { of, needed, people, rejections } = why.progress;
      if (isTooFew(why.progress)) return messages.text("explain.outOfReach");
      if (of === "groups") return messages.text("why.lost.groups");
      return people === 1 ? undefined : messages.text("why.lost", { needed, people, rejections });
    }
    case "deadline":
    case "stage-time":
      return byTimeText(why, dateText(why.atMs, { ...reader, locale: messages.locale }).local, messages);
    default:
      return why satisfies never;
  }
}

function byTimeText(
  { progress, isRevising }: Extract<Why, { readonly atMs: number }>,
  time: string,
  messages: Messages,
): string {
  if (isRevising === true) return messages.text("why.noChanges", { time });
  const { of, answered, needed, people, given } = progress;
  if (answered === 0) return messages.text("why.nobodyAnswered", { time });
  if (of === "groups") return messages.text("why.missing.groups", { needed, given, time });
  // "3 of 2" would be a riddle: others have stepped back.
  return needed > people
    ? messages.text("why.missing.few", { needed, given, time })
    : messages.text("why.missing", { needed, people, given, time });
}

function waitingText(
  { group, needed, people }: Explanation["waitingFor"][number],
  messages: Messages,
): string {
  const named = peopleText(people, messages);
  if (group !== undefined)
    return messages.text("explain.waiting.group", { needed, group: oneLine(group), people: named });
  return needed === people.length
    ? messages.text("explain.waiting.all", { people: named })
    : messages.text("explain.waiting.some", { needed, people: named });
}

/** How an answer came in. */
interface Entered extends Program {
  /** Absent in outcomes of earlier versions. */
  readonly door?: Door | undefined;
}

/** Whether a person answers through this door themselves, by their link or signed in. */
export function isOwnHand(door: Door): boolean {
  return door === "mail" || door === "inbox";
}

/** Which program has answered in a person's place, as a sentence; undefined if they did it themselves. */
export function recordedText(
  { name, email }: Person,
  entered: Entered | undefined,
  messages: Messages,
): string | undefined {
  const { door, ...program } = entered ?? {};
  if (door === undefined || isOwnHand(door)) return undefined;
  const who = oneLine(name ?? email);
  const doer = doerOf(program);
  if (doer?.kind !== "key") return messages.text("answer.recorded.program", { who });
  const key = door === "api" ? "answer.recorded.key" : "answer.recorded.system";
  return messages.text(key, { who, caller: oneLine(doer.name) });
}

/** People that a sentence names; of more it gives the number. */
const NAMED_MAX = 5;

/** Names of people, as a sentence has them. */
export function peopleText(people: readonly Person[], messages: Messages): string {
  const names = people.slice(0, NAMED_MAX).map(({ name, email }) => name ?? email);
  const more = people.length - names.length;
  const text = listed(names, messages);
  return more === 0 ? text : messages.text("explain.more", { people: text, more });
}

function listed(names: readonly string[], { lang }: Messages): string {
  return new Intl.ListFormat(lang, { type: "unit" }).format(names.map(oneLine));
}
