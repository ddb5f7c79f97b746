/** Faults that are planted on purpose, to see that a simulation finds them. They sit in seams of the simulation; the product has none. */
import type { Network, PromiseRecord, Request, Response, TaskFenceReq } from "@resonatehq/sdk";
import { STEP_TAG } from "../../src/durable/step-record.ts";
import type { Engine } from "../../src/engine/engine.ts";
import { FAULT_KINDS, type FaultKind } from "./machine/world.ts";
import type { EngineSeams } from "./parts/engine.ts";
import type { WorkerSeams } from "./parts/worker.ts";

export interface PlantedFault {
  /** Trouble that it needs to show. Other trouble would only hide it for longer. */
  readonly faults: readonly FaultKind[];
  readonly engine?: EngineSeams;
  readonly worker?: WorkerSeams;
  /** How much later than they should, in milliseconds, bytes reach the files of the engine. */
  readonly writesLateMs?: number;
}

export const NO_FAULT: PlantedFault = { faults: FAULT_KINDS };

/** By name. */
export const PLANTED: Readonly<Record<string, PlantedFault>> = {
  /** The engine answers, and writes its journal up to a second later. */
  "answer-before-write": { faults: ["crash"], writesLateMs: 1_000 },
  /** A step that has mailed is not stored, so it runs again with the next pass. */
  "mail-not-stored": { faults: [], worker: { network: forgettingSteps } },
  /** Every other answer waits for half a second, and replaces an answer that came meanwhile. */
  "second-answer-wins": { faults: [], engine: { send: overwriting } },
  /** Each further attempt at a callback has another id. */
  "new-id-at-retry": {
    faults: [],
    worker: {
      callbacks: (callbacks) => ({
        ...callbacks,
        attempt: (callback, n) =>
          callbacks.attempt({ ...callback, bornAtMs: (callback.bornAtMs ?? 0) + n - 1 }, n),
      }),
    },
  },
  /** An engine that starts again does not set the timer for the deadlines that it finds. */
  "timers-lost-at-restart": {
    faults: ["crash"],
    engine: {
      clockOf: (clock, life) => {
        const untilMs = clock.now() + 1_000;
        return life === 1
          ? clock
          : {
              ...clock,
              after: (delayMs, ring) => (clock.now() < untilMs ? () => {} : clock.after(delayMs, ring)),
            };
      },
    },
  },
};

function forgettingSteps(network: Network): Network {
  const { send } = network;
  network.send = (async (request: Request) => {
    if (request.kind !== "task.fence" || !isStoredStep(request)) return await send(request);
    return stored(request);
  }) as Network["send"];
  return network;
}

function isStoredStep({ data: { action } }: TaskFenceReq): boolean {
  return action.kind === "promise.create" && action.data.tags[STEP_TAG] === "at-end";
}

/** What the engine would answer. */
function stored({ kind, head, data: { action } }: TaskFenceReq): Response {
  const { id, param, tags, timeoutAt } = action.data as PromiseRecord;
  const promise: PromiseRecord = {
    id,
    state: "resolved",
    param,
    value: {},
    tags,
    timeoutAt,
    createdAt: timeoutAt,
    settledAt: timeoutAt,
  };
  const status = { status: 200, version: head.version };
  const inner = { kind: action.kind, head: { ...status, corrId: action.head.corrId }, data: { promise } };
  return {
    kind,
    head: { ...status, corrId: head.corrId },
    data: { action: inner, preload: [] },
  } as unknown as Response;
}

function overwriting(send: Engine["send"]): Engine["send"] {
  const values = new Map<string, unknown>();
  let waits = false;
  return async (request) => {
    const { kind, data } = request as { kind?: string; data?: { id: string; value: unknown } };
    const isAnswer = kind === "promise.settle" && data !== undefined && isDecision(data.value);
    if (isAnswer) {
      waits = !waits;
      if (waits) await new Promise((resolve) => setTimeout(resolve, 500));
    }
    const reply = await send(request);
    if (isAnswer) values.set(data.id, data.value);
    return values.size === 0 ? reply : (withValues(reply, values) as typeof reply);
  };
}

function isDecision(value: unknown): boolean {
  const { data = "" } = value as { data?: string };
  return Buffer.from(data, "base64").toString().startsWith('{"kind":"decision"');
}

/** The same reply, where promises of these ids have these values. */
function withValues(part: unknown, values: ReadonlyMap<string, unknown>): unknown {
  if (Array.isArray(part)) return part.map((each) => withValues(each, values));
  if (typeof part !== "object" || part === null) return part;
  const changed = Object.fromEntries(
    Object.entries(part).map(([key, each]) => [key, withValues(each, values)]),
  );
  const id = changed["id"];
  return typeof id === "string" && changed["state"] === "resolved" && values.has(id)
    ? { ...changed, value: values.get(id) }
    : changed;
}
