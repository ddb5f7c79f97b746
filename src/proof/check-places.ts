/** Whether the promises of the evidence can be those of one approval: their ids, and the order of their times. */
import { type Course, endOf } from "../approval/course.ts";
import { childId, KIND_TAG } from "../approval/ids.ts";
import { outcomeOf, type StoredRecord } from "../approval/stored.ts";

export function placeProblems(course: Course, children: readonly StoredRecord[]): string[] {
  const { root, ballots, end } = course;
  const ids = children.map(({ id }) => id);
  const places = ids.map((id) => placeIn(root.id, id));
  const outcome = outcomeOf(root);
  return [
    ...places.flatMap((place, i) =>
      place !== undefined && place > (places[i - 1] ?? -1)
        ? []
        : [`The promise ${ids[i]} is not in its place`],
    ),
    ...ballots.flatMap(({ ballot, record }) =>
      record.id === childId(root.id, ballot.n) && ballot.approval === root.id
        ? []
        : [`The ballot ${record.id} is another one than it says`],
    ),
    ...[root, ...children].flatMap(({ id, createdAt, settledAt, state }) => {
      if ((state === "pending") !== (settledAt === undefined))
        return [`${id} has a time of its end, or none, against its state`];
      return settledAt !== undefined && settledAt < createdAt
        ? [`${id} was settled before it was created`]
        : [];
    }),
    // Steps are stored when they have ended, with a time that may be a second early (`src/durable/step-record.ts`).
    ...children.flatMap(({ id, tags, createdAt }) =>
      createdAt < root.createdAt && tags[KIND_TAG] !== undefined ? [`${id} is older than its approval`] : [],
    ),
    ...(outcome === undefined || outcome.approval === root.id ? [] : ["The outcome names another approval"]),
    ...(end !== undefined && endOf(end).kind === "open" && outcome !== undefined
      ? ["The approval ended while its end was open"]
      : []),
  ];
}

/** Undefined if it is no direct child. */
function placeIn(root: string, id: string): number | undefined {
  const place = Number(id.slice(childId(root, 0).length - 1));
  return Number.isInteger(place) && childId(root, place) === id ? place : undefined;
}
