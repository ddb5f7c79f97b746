import { neededOf, peopleOf, type StageRule } from "../rule.ts";
import type { Person } from "../schema.ts";
import { type Count, hasAnswered } from "./count.ts";
import type { Explanation } from "./evaluation.ts";
import type { State } from "./look.ts";
import { outOfReach } from "./out-of-reach.ts";

interface GroupExplained {
  readonly name: string | undefined;
  readonly isDone: boolean;
  /** How many approvals are missing, besides those that can still be taken back. */
  readonly needed: number;
  /** Who can give them. */
  readonly people: readonly Person[];
  /** Whether it waits for nothing but the end of the time in which answers can be taken back. */
  readonly isAnswered: boolean;
}

/**
 * Why the approval stands as it does.
 *
 * @param state what holds now
 * @param isSameStage whether that is the stage that was counted: otherwise another has just opened
 */
export function explain(count: Count, state: State, isSameStage: boolean): Explanation {
  const { stages, rounds } = count.rule;
  const open = stages[state.stage] as StageRule;
  const groups = isSameStage ? groupsCounted(count) : groupsOpened(count, open);
  const isRevising = state.phase === "revising";
  const isAllAnswered = isSameStage && groups.every(({ isDone, isAnswered }) => isDone || isAnswered);
  const undoUntilMs = isAllAnswered ? count.undoEndsAtMs : undefined;
  const stageEndsAtMs = isSameStage ? count.endsAtMs : undefined;
  const lost = isSameStage && !isRevising ? outOfReach(count) : [];
  return {
    round: state.round,
    rounds,
    stage: state.stage + 1,
    stages: stages.length,
    ...(open.name === undefined ? {} : { stageName: open.name }),
    waitingFor: isRevising
      ? []
      : groups.flatMap(({ name, isDone, isAnswered, needed, people }) =>
          isDone || isAnswered ? [] : [{ ...(name === undefined ? {} : { group: name }), needed, people }],
        ),
    approved: [
      ...stages.slice(0, state.stage).flatMap(({ name }) => name ?? []),
      ...groups.flatMap(({ name, isDone }) => (isDone && name !== undefined ? [name] : [])),
    ],
    revising: isRevising,
    ...(undoUntilMs === undefined ? {} : { undoUntilMs }),
    ...nextOf(count, stages[state.stage + 1]),
    ...(stageEndsAtMs === undefined ? {} : { stageEndsAtMs }),
    ...(lost.length === 0 ? {} : { outOfReach: lost }),
  };
}

function groupsCounted(count: Count): GroupExplained[] {
  return count.groups.map(({ isDone, needed, approvals, provisional, open }, index) => {
    const people = open.filter((person) => !hasAnswered(count, person));
    const missing = needed - approvals - provisional.approvals;
    return {
      name: count.stage.groups[index]?.name,
      isDone,
      // A rejection that can be taken back does not make one person give two approvals.
      needed: provisional.answers > 0 ? Math.min(missing, people.length) : missing,
      people,
      isAnswered: provisional.answers > 0 && (missing <= 0 || people.length === 0),
    };
  });
}

/** Of a stage that nobody has answered in. */
function groupsOpened({ rule }: Count, stage: StageRule): GroupExplained[] {
  return stage.groups.map((group) => {
    const people = peopleOf(rule, { ...stage, groups: [group] }).map(({ person }) => person);
    const needed = neededOf(group.require, people.length);
    return { name: group.name, isDone: false, needed, people, isAnswered: false };
  });
}

function nextOf({ rule }: Count, next: StageRule | undefined): Pick<Explanation, "next"> {
  if (next === undefined) return {};
  const { name } = next;
  const people = peopleOf(rule, next).map(({ person }) => person);
  return { next: { ...(name === undefined ? {} : { name }), people } };
}
