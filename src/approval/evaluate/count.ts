/** The open stage, counted: what each person has said in it, and what that comes to in each group (E1, E4, E6). */
import type { Effect } from "../approval.ts";
import { neededOf, type Rule, type StageRule } from "../rule.ts";
import type { Person } from "../schema.ts";
import type { Progress } from "../why.ts";
import { followUpsOf } from "./asks.ts";
import type { Ask } from "./evaluation.ts";
import type { Look, Seat, Settings } from "./look.ts";
import { type Clock, clockOf, counts, earliest, isInTime, undoEndOf } from "./times.ts";

/** Everything that the questions about a stage are answered from. */
export interface Count extends Clock {
  readonly settings: Settings;
  /** Ballots to open in place of others. */
  readonly followUps: readonly Ask[];
  /** By their key. */
  readonly people: ReadonlyMap<string, Counted>;
  /** In the order of the stage's groups. */
  readonly groups: readonly GroupCount[];
  /** When the next answer can no longer be taken back. */
  readonly undoEndsAtMs: number | undefined;
}

/** One person's part in the stage, over all their ballots. */
interface Counted {
  readonly person: Person;
  readonly groups: Set<number>;
  /** The first answer that counts. */
  answer?: Placed & { readonly effect: Effect };
  isOpen: boolean;
  /** Whether they can be expected to answer. */
  isExpected: boolean;
  /** Whether they have, even if they can take it back. */
  hasAnswered: boolean;
  /** The answer that they can take back. */
  provisional?: Effect;
  /** Whether all their ballots come from escalations. */
  isAdded: boolean;
}

interface GroupCount {
  readonly needed: number;
  readonly approvals: number;
  readonly rejections: number;
  /** Approvals that can still be taken back, and all answers that can. */
  readonly provisional: { readonly approvals: number; readonly answers: number };
  /** People whose answer counts in it, whether given or not. */
  readonly members: number;
  readonly isDone: boolean;
  /** Whether too few are left. */
  readonly isLost: boolean;
  readonly open: readonly Person[];
  /** Of these, those who can be expected to answer: their mail was not refused. */
  readonly expected: readonly Person[];
}

interface Placed {
  /** Number of the ballot. */
  readonly n: number;
  readonly atMs: number;
}

export function countOf(rule: Rule, look: Look, settings: Settings): Count {
  const clock = clockOf(rule, look);
  const followUps = followUpsOf(rule, look);
  const people = peopleIn(clock, followUps);
  const groups = clock.stage.groups.map(({ require }, index) => groupOf(people, require, index));
  const undoEndsAtMs = earliest(look.seats.map((seat) => undoEndOf(clock, seat)));
  return { ...clock, settings, followUps, people, groups, undoEndsAtMs };
}

function peopleIn(clock: Clock, followUps: readonly Ask[]): Map<string, Counted> {
  const { rule, look } = clock;
  const people = new Map<string, Counted>();
  const of = ({ person, groups, added }: Pick<Seat, "person" | "groups" | "added">) => {
    const key = rule.whoIs(person.email);
    const known = people.get(key) ?? {
      person,
      groups: new Set<number>(),
      isOpen: false,
      isExpected: false,
      hasAnswered: false,
      isAdded: true,
    };
    for (const group of groups) known.groups.add(group);
    known.isAdded &&= added === true;
    people.set(key, known);
    return known;
  };
  for (const seat of look.seats) {
    const { person, answer } = seat;
    if (rule.whoIs(person.email) === rule.requester) continue;
    switch (answer.kind) {
      case "open": {
        const counted = of(seat);
        counted.isOpen = true;
        counted.isExpected ||= seat.isUnreached !== true;
        break;
      }
      case "closed":
        if (look.state.replaced?.includes(seat.n) !== true) of(seat);
        break;
      case "decided": {
        const counted = of(seat);
        if (!isInTime(clock, answer.atMs)) break;
        counted.hasAnswered = true;
        if (!counts(clock, seat)) {
          counted.isOpen = counted.isExpected = true;
          counted.provisional = answer.effect;
        } else if (isBefore({ n: seat.n, atMs: answer.atMs }, counted.answer)) {
          counted.answer = { n: seat.n, effect: answer.effect, atMs: answer.atMs };
        }
        break;
      }
      case "undone":
      case "reassigned":
      case "recused":
      case "reissued":
        break;
      default:
        answer satisfies never;
    }
  }
  for (const ask of followUps) {
    const counted = of(ask);
    counted.isOpen = counted.isExpected = true;
  }
  return people;
}

/** Of answers of one moment, that on the earlier ballot is the first, in whatever order they are looked at. */
function isBefore(one: Placed, other: Placed | undefined): boolean {
  if (other === undefined) return true;
  return one.atMs < other.atMs || (one.atMs === other.atMs && one.n < other.n);
}

function groupOf(
  people: ReadonlyMap<string, Counted>,
  require: StageRule["require"],
  index: number,
): GroupCount {
  const members = [...people.values()].filter(({ groups }) => groups.has(index));
  const approvals = members.filter(({ answer }) => answer?.effect === "approve").length;
  const rejections = members.filter(({ answer }) => answer?.effect === "reject").length;
  const named = members.filter(({ isAdded }) => !isAdded).length;
  const needed = neededOf(require, named);
  const open = members.filter(({ answer, isOpen }) => answer === undefined && isOpen);
  const provisional = open.flatMap((member) => member.provisional ?? []);
  return {
    needed,
    approvals,
    rejections,
    provisional: {
      approvals: provisional.filter((effect) => effect === "approve").length,
      answers: provisional.length,
    },
    members: members.length,
    isDone: approvals >= needed,
    isLost: members.length - rejections < needed,
    open: open.map(({ person }) => person),
    expected: open.filter(({ isExpected }) => isExpected).map(({ person }) => person),
  };
}

/** How many of the stage's groups must be done. */
export function groupsNeeded({ stage }: Count): number {
  return neededOf(stage.require, stage.groups.length);
}

/** Whether too few are left in so many groups that the stage cannot be done. */
export function isStageLost(count: Count): boolean {
  const lost = count.groups.filter(({ isLost }) => isLost).length;
  return count.groups.length - lost < groupsNeeded(count);
}

export function isLastStage({ rule, look }: Count): boolean {
  return look.state.stage === rule.stages.length - 1;
}

export function hasAnswered({ rule, people }: Count, { email }: Person): boolean {
  return people.get(rule.whoIs(email))?.hasAnswered === true;
}

/** How far the stage is, for the sentence that says how it ended. */
export function progressOf(count: Count): Progress {
  const { rule, look, stage, groups } = count;
  const people = [...count.people.values()];
  const common = {
    answered: people.filter((person) => person.hasAnswered).length,
    stage: look.state.stage + 1,
    stages: rule.stages.length,
  };
  const [group] = groups;
  if (rule.stages.length === 1 && stage.groups.length === 1 && group !== undefined) {
    const { approvals: given, needed, members, rejections } = group;
    return { of: "approvals", given, needed, people: members, rejections, ...common };
  }
  return {
    of: "groups",
    given: groups.filter(({ isDone }) => isDone).length,
    needed: groupsNeeded(count),
    people: people.length,
    rejections: people.filter(({ answer }) => answer?.effect === "reject").length,
    ...common,
  };
}
