/** Deaths of workers at planned requests of an approval, one approval for each death. */
import type { Asked, Moment } from "./engine-proxy.ts";
import { eventually } from "./eventually.ts";
import type { Site } from "./site.ts";

export interface Death {
  readonly moment: Moment;
  /** What is asked, and where in its approval; the first time that it is asked counts. */
  readonly step: string;
}

/** Before the engine hears of a step, and when it has done it but the worker does not know. */
export function deathsAt(step: string): Death[] {
  // A read leaves nothing behind: its reply is the same moment as the next request.
  if (step.includes("promise.get")) return [{ moment: "request", step }];
  return [
    { moment: "request", step },
    { moment: "reply", step },
  ];
}

/** Deaths to come, by the approval that brings each about. */
export class PlannedDeaths<D extends Death> {
  readonly #stepOf: (asked: Asked) => string;
  readonly #open = new Map<string, D>();
  /** How many have come about. */
  came = 0;

  constructor(stepOf: (asked: Asked) => string) {
    this.#stepOf = stepOf;
  }

  plan(id: string, death: D): void {
    this.#open.set(id, death);
  }

  /** Whether whoever asks this dies now. */
  isNow(moment: Moment, asked: Asked): boolean {
    const id = rootOf(asked.id);
    const death = this.#open.get(id);
    if (death?.moment !== moment || death.step !== this.#stepOf(asked)) return false;
    this.came += 1;
    return this.#open.delete(id);
  }

  /** Takes back those that have not come about. */
  takeBack(): D[] {
    const open = [...this.#open.values()];
    this.#open.clear();
    return open;
  }
}

export function rootOf(id: string): string {
  return id.split(":", 1)[0] ?? id;
}

/** So many workers; one that dies, as `isDeath` says, is replaced by a new one. */
export async function workersThatDie(
  site: Site,
  count: number,
  isDeath: (moment: Moment, asked: Asked, isAlive: boolean) => boolean,
): Promise<AsyncDisposable> {
  let isOver = false;
  const starting = new Set<Promise<void>>();
  const start = async (): Promise<void> => {
    const { service, proxy } = await site.startProxied("worker");
    // It has only one death, even if requests are on their way while it dies: else there would be ever more workers.
    let isAlive = true;
    proxy.watcher = async (moment, asked) => {
      if (!isDeath(moment, asked, isAlive && service.isRunning)) return undefined;
      isAlive = false;
      await service.killHard();
      if (!isOver) begin();
      return "cut";
    };
  };
  const begin = () => {
    const started = start().finally(() => starting.delete(started));
    starting.add(started);
  };
  for (let i = 0; i < count; i++) begin();
  await Promise.all(starting);
  return {
    async [Symbol.asyncDispose]() {
      isOver = true;
      await eventually("no worker is being started", () => starting.size === 0);
    },
  };
}
