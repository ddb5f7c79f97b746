import type { Network } from "@resonatehq/sdk";
import { isSameJson } from "../lib/canonical-json.ts";
import { nextOccurrence } from "../lib/cron.ts";
import { ServiceError } from "../lib/errors.ts";
import { portableCron } from "../lib/portable-cron.ts";
import { isTimer, scheduled } from "./lineage.ts";
import { ask, encode } from "./protocol-client.ts";
import { assertStorable } from "./storable.ts";

/** A workflow that is started at every occurrence of `cron`. Times are milliseconds since 1970. */
export interface Schedule {
  readonly name: string;
  /** As it is stored. Engines read it in UTC. */
  readonly cron: string;
  readonly nextRunAt: number;
  readonly lastRunAt?: number;
  readonly tags: Readonly<Record<string, string>>;
}

export interface ScheduledCall {
  readonly name: string;
  /** Portable, as `portableCron` writes it. */
  readonly cron: string;
  readonly func: string;
  readonly args: readonly unknown[];
  readonly version: number;
  /** Timeout of each of its workflows, in milliseconds. */
  readonly timeoutMs: number;
  /** A worker group. */
  readonly target: string;
  /** Tags of each of its workflows. Those that begin with `resonate:` are the engine's and cannot be set. */
  readonly tags?: Readonly<Record<string, string>>;
}

interface MadeSchedule extends Schedule {
  /** Whether the stored schedule is the one that was asked for. */
  readonly isSame: boolean;
}

/** A workflow's task, as the engine stores it. */
export interface Task {
  readonly id: string;
  readonly state: "pending" | "acquired" | "suspended" | "halted" | "fulfilled";
  readonly version: number;
  /** The worker that holds it. */
  readonly pid?: string;
}

export interface TasksFound {
  readonly tasks: readonly Task[];
  /** There may be more than these. */
  readonly truncated: boolean;
}

/** Requests of operators to any engine that speaks the protocol. Errors are those of the durable port. */
export interface Administration {
  /**
   * Returns the schedule stored under the name, which may be an older one.
   *
   * @throws ServiceError INVALID_REQUEST if the engine reads the expression differently; nothing is stored then
   */
  createSchedule(call: ScheduledCall): Promise<MadeSchedule>;
  /** False if there is none. Workflows that it has started continue. */
  deleteSchedule(name: string): Promise<boolean>;
  /** By name, at most 1,000. */
  schedules(): Promise<Schedule[]>;
  /**
   * By id, at most `limit`; undefined where the server has no search. Timers at rest are none of them, and of 2,000 tasks
   * no more are looked at.
   */
  tasks(state: Task["state"], limit: number): Promise<TasksFound | undefined>;
  task(id: string): Promise<Task | undefined>;
  /** Keeps workers off the workflow. False if it has ended. */
  haltTask(id: string): Promise<boolean>;
  /** False if it is not halted. */
  continueTask(id: string): Promise<boolean>;
}

const SCHEDULES_MAX = 1_000;
const PAGE = 100;
/** Of tasks, in one search: 2,000. On a server with many timers at rest, a search for halted workflows passes all of them. */
const TASK_PAGES_MAX = 20;

