import * as read from "./fields.ts";
import { originOf } from "./ids.ts";
import type { Tags } from "./records.ts";
import type { Request, ScheduleCreateData } from "./requests.ts";
import { TAG, tagProblem } from "./tags.ts";

type ScheduleKind = Extract<Request["kind"], `schedule.${string}`>;

/** Page size of a search. */
const LIMIT_DEFAULT = 10;
/** Longer than any expression that was written on purpose. */
const CRON_CHARS_MAX = 256;
/** A thousand years: an occurrence and this together are still a time. */
const TIMEOUT_MS_MAX = 1000 * 366 * 86_400_000;
/** The last time that JavaScript knows; it has the longest id, too. */
const LAST_TIME = 8_640_000_000_000_000;

export const SCHEDULE_PARSERS: {
  readonly [K in ScheduleKind]: (data: read.Fields) => Extract<Request, { kind: K }>;
} = {
  "schedule.get": (data) => ({ kind: "schedule.get", data: { id: read.id(data["id"], "data.id") } }),
  "schedule.delete": (data) => ({ kind: "schedule.delete", data: { id: read.id(data["id"], "data.id") } }),
  "schedule.create": (data) => ({ kind: "schedule.create", data: parseSchedule(data) }),
  "schedule.search": (data) => ({
    kind: "schedule.search",
    data: {
      tags: data["tags"] === undefined ? {} : read.strings(data["tags"], "data.tags"),
      ...read.page(data, LIMIT_DEFAULT),
    },
  }),
};

function parseSchedule(data: read.Fields): ScheduleCreateData {
  const id = read.id(data["id"], "data.id");
  if (id.includes(":")) throw new read.Malformed("data.id must not contain ':'");
  const cron = read.nonEmpty(data["cron"], "data.cron");
  if (cron.length > CRON_CHARS_MAX) {
    throw new read.Malformed(`data.cron must have at most ${CRON_CHARS_MAX} characters`);
  }
  const promiseTimeout = read.integer(data["promiseTimeout"], "data.promiseTimeout", 0);
  if (promiseTimeout > TIMEOUT_MS_MAX) {
    throw new read.Malformed(`data.promiseTimeout must be at most ${TIMEOUT_MS_MAX}`);
  }
  const schedule = {
    id,
    cron,
    promiseId: read.id(data["promiseId"], "data.promiseId"),
    promiseTimeout,
    promiseParam: read.payload(data["promiseParam"], "data.promiseParam"),
    promiseTags: read.strings(data["promiseTags"] ?? {}, "data.promiseTags"),
  };
  checkPromises(schedule);
  return schedule;
}

/** What the schedule will create must be allowed by then; nobody would hear of it if it were not. */
function checkPromises(schedule: ScheduleCreateData): void {
  const { promiseTags } = schedule;
  const id = read.id(firedId(schedule, LAST_TIME), "data.promiseId, filled in,");
  if (promiseTags[TAG.target] === undefined) {
    throw new read.Malformed(`data.promiseTags must have a ${TAG.target} tag`);
  }
  if (promiseTags[TAG.delay] !== undefined) {
    throw new read.Malformed(
      `data.promiseTags must not have a ${TAG.delay} tag: it is one instant, not many`,
    );
  }
  const problem = tagProblem({ id, tags: firedTags(schedule, id), timeoutAt: LAST_TIME }, "data.promiseTags");
  if (problem !== undefined) throw new read.Malformed(problem);
}

/** Id of the promise that the schedule creates for an occurrence. */
export function firedId({ id, promiseId }: { id: string; promiseId: string }, occurrence: number): string {
  return promiseId.replaceAll("{{.id}}", id).replaceAll("{{.timestamp}}", String(occurrence));
}

/** Tags of that promise: what the schedule says, where it comes from, and a lineage of its own. */
export function firedTags({ id, promiseTags }: { id: string; promiseTags: Tags }, promiseId: string): Tags {
  return {
    ...promiseTags,
    [TAG.schedule]: id,
    [TAG.origin]: originOf(promiseId),
    [TAG.branch]: promiseId,
    [TAG.parent]: promiseId,
  };
}
