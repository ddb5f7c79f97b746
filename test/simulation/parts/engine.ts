/** The embedded engine as a process of its own, with its file in a folder that survives it. */
import {
  closeSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Clock } from "../../../src/engine/clock.ts";
import { type Engine, openEngine } from "../../../src/engine/engine.ts";
import { serveEngine } from "../../../src/engine/serve/http.ts";
import { PROTOCOL_VERSION } from "../../../src/protocol/records.ts";
import type { SimProcess } from "../machine/virtual-time.ts";
import type { Part, World } from "../machine/world.ts";

export const ENGINE_PORT = 9_001;
export const ENGINE_TOKEN = "token-of-the-simulation";

const DAY_MS = 24 * 3_600_000;
/** In memory where there is such a file system: a year has a hundred thousand commits. */
const BASE = existsSync("/dev/shm") ? "/dev/shm" : tmpdir();
const FILES = ["engine.db", "engine.db-wal", "engine.db.journal"];

/** What a planted fault does to the engine. */
export interface EngineSeams {
  readonly clockOf?: (clock: Clock, life: number) => Clock;
  readonly send?: (send: Engine["send"]) => Engine["send"];
}

export interface EnginePartOptions extends EngineSeams {
  readonly world: World;
}

export class EnginePart implements Part {
  readonly name = "engine";
  readonly livesMs = 5 * DAY_MS;
  readonly diesAtCommits = true;
  // Only this clock decides, so it is the true one.
  readonly isSkewed = false;
  readonly #folder = mkdtempSync(join(BASE, "countersign-simulation-"));
  readonly #options: EnginePartOptions;
  #life = 0;
  #engine: Engine | undefined;
  #lastWrite: { readonly bytes: number; readonly position: number } | undefined;

  constructor(options: EnginePartOptions) {
    this.#options = options;
  }

  async start(process: SimProcess): Promise<void> {
    this.#life += 1;
    const dataDir = this.#dir(this.#life);
    mkdirSync(dataDir, { recursive: true });
    const clock = { ...CLOCK };
    this.#engine = openEngine({
      dataDir,
      clock: this.#options.clockOf?.(clock, this.#life) ?? clock,
      keepMs: 40 * DAY_MS,
      log: this.#log(process),
    });
    const { send } = this.#engine;
    const served = { ...this.#engine, send: this.#options.send?.(send) ?? send };
    await serveEngine(served, { port: ENGINE_PORT, token: ENGINE_TOKEN });
  }

  /** The next life begins with the files as they are at this moment. */
  died(): void {
    const [from, to] = [this.#dir(this.#life), this.#dir(this.#life + 1)];
    mkdirSync(to, { recursive: true });
    for (const file of FILES)
      if (existsSync(join(from, file))) copyFileSync(join(from, file), join(to, file));
    const dead = this.#engine;
    const { time } = this.#options.world;
    this.#engine = undefined;
    rmSync(from, { recursive: true, force: true });
    // Later, because it may have died in the middle of a commit. What it still writes goes to files that are gone.
    time.afterIn(time.outside, 1, () => void dead?.close());
  }

  /** A record is being written to the journal. */
  wrote(bytes: number, position: number): void {
    this.#lastWrite = { bytes, position };
  }

  /** The machine loses its power before the last record is on the disk as a whole. `kept`: how much of it is, from 0 to 1. */
  tear(kept: number): void {
    const { bytes, position } = this.#lastWrite ?? { bytes: 0, position: 0 };
    const file = join(this.#dir(this.#life + 1), "engine.db.journal");
    const from = Math.floor(bytes * kept);
    if (from >= bytes || !existsSync(file) || statSync(file).size < position + bytes) return;
    const descriptor = openSync(file, "r+");
    writeSync(descriptor, Buffer.alloc(bytes - from), 0, bytes - from, position + from);
    closeSync(descriptor);
  }

  /** Whether a promise is settled, read without a request over the wire; undefined while the engine is down. */
  async isSettled(id: string): Promise<boolean | undefined> {
    const { world } = this.#options;
    const [engine, process] = [this.#engine, world.processOf(this.name)];
    if (engine === undefined || process?.isUp !== true) return undefined;
    const head = { corrId: "look", version: PROTOCOL_VERSION };
    const reading = world.time.current.run(process, () =>
      engine.send({ kind: "promise.get", head, data: { id } }),
    );
    // An engine that dies meanwhile never answers.
    const late = new Promise<undefined>((resolve) => world.time.after(1_000, () => resolve(undefined)));
    const reply = await Promise.race([reading, late]);
    const { promise } = (reply?.data ?? {}) as { readonly promise?: { readonly state: string } };
    return promise && promise.state !== "pending";
  }

  dispose(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #dir(life: number): string {
    return join(this.#folder, String(life));
  }

  #log(process: SimProcess) {
    const tell = (level: string) => (_: object, message: string) =>
      this.#options.world.log(`${process.name} ${level}: ${message}`);
    return { warn: tell("warns"), error: tell("fails") };
  }
}

/** As the system's, but that nobody sets it: so it need not be looked at each minute. */
const CLOCK: Clock = {
  now: () => Date.now(),
  after: (delayMs, callback) => {
    const timer = setTimeout(callback, delayMs);
    return () => clearTimeout(timer);
  },
  looksEveryMs: 3_600_000,
};
