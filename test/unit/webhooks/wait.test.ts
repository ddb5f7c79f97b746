import { setTimeout as pause } from "node:timers/promises";
import type { Context } from "@resonatehq/sdk";
import { LocalNetwork, type Network } from "@resonatehq/sdk";
import { pino } from "pino";
import { afterEach, describe, expect, test } from "vitest";
import type { Durable } from "../../../src/durable/durable.ts";
import { createDurable } from "../../../src/durable/resonate.ts";
import { type Engine, openEngine } from "../../../src/engine/engine.ts";
import { ServiceError } from "../../../src/lib/errors.ts";
import { type Encounter, meet } from "../../../src/service/webhooks/meet.ts";
import { deliveryId, meetingId } from "../../../src/webhooks/records.ts";
import {
  type WebhookOutcome,
  type WebhookWait,
  waitForWebhook,
} from "../../../worker/authoring/wait-for-webhook.ts";
import { startWorker, type Worker } from "../../../worker/runtime/worker.ts";
import { type Random, randomFrom, seeds } from "../../support/seeds.ts";

const MATCH = { order: "7" };

let rig: Rig | undefined;
afterEach(async () => {
  await rig?.close();
  rig = undefined;
});

describe("waitForWebhook", () => {
  test("a workflow that waits gets the event", async () => {
    const b = open();
    await b.begin("w", { source: "acme", match: { order: 7 }, timeout: "P1D" });
    await b.waits("w");
    expect(await b.event("e1")).toEqual({ kind: "met", promise: "w:0" });
    expect(await b.result("w")).toEqual([
      { outcome: "resolved", value: "e1", delivery: deliveryId("acme", "e1") },
    ]);
    // Nothing is left open: not the wait, and not its meeting.
    expect(await b.durable.read(meetingId("acme", MATCH, 0))).toMatchObject({ state: "resolved" });
  });

  test("an event that came before anybody waited is kept, and given out once", async () => {
    const b = open();
    expect(await b.event("early")).toEqual({ kind: "kept" });
    expect(await b.event("early"), "sent again").toEqual({ kind: "kept" });
    await b.begin("w", { source: "acme", match: MATCH, timeout: "P1D" });
    expect(await b.result("w")).toMatchObject([{ outcome: "resolved", value: "early" }]);
    expect(await b.event("early"), "sent once more").toEqual({ kind: "met", promise: "w:0" });
    await b.begin("v", { source: "acme", match: MATCH, timeout: "PT1S" });
    expect(await b.result("v")).toEqual([{ outcome: "timeout" }]);
  });

  test("several early events are given out in their order, one to each wait", async () => {
    const b = open();
    for (const id of ["a", "b", "c"]) await b.event(id);
    const wait: WebhookWait = { source: "acme", match: MATCH, timeout: "P1D" };
    await b.begin("w", wait, 2);
    expect(await b.result("w")).toMatchObject([{ value: "a" }, { value: "b" }]);
    await b.begin("v", wait);
    expect(await b.result("v")).toMatchObject([{ value: "c" }]);
  });

  test("a rejection is a value", async () => {
    const b = open();
    await b.begin("w", { source: "acme", match: MATCH, timeout: "P1D" });
    await b.waits("w");
    await b.event("e", { outcome: "rejected" });
    expect(await b.result("w")).toMatchObject([{ outcome: "rejected", value: "e" }]);
  });

  test.each([
    ["the embedded engine", embedded],
    ["a server that arms nothing but targets", underArming],
  ])("ends at its time on %s, and an event that comes later is kept for the next", async (_, host) => {
    const b = open(host());
    await b.begin("w", { source: "acme", match: MATCH, timeout: 1_000 });
    expect(await b.result("w")).toEqual([{ outcome: "timeout" }]);
    expect(await b.event("late")).toEqual({ kind: "kept" });
    await b.begin("v", { source: "acme", match: MATCH, timeout: "P1D" });
    expect(await b.result("v")).toMatchObject([{ value: "late" }]);
  });

  test("a second workflow that waits for the same is refused, and the first one is not disturbed", async () => {
    const b = open();
    const wait: WebhookWait = { source: "acme", match: MATCH, timeout: "P1D" };
    await b.begin("w", wait);
    await b.waits("w");
    await b.begin("v", wait);
    expect(await b.result("v")).toMatchObject({
      message: 'Cannot wait for a webhook of acme with {"order":"7"}: w:0 waits for the same already',
    });
    await b.event("e");
    expect(await b.result("w")).toMatchObject([{ value: "e" }]);
  });

  test("other values, another source, more or fewer names: nobody's event", async () => {
    const b = open();
    await b.begin("w", { source: "acme", match: MATCH, timeout: "P1D" });
    await b.waits("w");
    expect(await b.event("1", { match: { order: "8" } })).toEqual({ kind: "kept" });
    expect(await b.event("2", { source: "beta" })).toEqual({ kind: "kept" });
    expect(await b.event("3", { match: { order: "7", line: "1" } })).toEqual({ kind: "kept" });
    expect(await b.durable.read("w")).toMatchObject({ state: "pending" });
  });

  test("whoever settles the wait by hand is heard, and the event then waits for the next", async () => {
    const b = open();
    await b.begin("w", { source: "acme", match: MATCH, timeout: "P1D" });
    await b.waits("w");
    await b.durable.settle("w:0", { kind: "webhook", outcome: "resolved", value: "by hand" });
    expect(await b.result("w")).toEqual([{ outcome: "resolved", value: "by hand" }]);
    expect(await b.event("e")).toEqual({ kind: "kept" });
  });

  test.each([[null], ["paid"], [{ kind: "webhook" }], [{ kind: "webhook", outcome: "resolved", json: "{" }]])(
    "a wait that another program settles with %j is over without an event, which goes to the next",
    async (junk) => {
      const b = open();
      await b.begin("w", { source: "acme", match: MATCH, timeout: "P1D" });
      await b.waits("w");
      await b.durable.settle("w:0", junk);
      expect(await b.result("w")).toEqual([{ outcome: "timeout" }]);
      expect(await b.event("e")).toEqual({ kind: "kept" });
    },
  );

  test.each([[undefined], [null], ["joined"], [{ kind: "ready" }], [{ kind: "refused" }]])(
    "a wait of which another program settles the step that joins the meeting, with %j, joins it all the same",
    async (junk) => {
      const b = open();
      await b.durable.create({ id: "w:1", param: undefined, timeoutAt: Date.now() + 86_400_000, tags: {} });
      await b.durable.settle("w:1", junk);
      await b.begin("w", { source: "acme", match: MATCH, timeout: "P1D" });
      await until(async () => (await b.durable.read(meetingId("acme", MATCH, 0))) !== undefined);
      expect(await b.event("e")).toEqual({ kind: "met", promise: "w:0" });
      expect(await b.result("w")).toMatchObject([{ outcome: "resolved", value: "e" }]);
    },
  );

  test("a meeting that another program settles is passed over", async () => {
    const b = open();
    expect(await b.event("early")).toEqual({ kind: "kept" });
    await b.durable.settle(meetingId("acme", MATCH, 0), { kind: "event" });
    await b.begin("w", { source: "acme", match: MATCH, timeout: "P1D" });
    await b.waits("w");
    expect(await b.event("late")).toEqual({ kind: "met", promise: "w:0" });
  });

  test.each([
    [{ source: "", match: MATCH, timeout: "P1D" }, /source must be/],
    [{ source: "acme", match: {}, timeout: "P1D" }, /match must name/],
    [{ source: "acme", match: { a: 1.5 }, timeout: "P1D" }, /match\.a must be/],
    [{ source: "acme", match: { a: 2 ** 53 }, timeout: "P1D" }, /match\.a must be/],
    [{ source: "acme", match: { a: "" }, timeout: "P1D" }, /match\.a must have 1 to 512 characters/],
    [{ source: "acme", match: { a: "x".repeat(513) }, timeout: "P1D" }, /match\.a must have 1 to 512/],
    [{ source: "acme", match: MATCH, timeout: "P1M" }, /timeout must be/],
    [{ source: "acme", match: MATCH, timeout: 0 }, /timeout must be/],
  ])("refuses a wait that is not well formed: %j", async (wait, message) => {
    const b = open();
    await b.begin("w", wait);
    expect(await b.result("w")).toMatchObject({ message: expect.stringMatching(message) });
  });

  test("too many events for one match are told to the sender, and to the workflow", async () => {
    const b = open();
    for (let n = 0; n < 64; n += 1) expect(await b.event(`e${n}`)).toEqual({ kind: "kept" });
    expect(await b.event("one more")).toEqual({ kind: "full" });
  });
});

