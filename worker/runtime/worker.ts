/** One worker: the SDK on a network, behind the guard, with every workflow registered before the first task can arrive. */
import { type Network, Resonate } from "@resonatehq/sdk";
import { engineTimeOf } from "../../src/durable/engine-time.ts";
import { ask, stored } from "../../src/durable/protocol-client.ts";
import { openAbsenceBook } from "../../src/service/absences/book.ts";
import { goByEngineTime, steadyClock } from "./engine-clock.ts";
import { makeFaster } from "./faster-sdk.ts";
import { GuardedNetwork } from "./guard.ts";
import type { Registration } from "./registration.ts";
import { sdkLogger, type WorkerLog } from "./sdk-log.ts";
import { type GivenServices, provideServices } from "./services.ts";
import { StepNetwork } from "./step-network.ts";
import { TraceNetwork } from "./trace-network.ts";
import { tracedBy } from "./traced.ts";
import { carryValuesWhole } from "./whole-values.ts";

export interface WorkerOptions {
  readonly network: Network;
  readonly pid: string;
  /** How long a task stays ours without a sign of life, in milliseconds. */
  readonly leaseMs: number;
  /** How long a call that it cannot run is handed back, in milliseconds, before it is rejected. Default 0. */
  readonly handBackMs?: number | undefined;
  /** Tasks that run at once. */
  readonly concurrency: number;
  readonly log: WorkerLog;
  /** Bytes of JSON that the engine stores in one value. Default: what the embedded engine does. */
  readonly valueBytesMax?: number | undefined;
  /**
   * Whether no workflow here changes a value that it reads: an argument, a result, what a promise was settled with. Then what is
   * read several times within a moment, pass by pass, is decoded once. Default: no, for workflows of users may.
   */
  readonly sharesValues?: boolean | undefined;
  /** What can be started by name. */
  readonly workflows: readonly Registration[];
  readonly services: GivenServices;
}

export interface Worker {
  /** Takes no new task, lets those running reach their next rest, at most `graceMs`, then lets go of the engine. */
  stop(graceMs: number): Promise<void>;
}

export function startWorker(options: WorkerOptions): Worker {
  const { network, pid, leaseMs, concurrency, log, workflows, services, valueBytesMax, handBackMs } = options;
  const { sharesValues = false } = options;
  const logger = sdkLogger(log);
  const engineTime = engineTimeOf(network);
  const now = () => engineTime.now();
  const workflowTime = steadyClock(now);
  const registered = new Set<string>();
  const measures = "measures" in services ? services.measures : undefined;
  const spans = "spans" in services ? services.spans : undefined;
  const tracing = spans && new TraceNetwork(network, spans);
  const steps = new StepNetwork(tracing ?? network, now);
  const guarded = new GuardedNetwork(steps, {
    has: (func, version) => registered.has(key(func, version)),
    registered: () => [...registered],
    handBackMs,
    onHandBack: (id, reason) => log.warn({ id, reason }, "handed back for a worker that has the function"),
    now,
    failures: logger,
    concurrency,
    leaseMs,
    valueBytesMax,
    onTask: (event) => measures?.count("countersign.worker.tasks", { event }),
  });
  const resonate = new Resonate({ network: guarded, pid, ttl: leaseMs, group: services.group, logger });
  carryValuesWhole(resonate, sharesValues);
  if (!makeFaster(resonate))
    log.warn({}, "this version of the SDK is not the expected one: steps take more CPU");
  goByEngineTime(resonate, workflowTime);
  const look = async (id: string) => {
    const response = await ask(network, "promise.get", { id });
    return response.ok ? stored(response.data.promise) : undefined;
  };
  const ofEngine = {
    promises: resonate.promises,
    look,
    absences: openAbsenceBook(look),
    apart: <T>(workflow: string, work: Promise<T>) => guarded.apart(workflow, work),
    told: (workflow: string, id: string) => steps.told(workflow, id),
    begun: (workflow: string) => steps.begun(workflow),
    traced: tracedBy(tracing, spans),
    traceOf: (workflow: string) => tracing?.traceOf(workflow),
    now: workflowTime,
    log,
  };
  provideServices(resonate, { ...services, ...ofEngine });
  for (const { name, version, func } of workflows) {
    resonate.register(name, func, { version });
    registered.add(key(name, version));
  }
  return {
    async stop(graceMs) {
      const grace = AbortSignal.timeout(graceMs);
      await Promise.race([
        guarded.drain(),
        new Promise((resolve) => grace.addEventListener("abort", resolve)),
      ]);
      await resonate.stop();
    },
  };
}

function key(func: string, version: number): string {
  return `${func} v${version}`;
}
