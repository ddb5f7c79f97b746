import type { DatabaseSync } from "node:sqlite";
import { DebugControls } from "../../src/engine/commit/debug.ts";
import { apply, type Context } from "../../src/engine/decide/apply.ts";
import { fireSchedules } from "../../src/engine/decide/apply-schedule.ts";
import type { EngineResponse } from "../../src/engine/decide/response.ts";
import type { Outgoing, Transition } from "../../src/engine/decide/state.ts";
import { expirePromises, expireTasks } from "../../src/engine/decide/sweep.ts";
import { MEMORY, openDatabase } from "../../src/engine/store/database.ts";
import { Store } from "../../src/engine/store/store.ts";
import { parseRequest } from "../../src/protocol/parse.ts";
import type { Request } from "../../src/protocol/requests.ts";
import type { Envelope } from "./engine-requests.ts";
import { type EngineSnapshot, snapshotOf } from "./engine-snapshot.ts";

export interface Stepped {
  readonly status: number;
  readonly data: Record<string, unknown>;
  readonly messages: readonly Outgoing[];
}

/** The transition and its store with nothing around them: each step says what time it is. */
export class World {
  readonly db: DatabaseSync;
  readonly store: Store;
  readonly #debug: DebugControls;

  constructor(file: string = MEMORY) {
    this.db = openDatabase(file);
    this.store = new Store(this.db);
    this.#debug = new DebugControls(this.store);
  }

  /** One request, `debug.*` too, in a transaction of its own. A refusal has its sentence as `data.error`. */
  step(now: number, envelope: Envelope, local = false): Stepped {
    const parsed = parseRequest(envelope);
    if ("refusal" in parsed) {
      return { status: parsed.refusal.status, data: { error: parsed.refusal.message }, messages: [] };
    }
    const messages: Outgoing[] = [];
    const write = (transition: Transition): void => {
      this.write(transition);
      messages.push(...transition.messages);
    };
    const answer =
      this.#debug.respond(parsed.request, undefined, write) ??
      this.#apply(parsed.request, { now, local }, write);
    const data = typeof answer.data === "string" ? { error: answer.data } : answer.data;
    return { status: answer.status, data: data as Record<string, unknown>, messages };
  }

  /** What the clock brings about. */
  tick(now: number, isReachable: (address: string) => boolean = () => true): readonly Outgoing[] {
    const promises = expirePromises(this.store.view, this.store.agenda.duePromises(now, 10_000), now);
    this.write(promises);
    const tasks = expireTasks(this.store.view, this.store.agenda.dueTasks(now, 10_000), now, isReachable);
    this.write(tasks);
    const schedules = fireSchedules(
      this.store.view,
      this.store.agenda.dueSchedules(now, 10_000),
      now,
      10_000,
    );
    this.write(schedules);
    return [...promises.messages, ...tasks.messages, ...schedules.messages];
  }

  write({ changes }: Transition): void {
    if (changes.length === 0) return;
    this.store.begin();
    try {
      this.store.write(changes);
      this.store.commit();
    } catch (error) {
      this.store.rollback();
      throw error;
    }
  }

  snapshot(): EngineSnapshot {
    return snapshotOf(this.db);
  }

  close(): void {
    this.store.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #apply(request: Request, context: Context, write: (transition: Transition) => void): EngineResponse {
    const { response, ...transition } = apply(this.store.view, request, context);
    write(transition);
    return response;
  }
}