describe("an event and a workflow that come at one moment", () => {
  test("meet in 100 random interleavings with faults on both sides: each wait gets one event, no event is lost", async () => {
    const chosen = seeds(100);
    const b = open(shaky(embedded(), randomFrom(chosen[0] ?? 0)));
    console.log(`SEEDS=${chosen.join(",")}`);
    const failures: string[] = [];
    await Promise.all(
      chosen.map(async (seed) => {
        try {
          await interleave(b, seed);
        } catch (error) {
          failures.push(`SEEDS=${seed}: ${String(error)}`);
        }
      }),
    );
    expect(failures).toEqual([]);
  });
});

async function interleave(b: Rig, seed: number): Promise<void> {
  const random = randomFrom(seed);
  const match = { seed: String(seed) };
  const waits = 1 + random.below(2);
  const events = Array.from({ length: waits + random.below(2) }, (_, i) => `${seed}-${i}`);
  const workflow = async () => {
    await pause(random.below(30));
    await b.begin(`w${seed}`, { source: "acme", match, timeout: "P1D" }, waits);
  };
  const sender = async (event: string) => {
    await pause(random.below(60));
    // Until it is acknowledged, and sometimes once more, each time through a gateway that may fail at any request.
    for (let tries = 0; ; tries += 1) {
      if (tries === 50) throw new Error(`${event} was never acknowledged`);
      try {
        await b.event(event, { match, durable: faulty(b.durable, random) });
        if (random.chance(0.7)) return;
      } catch (error) {
        if (!(error instanceof ServiceError)) throw error;
      }
      await pause(random.below(5));
    }
  };
  await Promise.all([workflow(), ...events.map(sender)]);
  const outcomes = (await b.result(`w${seed}`)) as WebhookOutcome[];
  const got = outcomes.map((one) => (one.outcome === "timeout" ? "timeout" : String(one.value)));
  if (got.length !== waits || new Set(got).size !== waits || !got.every((id) => events.includes(id))) {
    throw new Error(`${waits} waits for ${events.join(" ")} got ${got.join(" ")}`);
  }
  // What was not asked for is still there.
  const left = events.filter((event) => !got.includes(event));
  for (const [i] of left.entries()) await b.begin(`x${seed}-${i}`, { source: "acme", match, timeout: "P1D" });
  for (const [i] of left.entries()) {
    const [one] = (await b.result(`x${seed}-${i}`)) as [{ value: string }];
    if (!left.includes(one.value))
      throw new Error(`${one.value} is not one of those left: ${left.join(" ")}`);
  }
}

