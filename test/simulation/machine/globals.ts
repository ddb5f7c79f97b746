/**
 * Time and chance of this process, while a simulation runs: every timer, clock and random number that the product, the
 * SDK or a library asks for comes from the seed. Nothing of the product is changed for it. Code that is no part of the
 * simulation, such as a test runner's, keeps the real ones.
 */
import crypto from "node:crypto";
import fs from "node:fs";
import http from "node:http";
import { syncBuiltinESMExports } from "node:module";
import net from "node:net";
import timersPromises from "node:timers/promises";
import type { Random } from "../../support/seeds.ts";
import { STRETCHED_MS } from "./stretched.ts";
import type { Happening, VirtualTime } from "./virtual-time.ts";
import type { Wire } from "./wire.ts";

export interface GlobalsOptions {
  readonly time: VirtualTime;
  readonly random: Random;
  readonly wire: Wire;
  readonly fetch: typeof fetch;
  /** A supply of random bytes is filled up. */
  readonly onPool: () => void;
  /** A file's changes are being synced to the disk. */
  readonly onSync: () => void;
  /** Bytes are being written to a file. `write` writes them; whoever does not call it must later. */
  readonly onWrite: (bytes: number, position: number, write: () => void) => void;
}

/** @returns what puts everything back */
export function replaceGlobals(options: GlobalsOptions): () => void {
  const undo: (() => void)[] = [];
  const replace: Replace = (target, values) => {
    for (const [name, value] of Object.entries(values)) {
      const before = Object.getOwnPropertyDescriptor(target, name);
      Object.defineProperty(target, name, { value, configurable: true, writable: true, enumerable: true });
      undo.push(() => {
        if (before === undefined) Reflect.deleteProperty(target, name);
        else Object.defineProperty(target, name, before);
      });
    }
  };
  replaceTimers(options, replace);
  replaceClocks(options, replace);
  replaceChance(options, replace);
  replaceNetwork(options, replace);
  replaceFiles(options, replace);
  syncBuiltinESMExports();
  return () => {
    for (const step of undo.toReversed()) step();
    syncBuiltinESMExports();
  };
}

type Replace = (target: object, values: Readonly<Record<string, unknown>>) => void;

class SimTimer {
  happening: Happening | undefined;
  #arm: () => Happening;

  constructor(arm: (timer: SimTimer) => Happening) {
    this.#arm = () => arm(this);
    this.happening = this.#arm();
  }

  cancel(): void {
    if (this.happening !== undefined) this.happening.run = undefined;
  }

  refresh(): this {
    this.cancel();
    this.happening = this.#arm();
    return this;
  }

  ref(): this {
    return this;
  }

  unref(): this {
    return this;
  }

  hasRef(): boolean {
    return true;
  }

  close(): this {
    this.cancel();
    return this;
  }

  [Symbol.dispose](): void {
    this.cancel();
  }
}

type Callback = (...args: readonly unknown[]) => void;

function replaceTimers({ time }: GlobalsOptions, replace: Replace): void {
  const real = { setTimeout, setInterval, setImmediate, clearTimeout, clearInterval, clearImmediate };
  const isInside = () => time.current.getStore() !== undefined;
  // As Node counts: at least a millisecond.
  const delayOf = (ms: number | undefined) => Math.max(1, Math.trunc(ms ?? 0) || 0);
  const later = (callback: Callback, ms?: number, ...args: unknown[]) =>
    new SimTimer(() => time.after(delayOf(ms), () => callback(...args)));
  const again = (callback: Callback, ms?: number, ...args: unknown[]) => {
    const every = STRETCHED_MS.get(delayOf(ms)) ?? delayOf(ms);
    return new SimTimer((timer) => {
      const owner = time.process;
      const ring = () => {
        timer.happening = time.afterIn(owner, every, ring);
        callback(...args);
      };
      return time.afterIn(owner, every, ring);
    });
  };
  const soon = (callback: Callback, ...args: unknown[]) =>
    new SimTimer(() => time.after(0, () => callback(...args)));
  const either =
    (simulated: Callback, otherwise: unknown) =>
    (...args: readonly unknown[]) =>
      (isInside() ? simulated : (otherwise as Callback))(...args);
  const clear = (otherwise: unknown) => (timer: unknown) => {
    if (timer instanceof SimTimer) timer.cancel();
    else (otherwise as Callback)(timer);
  };
  replace(globalThis, {
    setTimeout: either(later as Callback, real.setTimeout),
    setInterval: either(again as Callback, real.setInterval),
    setImmediate: either(soon as Callback, real.setImmediate),
    clearTimeout: clear(real.clearTimeout),
    clearInterval: clear(real.clearInterval),
    clearImmediate: clear(real.clearImmediate),
  });
  const pause = (ms?: number, value?: unknown, { signal }: { signal?: AbortSignal } = {}) =>
    new Promise((resolve, reject) => {
      const fail = () => {
        timer.cancel();
        const error = new Error("The operation was aborted");
        reject(Object.assign(error, { name: "AbortError", code: "ABORT_ERR" }));
      };
      const timer = later(() => {
        signal?.removeEventListener("abort", fail);
        resolve(value);
      }, ms);
      if (signal?.aborted === true) fail();
      else signal?.addEventListener("abort", fail, { once: true });
    });
  const timeout = (ms: number) => {
    const controller = new AbortController();
    const why = () => new DOMException("The operation was aborted due to timeout", "TimeoutError");
    later(() => controller.abort(why()), ms);
    return controller.signal;
  };
  replace(timersPromises, { setTimeout: either(pause as Callback, timersPromises.setTimeout) });
  replace(AbortSignal, { timeout: either(timeout as Callback, AbortSignal.timeout.bind(AbortSignal)) });
}

