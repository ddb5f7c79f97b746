/** Other people are asked as well, or instead (E7). */
import { withStandIns } from "../absence.ts";
import { awayConditions, handedOn, isSeated } from "./asks.ts";
import type { Count } from "./count.ts";
import type { Ask, Evaluation } from "./evaluation.ts";
import { goOn, openSeats } from "./moves.ts";

/** Asks the next entry of the chain; undefined if none is left. */
export function escalate(count: Count): Evaluation | undefined {
  const { rule, look, stage, followUps } = count;
  const { state, seats, nowMs } = look;
  const { replace, escalateTo } = stage;
  if (escalateTo[state.escalations] === undefined) return undefined;
  const ask = asksOf(count);
  const asked = withStandIns([...followUps, ...ask], {
    ...awayConditions(rule, look),
    isFixed: (each) => each.via?.kind !== "escalated",
    // Where ballots are replaced, those who have not answered lose theirs.
    isTaken: (key, missing) =>
      isSeated(
        rule,
        seats,
        { key, groups: missing },
        ({ kind }) => !replace || (kind !== "open" && kind !== "closed"),
      ),
  });
  const close = replace && ask.length > 0 ? openSeats(count) : [];
  const closed = replace ? seats.flatMap(({ n, answer }) => (answer.kind === "closed" ? [n] : [])) : [];
  const replaced = [...new Set([...(state.replaced ?? []), ...closed, ...close])];
  return goOn(
    count,
    {
      ...state,
      escalations: state.escalations + 1,
      sinceMs: nowMs,
      ...(replaced.length === 0 ? {} : { replaced: replaced.sort((a, b) => a - b) }),
    },
    {
      close,
      ask: asked,
      news: [...handedOn(followUps), { kind: "escalated", stage: state.stage, entry: state.escalations }],
    },
  );
}

/**
 * Those of the entry who can be asked. Those who have answered, or have a ballot that stays or follows, are not asked twice. It
 * comes to the same when this is evaluated again with the ballots closed.
 */
function asksOf({ rule, look, stage, followUps, people, groups }: Count): Ask[] {
  const { state, seats } = look;
  const { replace, escalateTo } = stage;
  const missing = groups.flatMap(({ isDone }, index) => (isDone ? [] : [index]));
  const followers = new Set(followUps.map(({ person }) => rule.whoIs(person.email)));
  return (escalateTo[state.escalations] ?? [])
    .filter(({ email }) => {
      const key = rule.whoIs(email);
      if (key === rule.requester || followers.has(key)) return false;
      const known = people.get(key);
      return known === undefined || (replace && !known.hasAnswered);
    })
    .map(
      (person): Ask => ({
        person,
        groups: missing,
        stage: state.stage,
        round: state.round,
        gen: seats.length,
        ...(replace ? {} : { added: true }),
        via: { kind: "escalated" },
      }),
    );
}
