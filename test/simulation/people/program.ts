/** Programs: each asks for approvals until it knows that they were taken, looks how they stand, and does something about some. */
import { type Answer, call } from "../machine/calls.ts";
import type { World } from "../machine/world.ts";
import type { Oracle, Shown } from "../oracle.ts";
import { PUBLIC_URL } from "../parts/settings.ts";
import { HOUR_MS, ownRandom, type Plan, type PlannedAct } from "./plans.ts";

export interface ProgramsOptions {
  readonly seed: number;
  readonly world: World;
  readonly oracle: Oracle;
  /** Whether a promise is settled; undefined if nobody knows. */
  readonly isSettled: (id: string) => Promise<boolean | undefined>;
}

const PATIENCE_MS = 30_000;
/** Longer than the longest approval lasts, with all that programs add to it. */
const STUCK_MS = 12 * 24 * HOUR_MS;
/** By then, the last attempt at a callback was made. */
const AFTERWARDS_MS = 5 * 24 * HOUR_MS;

export class Programs {
  readonly #options: ProgramsOptions;
  /** Approvals that are not over, with all that follows from them. */
  open = 0;

  constructor(options: ProgramsOptions) {
    this.#options = options;
  }

  plan(plan: Plan): void {
    const { world, oracle } = this.#options;
    oracle.planned(plan);
    this.open += 1;
    world.time.after(plan.startMs - world.time.now(), () => void this.#run(plan));
  }

  async #run(plan: Plan): Promise<void> {
    const random = ownRandom(this.#options.seed, plan.n, 77);
    const { oracle, world } = this.#options;
    for (;;) {
      const answer = await this.#ask("POST", "/approvals", { id: plan.id, ...plan.body });
      if (answer?.status === 202) break;
      if (answer !== undefined && answer.status < 500) {
        oracle.breach("an approval can be asked for", `${plan.id}: ${answer.status} ${answer.text}`);
        this.open -= 1;
        return;
      }
      await this.#pause(1_000 + random.below(60_000));
    }
    oracle.acknowledged(plan.id);
    world.log(`${plan.id} begins`);
    for (const act of plan.acts) world.time.after(act.afterMs, () => void this.#act(plan, act));
    await this.#pause(random.below(HOUR_MS));
    let shown = await this.#look(plan.id);
    const stuckAt = world.time.now() + STUCK_MS;
    while (shown === undefined || shown.status === "pending") {
      await this.#pause(random.below(4 * HOUR_MS));
      const isOver = await this.#options.isSettled(plan.id);
      // Looked at from inside most of the time, because each request costs as much as a day without any.
      if (isOver === true || world.time.now() > stuckAt || random.chance(0.1))
        shown = await this.#look(plan.id);
    }
    world.log(`${plan.id} ends as ${shown.status} at ${shown.endedAt}`);
    await this.#pause(AFTERWARDS_MS + random.below(HOUR_MS));
    let over: Shown | undefined;
    while (over === undefined) {
      over = await this.#look(plan.id);
      if (over === undefined) await this.#pause(HOUR_MS);
    }
    oracle.over(plan.id, over);
    this.open -= 1;
  }

  /** How it stands; undefined if nobody says. */
  async #look(id: string): Promise<Shown | undefined> {
    const { oracle } = this.#options;
    const answer = await this.#ask("GET", `/approvals/${id}`);
    if (answer === undefined || answer.status >= 500) return undefined;
    const shown = answer.status === 200 ? (JSON.parse(answer.text) as Shown) : undefined;
    oracle.shown(id, shown);
    return shown;
  }

  async #act({ id }: Plan, { verb, body, ballot }: PlannedAct): Promise<void> {
    const { oracle, world } = this.#options;
    const isOfApproval = verb === "cancel" || verb === "extend" || verb === "change";
    const path = isOfApproval ? `/approvals/${id}/${verb}` : `/approvals/${id}/ballots/${ballot}/${verb}`;
    if (verb === "cancel") oracle.cancelSent(id);
    else if (verb !== "remind") oracle.actedOn(id);
    if (verb === "extend") oracle.extended(id);
    const headers = { "idempotency-key": `${id}-${verb}-${ballot}` };
    for (let tries = 0; tries < 5; tries += 1) {
      const answer = await this.#ask("POST", path, body, headers);
      if (answer !== undefined && answer.status < 500) {
        world.log(`${verb} ${id}${isOfApproval ? "" : `:${ballot}`}: ${answer.status}`);
        if (verb === "cancel" && answer.status === 200) oracle.cancelled(id);
        return;
      }
      await this.#pause(5_000);
    }
  }

  async #ask(method: string, path: string, body?: object, headers: object = {}): Promise<Answer | undefined> {
    return await call(new URL(path, PUBLIC_URL), {
      method,
      headers: {
        authorization: "Bearer key",
        ...headers,
        ...(body === undefined ? {} : { "content-type": "application/json" }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      withinMs: PATIENCE_MS,
    }).catch(() => undefined);
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => this.#options.world.time.after(ms, resolve));
  }
}
