/**
 * An upgrade that nobody notices: two gateways and two workers are restarted in turn, each of them several times, under
 * traffic that comes through a balancer. No request fails, and everything that was started ends as it should.
 *
 * `ROLLING_RESTARTS=200` makes it longer. Gateways that are killed in place of stopped must be found out by no more.
 */
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { expect, test } from "vitest";
import { createKey } from "../../src/auth/manage-keys.ts";
import { type Balancer, startBalancer } from "../support/balancer.ts";
import { eventually } from "../support/eventually.ts";
import type { Called } from "../support/http.ts";
import { freePort } from "../support/ports.ts";
import { type Relay, startRelay } from "../support/relay.ts";
import type { ServiceProcess } from "../support/service-process.ts";
import { newId, openSite } from "../support/site.ts";

const ROUNDS = Number(process.env["ROLLING_RESTARTS"] ?? 8);
/** Callers at once, each with one request after the other. */
const CALLERS = 6;
/** Between two stories of a caller: hundreds of requests a restart would only keep the processes from starting. */
const BREATH_MS = 20;
/** What a gateway waits for after it was told to stop, at least and at most. A process has 30 s to stop. */
const DRAIN_DELAY_MS = { min: 1_000, max: 10_000 };

test(
  `${ROUNDS} rolling restarts of two gateways and two workers under traffic: no request fails, nothing is lost`,
  async () => {
    await using relay = await startRelay();
    await using site = await openSite({ relay });
    const store = { file: join(site.dataDir, "api-keys.json"), clock: Date.now };
    const { text: key } = await createKey(store, { client: "traffic", scopes: ["admin"] });
    await site.startParts({ gateways: 0, workers: 0 });
    const ports = [await freePort(), await freePort()];
    await using balancer = startBalancer(ports.map((port) => `http://127.0.0.1:${port}`));
    const startGateway = (i: number) => {
      const { min, max } = DRAIN_DELAY_MS;
      // As an operator sets it: longer than the balancer takes to notice, which on a busy machine may be seconds.
      const delayMs = Math.min(max, Math.max(min, Math.ceil(4 * balancer.slowestLookMs)));
      return site.start("gateway", { PORT: String(ports[i]), DRAIN_DELAY_MS: String(delayMs) });
    };
    const gateways = [await startGateway(0), await startGateway(1)];
    const workers = [await site.start("worker"), await site.start("worker")];
    await balancer.ready(2);

    const traffic = new Traffic({ balancer, relay, key, breathMs: BREATH_MS });
    const callers = Array.from({ length: CALLERS }, (_, i) => traffic.run(i));
    const stopMs: number[] = [];
    const restart = async (service: ServiceProcess, start: () => Promise<ServiceProcess>) => {
      const startedAt = performance.now();
      expect(await service.stop()).toEqual({ code: 0, signal: null });
      stopMs.push(performance.now() - startedAt);
      return await start();
    };
    // Each kind by itself, as they are upgraded: one is always there.
    const rollGateways = async () => {
      for (let round = 0; round < ROUNDS; round++) {
        const i = round % 2;
        gateways[i] = await restart(gateways[i]!, () => startGateway(i));
        await balancer.ready(2);
      }
    };
    const rollWorkers = async () => {
      for (let round = 0; round < ROUNDS; round++) {
        const i = round % 2;
        workers[i] = await restart(workers[i]!, () => site.start("worker"));
      }
    };
    await Promise.all([rollGateways(), rollWorkers()]);
    traffic.stop();
    await Promise.all(callers);

    expect(traffic.failures).toEqual([]);
    // Without much traffic, and on both, nothing would be shown.
    expect(traffic.requests).toBeGreaterThan(ROUNDS * 20);
    for (const count of balancer.served.values()) expect(count).toBeGreaterThan(ROUNDS * 5);
    console.log(
      `${ROUNDS} restarts of a gateway and a worker: ${traffic.requests} requests, ${traffic.done} workflows and ` +
        `approvals ended, none failed; a stop took at most ${Math.round(Math.max(...stopMs))} ms`,
    );
  },
  300_000 + ROUNDS * 60_000,
);