/** A port whose requests are late, or fail before or after they have had their effect. */
function faulty(durable: Durable, random: Random): Durable {
  const unsure = async <T>(ask: () => Promise<T>): Promise<T> => {
    await pause(random.below(4));
    if (random.chance(0.15)) throw new ServiceError("ENGINE_UNAVAILABLE", "before");
    const answer = await ask();
    if (random.chance(0.15)) throw new ServiceError("ENGINE_UNAVAILABLE", "after");
    return answer;
  };
  return {
    ...durable,
    create: (latent) => unsure(() => durable.create(latent)),
    read: (id) => unsure(() => durable.read(id)),
    settle: (...settlement) => unsure(() => durable.settle(...settlement)),
  };
}

function* waiting(ctx: Context, wait: WebhookWait, times: number): Generator<unknown, WebhookOutcome[]> {
  const outcomes: WebhookOutcome[] = [];
  for (let n = 0; n < times; n += 1) outcomes.push(yield* waitForWebhook(ctx, wait));
  return outcomes;
}

interface Host {
  readonly network: (group: string) => Network & { start?: () => void };
  close(): Promise<void>;
}

function embedded(): Host {
  const engine: Engine = openEngine({ file: ":memory:" });
  return { network: (group) => engine.network({ group }), close: () => engine.close() };
}

