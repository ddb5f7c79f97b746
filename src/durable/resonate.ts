/** The durable port on the SDK's `Network`: any engine that speaks the Resonate protocol, remote or in this process. */
import type { Network } from "@resonatehq/sdk";
import { childId } from "../approval/ids.ts";
import { isBuiltIn } from "../approval/own-ways.ts";
import { ServiceError } from "../lib/errors.ts";
import type { Admit, Call, Durable, Family, Latent, StoredPromise } from "./durable.ts";
import { type EngineTime, engineTimeOf } from "./engine-time.ts";
import { family, searchByTags } from "./family.ts";
import { EXTERNAL, lineage, looseLineage, targeted } from "./lineage.ts";
import { ask, encode, stored } from "./protocol-client.ts";
import { assertStorable } from "./storable.ts";
import { LOOK_PAUSES, type LookPauses, Waits } from "./waits.ts";

export interface DurableOptions {
  /** Worker group for calls without a `target`. Default `worker`. */
  readonly group?: string;
  /** Worker group that calls of built-in functions go to, without a `target`. Default: `group`. */
  readonly builtInGroup?: string;
  readonly pauses?: LookPauses;
  /** Whether requests are answered in the order in which they are sent, as within one process. Default false. */
  readonly isOrdered?: boolean;
}

export function createDurable(network: Network, options: DurableOptions = {}): Durable {
  return new ResonateDurable(network, options);
}

/** Children that `children` reads; an approval that asks 200 people in ten rounds, each with a judgement, has nearly as many. */
const CHILDREN_MAX = 10_000;
/** With the longest wait of a gateway it stays below what proxies in front have patience for. */
const LAST_LOOK_MS = 4_000;
/** Reads that are under way at once: enough to hide a network's latency, few enough to leave others their turn. */
const READS_AT_ONCE = 32;

class ResonateDurable implements Durable {
  readonly #network: Network;
  readonly #group: string;
  readonly #builtInGroup: string;
  readonly #waits: Waits;
  readonly #isOrdered: boolean;
  readonly engineTime: EngineTime;
  #isStopped = false;

  constructor(
    network: Network,
    { group = "worker", builtInGroup = group, pauses = LOOK_PAUSES, isOrdered = false }: DurableOptions,
  ) {
    this.#network = network;
    this.#group = group;
    this.#builtInGroup = builtInGroup;
    this.engineTime = engineTimeOf(network);
    this.#waits = new Waits(network, pauses, this.engineTime.now);
    this.#isOrdered = isOrdered;
  }

  async start({
    id,
    func,
    args,
    version = 1,
    target,
    timeoutAt,
    tags,
    isLoose,
  }: Call): Promise<StoredPromise> {
    assertStorable(args, "args");
    const group = target ?? (isBuiltIn(func) ? this.#builtInGroup : this.#group);
    const response = await ask(this.#network, "promise.create", {
      id,
      timeoutAt,
      param: encode({ func, args, version }, "args"),
      tags: {
        ...tags,
        ...(isLoose === true ? looseLineage(id) : lineage(id)),
        ...targeted(this.#network.match(group)),
      },
    });
    if (!response.ok)
      throw new Error(`Cannot start ${id}: the engine answers ${response.status} to a creation`);
    return stored(response.data.promise);
  }

  async create({ id, param, timeoutAt, tags, isLoose }: Latent): Promise<StoredPromise> {
    assertStorable(param, "param", "third-party");
    const response = await ask(this.#network, "promise.create", {
      id,
      timeoutAt,
      param: encode(param, "param"),
      tags: { ...tags, ...(isLoose === true ? looseLineage(id) : lineage(id)), ...EXTERNAL },
    });
    if (!response.ok)
      throw new Error(`Cannot create ${id}: the engine answers ${response.status} to a creation`);
    return stored(response.data.promise);
  }

  async read(id: string): Promise<StoredPromise | undefined> {
    const response = await ask(this.#network, "promise.get", { id });
    return response.ok ? stored(response.data.promise) : undefined;
  }

  async readTogether(first: string, rest: readonly string[]): Promise<(StoredPromise | undefined)[]> {
    const reading = this.read(first);
    if (!this.#isOrdered) await reading;
    return await Promise.all([reading, ...rest.map((id) => this.read(id))]);
  }

  async settle(
    id: string,
    value: unknown,
    as: "resolved" | "rejected" = "resolved",
    nonce?: string,
  ): Promise<StoredPromise | undefined> {
    assertStorable(value, "value", "third-party");
    const response = await ask(this.#network, "promise.settle", {
      id,
      state: as,
      value: encode(value, "value", nonce),
    });
    return response.ok ? stored(response.data.promise) : undefined;
  }

  async waitFor(
    id: string,
    {
      timeoutMs,
      signal,
      admit,
    }: { readonly timeoutMs: number; readonly signal?: AbortSignal; readonly admit?: Admit },
  ): Promise<StoredPromise | undefined> {
    if (timeoutMs <= 0 || signal?.aborted === true) return this.read(id);
    const end = Promise.withResolvers<void>();
    const timer = setTimeout(end.resolve, timeoutMs);
    const abort = () => end.resolve();
    signal?.addEventListener("abort", abort, { once: true });
    try {
      const promise = await this.#waits.settlement(id, end.promise, admit);
      // The time is up: what was last known may be some seconds old.
      return promise?.state === "pending" && !this.#isStopped ? await this.#readSoon(id) : promise;
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener("abort", abort);
    }
  }

  /** Limits the last look, so that a caller whose time is up does not wait as long again for an engine that hangs. */
  async #readSoon(id: string): Promise<StoredPromise | undefined> {
    const late = Promise.withResolvers<never>();
    const timer = setTimeout(() => {
      late.reject(new ServiceError("ENGINE_UNAVAILABLE", "Cannot reach the engine: it does not answer"));
    }, LAST_LOOK_MS);
    try {
      return await Promise.race([this.read(id), late.promise]);
    } finally {
      clearTimeout(timer);
    }
  }

  async children(id: string, first = 0): Promise<StoredPromise[]> {
    const children: StoredPromise[] = [];
    while (children.length < CHILDREN_MAX) {
      const known = children.length;
      const count = Math.min(READS_AT_ONCE, Math.max(8, known), CHILDREN_MAX - known);
      const read = await Promise.all(
        Array.from({ length: count }, (_, i) => this.read(childId(id, first + known + i))),
      );
      for (const child of read) {
        if (child === undefined) return children;
        children.push(child);
      }
    }
    return children;
  }

  family(rootId: string): Promise<Family> {
    return family(this.#network, rootId, this);
  }

  search(
    tags: Readonly<Record<string, string>>,
    limit: number,
    idPrefix?: string,
  ): Promise<Family | undefined> {
    return searchByTags(this.#network, tags, limit, idPrefix);
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#waits.stop();
    await this.#network.stop();
  }
}
