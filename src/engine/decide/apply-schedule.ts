import { NEVER, nextOccurrence, occurrences } from "../../lib/cron.ts";
import { cronProblem } from "../../lib/portable-cron.ts";
import { firedId, firedTags } from "../../protocol/parse-schedule.ts";
import type { IdData, ScheduleCreateData, ScheduleSearchData } from "../../protocol/requests.ts";
import { promiseCreate } from "./apply-promise.ts";
import { Draft } from "./draft.ts";
import { type EngineResponse, ok, refuse } from "./response.ts";
import { type ScheduleRow, scheduleRecord, type Transition, type View } from "./state.ts";

export function scheduleGet(draft: Draft, { id }: IdData): EngineResponse {
  const row = draft.schedule(id);
  return row === undefined ? NO_SCHEDULE : ok({ schedule: scheduleRecord(row) });
}

/** Answers what is stored under the id, however it came there. */
export function scheduleCreate(draft: Draft, data: ScheduleCreateData, now: number): EngineResponse {
  const stored = draft.schedule(data.id);
  if (stored !== undefined) return ok({ schedule: scheduleRecord(stored) });
  const nextRunAt = nextOccurrence(data.cron, now, data.id);
  if (nextRunAt === undefined) return refuse(400, `data.cron ${cronProblem(data.cron)}`);
  if (nextRunAt === NEVER) return refuse(400, "data.cron must occur again: its last time has passed");
  const row: ScheduleRow = { ...data, createdAt: now, nextRunAt, lastRunAt: null };
  draft.putSchedule(row);
  return ok({ schedule: scheduleRecord(row) });
}

/** Promises that it has created stay. */
export function scheduleDelete(draft: Draft, { id }: IdData): EngineResponse {
  if (draft.schedule(id) === undefined) return NO_SCHEDULE;
  draft.deleteSchedule(id);
  return ok({});
}

export function scheduleSearch(draft: Draft, { tags, limit, cursor }: ScheduleSearchData): EngineResponse {
  const wanted = Object.entries(tags);
  const schedules: ReturnType<typeof scheduleRecord>[] = [];
  let last: string | undefined;
  for (const row of draft.schedules(cursor ?? "")) {
    if (schedules.length === limit) return ok({ schedules, cursor: last });
    if (!wanted.every(([key, value]) => row.promiseTags[key] === value)) continue;
    schedules.push(scheduleRecord(row));
    last = row.id;
  }
  return ok({ schedules });
}

/**
 * Creates the promises of occurrences that have come, missed ones too, at most `max` of them, and sets each schedule to
 * its next one. The rest is due at once.
 */
export function fireSchedules(view: View, ids: readonly string[], now: number, max: number): Transition {
  const draft = new Draft(view);
  let left = max;
  for (const id of ids) {
    const schedule = draft.schedule(id);
    if (schedule === undefined) continue;
    let { nextRunAt, lastRunAt } = schedule;
    const times = occurrences(schedule.cron, nextRunAt, id);
    for (; nextRunAt <= now && left > 0; left -= 1) {
      fire(draft, schedule, nextRunAt, now);
      lastRunAt = nextRunAt;
      nextRunAt = nextOf(times);
    }
    if (lastRunAt !== schedule.lastRunAt) draft.putSchedule({ ...schedule, nextRunAt, lastRunAt });
  }
  return draft.finish();
}

/** An expression that only an older parser accepted must not stop all other schedules. */
function nextOf(times: ReturnType<typeof occurrences>): number {
  try {
    return times.next().value ?? NEVER;
  } catch {
    return NEVER;
  }
}

function fire(draft: Draft, schedule: ScheduleRow, occurrence: number, now: number): void {
  const id = firedId(schedule, occurrence);
  const { promiseParam: param, promiseTimeout } = schedule;
  promiseCreate(
    draft,
    { id, timeoutAt: occurrence + promiseTimeout, param, tags: firedTags(schedule, id) },
    now,
  );
}

const NO_SCHEDULE = refuse(404, "Schedule not found");