/**
 * The worker's own requests (a step's, not those that its task makes) are late, or fail before or after their effect.
 * Seldom, since a step that failed is tried again after seconds.
 */
function shaky(host: Host, random: Random): Host {
  return {
    ...host,
    network: (group) => {
      const network = host.network(group);
      if (group !== "worker") return network;
      const send = network.send;
      network.send = (async (request: Parameters<typeof send>[0]) => {
        if (!/^promise\.(get|create|settle)$/.test(request.kind)) return send(request);
        await pause(random.below(4));
        if (random.chance(0.01)) throw new Error("lost before");
        const answer = await send(request);
        if (random.chance(0.01)) throw new Error("lost after");
        return answer;
      }) as typeof send;
      return network;
    },
  };
}

function underArming(): Host {
  const network = new LocalNetwork({ pid: "test", group: "worker" });
  return { network: () => network, close: async () => {} };
}

interface EventOptions {
  readonly outcome?: "resolved" | "rejected";
  readonly match?: Readonly<Record<string, string>>;
  readonly source?: string;
  readonly durable?: Durable;
}

class Rig {
  readonly durable: Durable;
  readonly #host: Host;
  readonly #worker: Worker;

  constructor(host: Host) {
    this.#host = host;
    const gateway = host.network("gateway");
    gateway.start?.();
    this.durable = createDurable(gateway);
    const network = host.network("worker");
    this.#worker = startWorker({
      network,
      pid: "test",
      leaseMs: 60_000,
      concurrency: 500,
      log: pino({ level: "silent" }),
      workflows: [{ name: "waiting", version: 1, func: waiting }],
      services: { group: "worker" } as never,
    });
    network.start?.();
  }

  async begin(id: string, wait: WebhookWait, times = 1): Promise<void> {
    const timeoutAt = Date.now() + 10 * 86_400_000;
    await this.durable.start({ id, func: "waiting", args: [wait, times], timeoutAt });
  }

  /** Until the workflow's first wait is registered. */
  async waits(id: string): Promise<void> {
    await until(async () => (await this.durable.read(`${id}:1`))?.state === "resolved");
  }

  event(id: string, { outcome = "resolved", ...options }: EventOptions = {}): Promise<Encounter> {
    const { match = MATCH, source = "acme", durable = this.durable } = options;
    const delivery = deliveryId(source, id);
    const answer = { kind: "webhook", outcome, value: id, delivery } as const;
    return meet(durable, Date.now(), { source, match, delivery, answer });
  }

  async result(id: string): Promise<unknown> {
    await until(async () => (await this.durable.read(id))?.state !== "pending");
    return (await this.durable.read(id))?.value;
  }

  async close(): Promise<void> {
    await this.#worker.stop(1_000);
    await this.#host.close();
  }
}

function open(host: Host = embedded()): Rig {
  rig = new Rig(host);
  return rig;
}

async function until(fact: () => Promise<boolean>): Promise<void> {
  while (!(await fact())) await pause(5);
}
