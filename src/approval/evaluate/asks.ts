/** Who is asked: when a stage opens, and in place of ballots that were handed on, taken back or sent again. */
import { type AwayAt, withStandIns } from "../absence.ts";
import type { Via } from "../approval.ts";
import { peopleOf, type Rule } from "../rule.ts";
import type { Ask, News } from "./evaluation.ts";
import type { Look, Seat, SeatAnswer, State } from "./look.ts";

/** The ballots to open when a stage begins. */
export function openingAsks(
  rule: Rule,
  { round, stage }: Pick<State, "round" | "stage">,
  awayAt: AwayAt = NOBODY_AWAY,
): Ask[] {
  const open = rule.stages[stage];
  if (open === undefined) return [];
  const via: Via | undefined = round > 1 ? { kind: "round" } : undefined;
  const asks = peopleOf(rule, open).map((member) => ({
    ...member,
    stage,
    round,
    gen: 0,
    ...(via === undefined ? {} : { via }),
  }));
  return withStandIns(asks, { awayAt, rule });
}

const NOBODY_AWAY: AwayAt = () => undefined;

/** New ballots in place of those that were handed on, taken back or sent again, unless they were opened before. */
export function followUpsOf(rule: Rule, look: Look): Ask[] {
  const { seats, state } = look;
  const { stage, round } = state;
  const followed = new Set(seats.flatMap(({ via }) => via?.from ?? []));
  // In the order of the ballots: of two in whose place one person would be asked, it is so for the first.
  const inOrder = seats.toSorted((one, other) => one.n - other.n);
  const follows = inOrder.flatMap((seat): Ask[] => {
    const { n, person, groups, gen, added, inPlaceOf, answer } = seat;
    if (followed.has(n)) return [];
    const again = { person, groups, stage, round, gen: gen + 1, ...(added && { added }) };
    const same = { ...again, ...(inPlaceOf && { inPlaceOf }) };
    if (answer.kind === "undone") return [{ ...same, via: { kind: "undo", from: n } }];
    if (answer.kind === "reissued") return [{ ...same, via: { kind: "reissued", from: n } }];
    if (answer.kind !== "reassigned") return [];
    const { to, reason, by } = answer;
    // The door refuses this; a program that settles ballots by itself must not get past the rule.
    if (rule.whoIs(to.email) === rule.requester) return [];
    return [
      {
        ...again,
        person: to,
        via: {
          kind: "reassigned",
          from: n,
          ...(reason === undefined ? {} : { reason }),
          ...(by === undefined ? {} : { by }),
        },
      },
    ];
  });
  return withStandIns(follows, {
    ...awayConditions(rule, look),
    // Who took an answer back, or was sent new links, is not asked for the first time.
    isFixed: ({ via }) => via?.kind !== "reassigned",
    isTaken: (key, groups) => isSeated(rule, seats, { key, groups }),
  });
}

export function awayConditions(rule: Rule, { awayAt = NOBODY_AWAY }: Look) {
  return { awayAt, rule };
}

/** Whether a person, by key, has such a ballot for one of these groups. Default: however it ended. */
export function isSeated(
  { whoIs }: Rule,
  seats: readonly Seat[],
  { key, groups }: { readonly key: string; readonly groups: readonly number[] },
  isMeant: (answer: SeatAnswer) => boolean = () => true,
): boolean {
  return seats.some(
    (seat) =>
      whoIs(seat.person.email) === key &&
      isMeant(seat.answer) &&
      seat.groups.some((group) => groups.includes(group)),
  );
}

/** That ballots were handed on. */
export function handedOn(followUps: readonly Ask[]): News[] {
  return followUps.flatMap(({ via }): News[] =>
    via?.kind === "reassigned" && via.from !== undefined ? [{ kind: "reassigned", n: via.from }] : [],
  );
}
