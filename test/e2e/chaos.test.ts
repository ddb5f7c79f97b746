/**
 * Processes die at random while requests, presses and cancellations come in, and what was acknowledged must stand:
 * each ballot is decided once, what a person was told stands for good, no acknowledged request or decision is lost,
 * every approver is mailed with one Message-ID, no approval is stuck.
 *
 * `SEEDS=7` repeats the choices of a run, `CHAOS_DEATHS=200` makes it longer.
 */
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { expect, onTestFailed, test } from "vitest";
import { Api } from "../support/api.ts";
import { eventually, HANGS_MS } from "../support/eventually.ts";
import type { ReadMail } from "../support/mails.ts";
import { press } from "../support/press.ts";
import { type Relay, startRelay } from "../support/relay.ts";
import { needsEmbeddedEngine, RESONATE_URL } from "../support/resonate-server.ts";
import { type Random, randomFrom, seeds } from "../support/seeds.ts";
import type { Part, ServiceProcess } from "../support/service-process.ts";
import { newId, openSite, type Site } from "../support/site.ts";

const DEATHS = Number(process.env["CHAOS_DEATHS"] ?? 10);
/** Requests from one death to the next, and acknowledged presses before it, at most: enough to be in the middle of. */
const REQUESTS_A_DEATH = 12;
const PEACE_MAX = 15;
/** Whoever asks for longer than this is answered before the next death. */
const PATIENCE_MS = 5_000;
/** Who has nothing to do looks again after this, and leaves the processor to those who have. */
const BREATH_MS = 2;
const APPROVERS = ["ana@example.com", "bo@example.com", "cy@example.com"];

const TOGETHER: readonly Part[] = ["all"];
// In this order: a process that reaches the engine by its token makes it if it is not there.
const APART: readonly Part[] = [
  ...(RESONATE_URL === undefined ? (["engine"] as const) : []),
  "gateway",
  "worker",
  "worker",
];

for (const parts of [TOGETHER, APART]) {
  for (const seed of seeds(1)) {
    test(`${parts.join(" + ")}, dying at random: what was acknowledged stands`, {
      timeout: 300_000 + DEATHS * 30_000,
    }, async () => {
      onTestFailed(() => console.log(`to repeat: SEEDS=${seed} CHAOS_DEATHS=${DEATHS}`));
      await using relay = await startRelay();
      await using site = await openSite({ relay, env: { WORKER_LEASE_MS: "1000" } });
      const town = new Town(site, relay, randomFrom(seed));
      await town.live(parts, DEATHS);
      await town.judge();
      console.log(`${parts.join(" + ")}, seed ${seed}: ${DEATHS} deaths, ${town.summary}`);
      // A run in which next to nothing was acknowledged would prove nothing.
      expect(town.requests.size).toBeGreaterThan(DEATHS);
      expect(town.told.size).toBeGreaterThan(DEATHS);
    });
  }
}

test("counter-test: an engine that loses its file at a death is found out", async (ctx) => {
  needsEmbeddedEngine(ctx, "takes the engine's file away");
  await using relay = await startRelay();
  await using site = await openSite({ relay });
  const town = new Town(site, relay, randomFrom(1), { withinMs: 1_000 });
  const forget = async () => {
    for (const end of ["", "-wal", "-shm", ".journal"])
      await rm(join(site.dataDir, `engine.db${end}`), { force: true });
  };
  await expect(town.live(TOGETHER, 1, forget).then(() => town.judge())).rejects.toThrow();
});

/** People and programs that use the service, and what they were told. */
class Town {
  /** Acknowledged requests: approvers by approval. */
  readonly requests = new Map<string, readonly string[]>();
  /** What the holder of a link was told, by approval and approver. */
  readonly told = new Map<string, string>();
  readonly #cancelled = new Set<string>();
  readonly #site: Site;
  readonly #relay: Relay;
  readonly #random: Random;
  readonly #api: Api;
  readonly #unanswered = new Set<{ readonly since: number }>();
  readonly #patience: { readonly withinMs: number };
  #acknowledged = 0;
  #requestsMax = REQUESTS_A_DEATH;
  #isOver = false;

  constructor(site: Site, relay: Relay, random: Random, patience = { withinMs: 2 * HANGS_MS }) {
    this.#site = site;
    this.#relay = relay;
    this.#random = random;
    this.#api = new Api(site.publicUrl);
    this.#patience = patience;
  }

  get summary(): string {
    const mails = this.#relay.accepted;
    const copies = mails.length - new Set(mails.map(({ messageId }) => messageId)).size;
    return (
      `acknowledged ${this.requests.size} requests, ${this.told.size} presses, ${this.#cancelled.size} cancellations; ` +
      `${copies} mails sent again`
    );
  }