/** @param isEmbedded whether it is the embedded engine that answers, which reads cron expressions as this program does */
export function createAdministration(
  network: Network,
  { isEmbedded }: { readonly isEmbedded: boolean },
): Administration {
  return {
    async createSchedule({ name, cron, func, args, version, timeoutMs, target, tags }) {
      assertStorable(args, "args");
      const call = {
        id: name,
        cron,
        promiseId: "{{.id}}-{{.timestamp}}",
        promiseTimeout: timeoutMs,
        promiseParam: encode({ func, args, version }, "args"),
        promiseTags: { ...tags, ...scheduled(network.match(target)) },
      };
      const isNew = isEmbedded || !(await ask(network, "schedule.get", { id: name })).ok;
      const response = await ask(network, "schedule.create", call);
      if (!response.ok) throw unsupported(response.status);
      const { schedule } = response.data;
      const { createdAt, nextRunAt, lastRunAt } = schedule;
      const isSame =
        isSameCron(schedule.cron, cron, { seed: name, nowMs: createdAt, isEmbedded }) &&
        schedule.promiseTimeout === timeoutMs &&
        schedule.promiseParam.data === call.promiseParam.data &&
        isSameJson(schedule.promiseTags, call.promiseTags);
      const expected = nextOccurrence(cron, lastRunAt ?? createdAt, name);
      if (isSame && !isEmbedded && nextRunAt !== expected) {
        if (isNew) await ask(network, "schedule.delete", { id: name });
        throw misread(cron, nextRunAt, expected);
      }
      return { ...scheduleOf(schedule), isSame };
    },
    async deleteSchedule(name) {
      const response = await ask(network, "schedule.delete", { id: name });
      if (!response.ok && response.status !== 404) throw unsupported(response.status);
      return response.ok;
    },
    async schedules() {
      const found: Schedule[] = [];
      let cursor: string | undefined;
      do {
        const from = cursor === undefined ? {} : { cursor };
        const response = await ask(network, "schedule.search", { limit: PAGE, ...from });
        if (!response.ok) throw unsupported(response.status);
        found.push(...response.data.schedules.map(scheduleOf));
        cursor = response.data.cursor;
      } while (cursor !== undefined && found.length < SCHEDULES_MAX);
      return found.slice(0, SCHEDULES_MAX);
    },
    async tasks(state, limit) {
      const found: Task[] = [];
      let cursor: string | undefined;
      let pages = 0;
      do {
        const from = cursor === undefined ? {} : { cursor };
        const response = await ask(network, "task.search", { state, limit: PAGE, ...from });
        if (!response.ok) return undefined;
        const tasks = response.data.tasks.map(taskOf);
        found.push(...(state === "halted" && !isEmbedded ? await withoutTimers(network, tasks) : tasks));
        cursor = response.data.cursor;
        pages += 1;
      } while (cursor !== undefined && found.length < limit && pages < TASK_PAGES_MAX);
      return { tasks: found.slice(0, limit), truncated: cursor !== undefined || found.length > limit };
    },
    async task(id) {
      const response = await ask(network, "task.get", { id });
      return response.ok ? taskOf(response.data.task) : undefined;
    },
    async haltTask(id) {
      return (await ask(network, "task.halt", { id })).ok;
    },
    async continueTask(id) {
      return (await ask(network, "task.continue", { id })).ok;
    },
  };
}

/**
 * A worker halts the task of a timer whose workflow has ended, where the server would offer it again and again. Nobody has
 * to look at it.
 */
async function withoutTimers(network: Network, tasks: readonly Task[]): Promise<Task[]> {
  const promises = await Promise.all(tasks.map(({ id }) => ask(network, "promise.get", { id })));
  return tasks.filter((_, at) => {
    const response = promises[at];
    return response?.ok !== true || !isTimer(response.data.promise.tags);
  });
}

/** A schedule may be stored in another notation. We do not guess how another server reads it. */
function isSameCron(
  stored: string,
  cron: string,
  { isEmbedded, ...when }: { readonly isEmbedded: boolean; readonly seed: string; readonly nowMs: number },
): boolean {
  if (stored === cron || !isEmbedded) return stored === cron;
  const plain = portableCron(stored, when);
  return plain.ok && plain.cron === cron;
}

function misread(cron: string, next: number, expected: number | undefined): ServiceError {
  const iso = (ms: number | undefined) => (ms === undefined ? "none" : new Date(ms).toISOString());
  return new ServiceError(
    "INVALID_REQUEST",
    `The engine reads ${cron} as other times: its next is ${iso(next)}, and ${iso(expected)} was meant. Nothing was changed`,
  );
}

function scheduleOf(record: {
  id: string;
  cron: string;
  nextRunAt: number;
  lastRunAt?: number;
  promiseTags: Record<string, string>;
}): Schedule {
  const { id, cron, nextRunAt, lastRunAt, promiseTags } = record;
  const schedule = { name: id, cron, nextRunAt, tags: promiseTags };
  return lastRunAt === undefined ? schedule : { ...schedule, lastRunAt };
}

function taskOf({ id, state, version, pid }: Task): Task {
  return pid === undefined ? { id, state, version } : { id, state, version, pid };
}

function unsupported(status: number): ServiceError {
  return new ServiceError(
    "ENGINE_UNAVAILABLE",
    `The engine does not support schedules: it answered ${status}`,
  );
}
