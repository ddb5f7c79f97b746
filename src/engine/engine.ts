import { randomBytes } from "node:crypto";
import { join, resolve } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { ServiceError } from "../lib/errors.ts";
import { parseRequest } from "../protocol/parse.ts";
import type { Clock } from "./clock.ts";
import { type EngineStats, groupCommit } from "./commit/group-commit.ts";
import { FROM_START, type HeadPlace } from "./decide/collect.ts";
import { type Reply, refuse, reply } from "./decide/response.ts";
import { Messenger } from "./deliver/messenger.ts";
import {
  createNetwork,
  type EngineNetwork,
  type NetworkHost,
  type NetworkOptions,
} from "./deliver/network.ts";
import { type EngineLog, SILENT } from "./log.ts";
import { openMachineClock } from "./machine-clock.ts";
import { Background } from "./operate/background.ts";
import { Retention } from "./operate/retention.ts";
import { backupTime } from "./store/backup-mark.ts";
import { isCorrupt, lockFolder, MEMORY, openDatabase } from "./store/database.ts";
import { type Journal, journalFileOf, keepJournal, openJournal } from "./store/journal.ts";
import type { Projection } from "./store/projection.ts";
import { Store } from "./store/store.ts";
import type { Trail } from "./store/trail.ts";

export interface EngineOptions {
  /** Folder that holds `engine.db`. Either this or `file`. */
  readonly dataDir?: string;
  /** The file itself; `:memory:` keeps nothing. */
  readonly file?: string;
  /** Default: the machine's, as `MachineClock` reads it. */
  readonly clock?: Clock;
  readonly log?: EngineLog;
  /** How long trees of promises are kept after their end, in ms. Undefined: for good. */
  readonly keepMs?: number | undefined;
  /** Rows that are kept beside the promises, and follow from them. */
  readonly projection?: Projection | undefined;
  /** Rows that are kept beside the promises, and tell each change once. */
  readonly trail?: Trail | undefined;
  /** Serves `debug.*` requests, which can delete everything. For tests only. */
  readonly debug?: boolean;
}

export interface Erased {
  readonly promises: number;
  /** `open`: something of it may still change, so nothing was deleted. `unknown`: there is no such promise. */
  readonly state: "done" | "open" | "unknown";
}

export interface Engine {
  /** Answers a request of the protocol, `{kind, head, data}`, once its change is on disk. Never rejects. */
  send(request: unknown): Promise<Reply>;
  /** The SDK's `Network` in this process; `start()` begins deliveries. */
  network(options: NetworkOptions): EngineNetwork;
  /** The host of in-process networks. Leases taken through it are freed when the engine is opened the next time. */
  readonly local: NetworkHost;
  /** Connects workers of other processes; `resume` says that a worker has room again. */
  readonly messenger: Pick<Messenger, "connect" | "resume">;
  /** Part of the names of this process's workers. Different at each start. */
  readonly bootId: string;
  /**
   * Deletes trees that ended longer ago than `olderThanMs`, in many small transactions; answers how many promises they
   * had. Stops when `signal` is aborted.
   */
  collect(olderThanMs: number, signal?: AbortSignal): Promise<{ promises: number }>;
  /**
   * Deletes the tree of a promise, whenever it ended. Nothing of it is deleted while something of it is open.
   * @returns how many promises it had
   */
  erase(id: string): Promise<Erased>;
  /** What `erase` would answer now, without its deletions: `promises` is 0. */
  erasable(id: string): Promise<Erased>;
  /**
   * Writes the file again, so that nothing is left in it of what was deleted, or had another value. Requests wait
   * meanwhile, for seconds if the file is large. Throws if it cannot.
   */
  compact(): Promise<void>;
  /** Makes all rows of the projection again, while requests are answered. Throws if it cannot. */
  rebuild(): Promise<void>;
  /** The clock for deadlines, in milliseconds since 1970. */
  now(): number;
  /** Figures since the start. */
  readonly stats: EngineStats;
  /** Requests that wait now, and bytes of the journal. */
  load(): { readonly queued: number; readonly journalBytes: number };
  /** Answers pending requests, writes what is outstanding and closes the files. */
  close(): Promise<void>;
}

/**
 * Opens the engine on its file; throws if another process uses it. Frees the leases that in-process workers held when
 * the last process ended.
 */
export function openEngine(options: EngineOptions): Engine {
  const file = options.file ?? (options.dataDir && join(resolve(options.dataDir), "engine.db"));
  if (file === undefined) throw new TypeError("Cannot open the engine: dataDir or file must be given");
  const lock = file === MEMORY ? undefined : lockFolder(`${file}.lock`);
  let db: DatabaseSync | undefined;
  let journal: Journal | undefined;
  try {
    db = openDatabase(file);
    journal = file === MEMORY ? keepJournal() : openJournal(journalFileOf(file));
    const { projection, trail, log = SILENT } = options;
    if (journal.repaired.length > 0) log.error({ transactions: journal.repaired }, ONE_BIT);
    const restoredFromMs = backupTime(db);
    return start(new Store(db, journal, { projection, trail, log }), options, { lock, restoredFromMs });
  } catch (error) {
    db?.close();
    journal?.close();
    lock?.close();
    if (!isCorrupt(error)) throw error;
    throw new Error(`Cannot open the engine: ${file} is damaged. Restore a backup`, { cause: error });
  }
}