  /** Goes on until so many processes have died; then all are there again. */
  async live(parts: readonly Part[], deaths: number, betweenLives = async () => {}): Promise<void> {
    const services: ServiceProcess[] = [];
    for (const part of parts) services.push(await this.#site.start(part));
    const people = Promise.all([
      this.#requester(),
      this.#requester(),
      ...Array.from({ length: 4 }, () => this.#decider()),
    ]);
    try {
      for (let death = 1; death <= deaths; death++) {
        const until = this.#acknowledged + 1 + this.#random.below(PEACE_MAX);
        const isTime = eventually("some more were acknowledged", () => this.#acknowledged >= until);
        await Promise.race([isTime, people]);
        await Promise.race([this.#everybodyHeard(), people]);
        const at = this.#random.below(services.length);
        const victim = services[at] as ServiceProcess;
        await victim.killHard();
        await betweenLives();
        services[at] = await this.#site.start(victim.part);
        this.#requestsMax += REQUESTS_A_DEATH;
      }
    } catch (error) {
      // What people met afterwards only follows from it.
      this.#isOver = true;
      await people.catch(() => {});
      throw error;
    }
    this.#isOver = true;
    await people;
  }

  /** Presses every link that is left, and compares what stands with what people were told. */
  async judge(): Promise<void> {
    for (const [id, approvers] of this.requests) {
      for (const approver of approvers) {
        const mail = await this.#mailUnlessClosed(id, approver);
        if (mail !== undefined) await this.#press(id, approver, mail.links.approve);
      }
      const ended = await this.#api.ended(id, this.#patience);
      const view = await this.#api.approval(id);
      expect(ended).toMatchObject({ status: "resolved", result: { outcome: view.status } });
      if (this.#cancelled.has(id)) expect(view.status).toBe("cancelled");
      for (const { approver, state } of view.ballots) {
        const who = `${id} ${approver.email}`;
        const stands = state === "withdrawn" ? view.status : state;
        expect(`${who} ${this.told.get(who) ?? stands}`).toBe(`${who} ${stands}`);
        const copies = this.#relay.mailsOf(id).filter(({ to }) => to === approver.email);
        expect(new Set(copies.map(({ messageId }) => messageId)).size).toBeLessThan(2);
        expect(new Set(copies.map(({ text, html }) => text + html)).size).toBeLessThan(2);
      }
    }
  }

  /** The approver's mail; undefined if the approval ended before its turn came. */
  #mailUnlessClosed(id: string, approver: string): Promise<ReadMail | undefined> {
    return eventually(
      `${approver} is mailed for ${id}, or it is over`,
      async () => {
        const mail = this.#relay.mailsOf(id).find(({ to }) => to === approver);
        if (mail !== undefined) return { mail };
        const { status, ballots } = await this.#api.approval(id);
        const ballot = ballots.find((one) => one.approver.email === approver);
        return status !== "pending" && ballot?.state === "withdrawn" && { mail };
      },
      this.#patience,
    ).then(({ mail }) => mail);
  }

  async #requester(): Promise<void> {
    while (!this.#isOver) {
      if (this.requests.size >= this.#requestsMax) {
        await pause(BREATH_MS);
        continue;
      }
      const id = newId("po");
      const approvers = APPROVERS.slice(0, 1 + this.#random.below(APPROVERS.length));
      const require = this.#random.pick(["any", "all"]);
      const ask = () => this.#api.askRaw({ id, approvers, require, rejection: "majority" });
      await this.#untilAnswered(ask, [202]);
      this.requests.set(id, approvers);
      this.#acknowledged += 1;
      if (this.#random.chance(0.2)) await this.#cancel(id);
    }
  }

  async #decider(): Promise<void> {
    while (!this.#isOver) {
      const [id, approvers] = this.#random.pick([...this.requests, [undefined, []]]);
      const mail = id === undefined ? undefined : this.#random.pick([...this.#relay.mailsOf(id), undefined]);
      if (id === undefined || mail === undefined || !approvers.includes(mail.to)) {
        await pause(BREATH_MS);
        continue;
      }
      if (this.#random.chance(0.1)) await this.#cancel(id);
      else await this.#press(id, mail.to, this.#random.chance(0.7) ? mail.links.approve : mail.links.reject);
      this.#acknowledged += 1;
    }
  }

  /** Presses until told what stands; everything told before must agree. */
  async #press(id: string, approver: string, link: string): Promise<void> {
    const told = await this.#tryUntil(`${approver} is told what stands of ${id}`, async () => {
      const { decision } = await press(link);
      // The end is on record and its outcome is not yet: the page says to look again.
      return decision === "closing" ? undefined : decision;
    });
    const who = `${id} ${approver}`;
    const before = this.told.get(who) ?? told;
    this.told.set(who, told);
    expect(`${who} ${told}`).toBe(`${who} ${before}`);
  }

  async #cancel(id: string): Promise<void> {
    const answer = await this.#untilAnswered(() => this.#api.cancelRaw(id), [200, 202, 409]);
    // 202: it is on record, and a press that was there before may still count.
    if (answer.status === 200) this.#cancelled.add(id);
  }

  /** Asks again, as programs do, while the service is away. */
  #untilAnswered<T extends { readonly status: number; readonly text: string }>(
    ask: () => Promise<T>,
    expected: readonly number[],
  ): Promise<T> {
    return this.#tryUntil("the service answers", async () => {
      const answer = await ask();
      if (expected.includes(answer.status)) return answer;
      throw new Error(`Answered ${answer.status}: ${answer.text}`);
    });
  }

  async #tryUntil<T>(fact: string, attempt: () => Promise<T | undefined>): Promise<T> {
    const call = { since: performance.now() };
    this.#unanswered.add(call);
    try {
      return await eventually(fact, attempt, this.#patience);
    } finally {
      this.#unanswered.delete(call);
    }
  }

  /**
   * Nobody has asked in vain for long. What needs several steps in a row (a cancellation that waits for its outcome)
   * might never come to its end on a busy machine, if the next death always came sooner.
   */
  async #everybodyHeard(): Promise<void> {
    await eventually(
      "everybody who has waited for long is answered",
      () => {
        const now = performance.now();
        return [...this.#unanswered].every(({ since }) => now - since < PATIENCE_MS);
      },
      this.#patience,
    );
  }
}