test("gateways that are killed in place of stopped are found out by the same traffic", async () => {
  await using relay = await startRelay();
  await using site = await openSite({ relay });
  await site.startParts({ gateways: 0, workers: 1 });
  const ports = [await freePort(), await freePort()];
  const startGateway = (i: number) => site.start("gateway", { PORT: String(ports[i]) });
  const gateways = [await startGateway(0), await startGateway(1)];
  await using balancer = startBalancer(gateways.map(({ url }) => url));
  await balancer.ready(2);
  // Without a breath, so that each death is in the middle of something.
  const traffic = new Traffic({ balancer, relay, key: "none-needed", breathMs: 0 });
  const callers = Array.from({ length: CALLERS }, (_, i) => traffic.run(i));
  for (let round = 0; traffic.failures.length === 0 && round < ROUNDS; round++) {
    const served = traffic.requests;
    await eventually("there is traffic", () => traffic.requests > served + CALLERS);
    await gateways[round % 2]?.killHard();
    gateways[round % 2] = await startGateway(round % 2);
    await balancer.ready(2);
  }
  traffic.stop();
  await Promise.all(callers);
  expect(traffic.failures.length).toBeGreaterThan(0);
});

/** Programs and people, each of which goes through its whole story and then begins a new one. */
class Traffic {
  readonly failures: string[] = [];
  requests = 0;
  done = 0;
  readonly #balancer: Balancer;
  readonly #relay: Relay;
  readonly #key: string;
  readonly #breathMs: number;
  #isStopped = false;

  constructor(options: {
    readonly balancer: Balancer;
    readonly relay: Relay;
    readonly key: string;
    readonly breathMs: number;
  }) {
    this.#balancer = options.balancer;
    this.#relay = options.relay;
    this.#key = options.key;
    this.#breathMs = options.breathMs;
  }

  stop(): void {
    this.#isStopped = true;
  }

  async run(caller: number): Promise<void> {
    while (!this.#isStopped) {
      try {
        if (caller % 2 === 0) await this.#workflow();
        else await this.#approval();
        this.done += 1;
        await pause(this.#breathMs);
      } catch (error) {
        this.failures.push(String(error));
        return;
      }
    }
  }

  async #workflow(): Promise<void> {
    const id = newId("rolling");
    await this.#api("POST", `/begin?id=${id}&func=greet`, 200, "World");
    const ended = await this.#ended(id);
    if (!String(ended["result"]).includes("World"))
      throw new Error(`${id} ended as ${JSON.stringify(ended)}`);
  }

  async #approval(): Promise<void> {
    const id = newId("rolling");
    await this.#api("POST", "/approvals", 202, { id, title: "Order", approvers: ["ana@example.com"] });
    const mail = await this.#relay.mailTo("ana@example.com", id);
    const { pathname } = new URL(mail.links.approve);
    this.#expect(await this.#call(pathname), 200, pathname);
    const headers = { "content-type": "application/x-www-form-urlencoded" };
    const pressed = await this.#call(pathname, { method: "POST", headers, body: "confirm=yes" });
    this.#expect(pressed, 303, "press");
    this.#expect(await this.#call(String(pressed.headers.location)), 200, "receipt");
    const ended = await this.#ended(id);
    if (!JSON.stringify(ended["result"]).includes('"outcome":"approved"')) {
      throw new Error(`${id} ended as ${JSON.stringify(ended)}`);
    }
  }

  async #ended(id: string): Promise<Record<string, unknown>> {
    for (;;) {
      const state = (await this.#api("GET", `/wait?id=${id}`, 200)).json();
      if (state["status"] !== "pending") return state;
    }
  }

  async #api(method: string, path: string, status: number, body?: unknown): Promise<Called> {
    const headers: Record<string, string> = { authorization: `Bearer ${this.#key}`, prefer: "wait=5" };
    if (body !== undefined) headers["content-type"] = "application/json";
    const text = body === undefined ? {} : { body: JSON.stringify(body) };
    return this.#expect(await this.#call(path, { method, headers, ...text }), status, `${method} ${path}`);
  }

  #call(path: string, options?: Parameters<Balancer["call"]>[1]): Promise<Called> {
    this.requests += 1;
    return this.#balancer.call(path, options);
  }

  #expect(answer: Called, status: number, what: string): Called {
    if (answer.status === status) return answer;
    throw new Error(`${what}: ${answer.status} ${answer.text}`);
  }
}