function replaceClocks({ time }: GlobalsOptions, replace: Replace): void {
  const RealDate = Date;
  const wall = () => {
    const process = time.current.getStore();
    return process === undefined ? RealDate.now() : Math.floor(time.now() + process.skewMs);
  };
  const SimDate = class Date extends RealDate {
    constructor(...args: readonly unknown[]) {
      super(...((args.length === 0 ? [wall()] : args) as [number]));
    }

    static override [Symbol.hasInstance](value: unknown): boolean {
      return value instanceof RealDate;
    }

    static override now(): number {
      return wall();
    }
  };
  const startMs = time.now();
  const realNow = performance.now.bind(performance);
  replace(globalThis, { Date: SimDate });
  // Elapsed time, which nobody sets.
  replace(performance, {
    now: () => (time.current.getStore() === undefined ? realNow() : time.now() - startMs),
  });
}

function replaceChance({ random, time, onPool }: GlobalsOptions, replace: Replace): void {
  const isInside = () => time.current.getStore() !== undefined;
  const { randomFillSync } = crypto;
  const realRandom = Math.random;
  const fill = <T extends NodeJS.ArrayBufferView>(view: T): T => {
    if (!isInside()) return randomFillSync(view);
    const bytes = new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
    for (let i = 0; i < bytes.length; i += 1) bytes[i] = random.below(256);
    return view;
  };
  const randomBytes = (size: number) => fill(Buffer.alloc(size));
  const randomUUID = () => {
    const hex = randomBytes(16).toString("hex");
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20)}`;
  };
  replace(Math, { random: () => (isInside() ? random.below(2 ** 30) / 2 ** 30 : realRandom()) });
  const randomFill = <T extends NodeJS.ArrayBufferView>(view: T): T => {
    onPool();
    return fill(view);
  };
  replace(crypto, { randomBytes, randomUUID, randomFillSync: randomFill });
  replace(globalThis.crypto, { randomUUID, getRandomValues: fill });
}

function replaceNetwork({ wire, fetch }: GlobalsOptions, replace: Replace): void {
  replace(globalThis, { fetch });
  const connect = (options: { readonly host?: string; readonly hostname?: string; readonly port?: number }) =>
    wire.connect(`${options.host ?? options.hostname ?? "127.0.0.1"}:${options.port ?? 80}`);
  replace(net, { connect, createConnection: connect });
  replace(http.Agent.prototype, { createConnection: connect });
  replace(net.Server.prototype, {
    listen(this: net.Server, { host, port }: { host: string; port: number }, done?: () => void) {
      wire.listen(`${host}:${port}`, (socket) => this.emit("connection", socket));
      // The date in a reply would be the real one.
      this.prependListener("request", (_: unknown, response: { sendDate: boolean }) => {
        response.sendDate = false;
      });
      this.address = () => ({ address: host, family: "IPv4", port });
      if (done !== undefined) queueMicrotask(done);
      return this;
    },
  });
}

function replaceFiles({ onSync, onWrite }: GlobalsOptions, replace: Replace): void {
  const { writeSync } = fs;
  replace(fs, {
    // Processes die here, not machines: what was written stays.
    fdatasyncSync: () => onSync(),
    writeSync: (descriptor: number, bytes: Uint8Array, from: number, length: number, position: number) => {
      onWrite(length, position, () => writeSync(descriptor, bytes, from, length, position));
      return length;
    },
  });
}