const ONE_BIT =
  "A wrong bit in the journal was corrected: the disk or the memory of this machine is failing. Run countersign doctor";

function start(
  store: Store,
  options: EngineOptions,
  { lock, restoredFromMs }: { lock: DatabaseSync | undefined; restoredFromMs: number | undefined },
): Engine {
  const { log = SILENT, clock = openMachineClock(log), debug = false } = options;
  const bootId = randomBytes(4).toString("hex");
  const messenger: Messenger = new Messenger({
    source: {
      task: (id) => store.view.task(id),
      pendingTasks: (group, after, limit) => store.agenda.pendingTasks(group, after, limit),
      owedTo: (address, after, limit) => store.owed.to(address, after, limit),
    },
    clock,
    onPaid: (debt) => commit.debts.pay(debt),
  });
  const commit = groupCommit({ store, clock, log, messenger, debug });
  const { batch, upkeep } = commit;
  upkeep.releaseDeadLeases();
  if (restoredFromMs !== undefined) upkeep.noteRestore(restoredFromMs);

  const send = async (request: unknown, local: boolean): Promise<Reply> => {
    const parsed = parseRequest(request);
    if ("request" in parsed) {
      const { request: asked, debugTime } = parsed;
      if (asked.kind === "task.acquire") messenger.asked(asked.data.pid);
      return reply(parsed, await batch.add(asked, { local, debugTime }));
    }
    // The SDK hides the reason of a 400 from its caller, so log it.
    log.warn({ kind: parsed.kind, corrId: parsed.corrId, reason: parsed.refusal.message }, "Request refused");
    return reply(parsed, refuse(parsed.refusal.status, parsed.refusal.message));
  };

  const now = () => clock.now();
  const local: NetworkHost = { bootId, messenger, now, send: (request) => send(request, true) };
  const { keepMs } = options;
  const retention = keepMs === undefined ? undefined : new Retention({ upkeep, clock, log, keepMs });

  const { projector, trail } = store;
  const background = { clock, log };
  const rebuilding =
    projector &&
    new Background({
      ...background,
      whenNeeded: (callback) => projector.whenBuilding(callback),
      step: () => upkeep.build(),
      failed: "Cannot make the index now",
    });
  const tidying =
    trail &&
    new Background({
      ...background,
      whenNeeded: (callback) => trail.whenUntidy(callback),
      step: () => upkeep.tidy(),
      failed: "Cannot seal the log of events now",
    });

  let closing: Promise<void> | undefined;
  return {
    bootId,
    messenger,
    now,
    stats: commit.stats,
    load: () => ({ queued: batch.queued, journalBytes: store.journalBytes }),
    send: (request) => send(request, false),
    network: (network) => {
      if (closing !== undefined) throw new ServiceError("ENGINE_UNAVAILABLE", "The engine is closed");
      return createNetwork(local, network);
    },
    local,
    collect: async (olderThanMs, signal) => {
      const before = clock.now() - olderThanMs;
      let promises = 0;
      let from: HeadPlace | undefined = FROM_START;
      while (from !== undefined) {
        const step: ReturnType<typeof upkeep.collect> = upkeep.collect(before, from);
        promises += step.promises;
        from = step.next;
        // Lets waiting requests go first.
        await new Promise((resolve) => setImmediate(resolve));
        if (signal?.aborted === true) break;
      }
      return { promises };
    },
    erase: async (id) => {
      let promises = 0;
      for (;;) {
        const step = upkeep.erase(id);
        promises += step.promises;
        if (step.state !== "more") return { promises, state: step.state };
        // Lets waiting requests go first.
        await new Promise((resolve) => setImmediate(resolve));
      }
    },
    erasable: async (id) => await Promise.resolve({ promises: 0, state: upkeep.erasable(id) }),
    compact: async () => await Promise.resolve(upkeep.compact()),
    rebuild: async () => {
      if (projector === undefined) throw new Error("This engine keeps no index: APPROVAL_INDEX is off");
      upkeep.rebuild();
      // Lets waiting requests go first.
      while (upkeep.build()) await new Promise((resolve) => setImmediate(resolve));
      const { fault } = projector;
      if (fault !== undefined) throw new Error(`Cannot make the index: ${fault.message}`, { cause: fault });
    },
    close: () => {
      retention?.stop();
      rebuilding?.stop();
      tidying?.stop();
      closing ??= (async () => {
        try {
          commit.close();
        } finally {
          messenger.close();
          store.close();
          lock?.close();
        }
      })();
      return closing;
    },
  };
}
