import { isExternal } from "../../protocol/tags.ts";
import { SETBACKS_MAX } from "../decide/setback.ts";
import type { Change, Transition } from "../decide/state.ts";
import type { Messenger } from "../deliver/messenger.ts";
import type { EngineLog } from "../log.ts";
import type { Alarm } from "./alarm.ts";

export interface PublisherParts {
  readonly alarm: Alarm;
  readonly messenger: Pick<Messenger, "send" | "taskChanged" | "handOutAgain" | "reset">;
  readonly log: EngineLog;
  readonly stats: { halted: number };
}

/** Tells the alarm and the messenger about committed changes. Nothing is published before its commit. */
export class Publisher {
  readonly #alarm: Alarm;
  readonly #messenger: PublisherParts["messenger"];
  readonly #log: EngineLog;
  readonly #stats: PublisherParts["stats"];
  #isInDoubt = false;

  constructor({ alarm, messenger, log, stats }: PublisherParts) {
    this.#alarm = alarm;
    this.#messenger = messenger;
    this.#log = log;
    this.#stats = stats;
  }

  publish(transitions: readonly Transition[]): void {
    for (const { changes, messages } of transitions) {
      for (const change of changes) this.#tell(change);
      this.#messenger.send(messages);
    }
    if (!this.#isInDoubt) return;
    this.#isInDoubt = false;
    this.#messenger.handOutAgain();
  }

  /** A transaction or checkpoint failed. Until one succeeds, workers may be refused the tasks they were handed. */
  doubt(): void {
    this.#isInDoubt = true;
  }

  #tell(change: Change): void {
    if (change.kind === "promise.insert") {
      const { state, tags, timeoutAt } = change.row;
      if (state === "pending" && isExternal(tags)) this.#alarm.noLaterThan(timeoutAt);
    } else if (change.kind === "reset") {
      this.#messenger.reset();
    } else if (change.kind === "schedule.put") {
      this.#alarm.noLaterThan(change.row.nextRunAt);
    } else if (change.kind === "task.insert" || change.kind === "task.update") {
      const { id, state, dueAt, version, setbacks, resumes } = change.row;
      if (dueAt !== null) this.#alarm.noLaterThan(dueAt);
      this.#messenger.taskChanged(change.row);
      // Later events wake a halted task without effect, so this is logged once.
      if (state === "halted" && setbacks === SETBACKS_MAX && resumes === 0) {
        this.#stats.halted += 1;
        this.#log.error({ id, version }, "Workflow halted: no worker could continue it");
      }
    }
  }
}
