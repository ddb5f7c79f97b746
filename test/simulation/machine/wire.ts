import { Duplex } from "node:stream";
import { crc32 } from "node:zlib";
import { STRETCHED_MS } from "./stretched.ts";
import type { SimProcess, VirtualTime } from "./virtual-time.ts";

/** What becomes of one connection. Chunks are counted from 1, in both directions together. */
export interface LinkPlan {
  /** One way, in milliseconds. */
  readonly latencyMs: number;
  readonly isRefused?: boolean;
  /** The connection breaks instead of carrying this chunk. */
  readonly cutAt?: number;
  /** From this chunk on nothing arrives, until the connection breaks a while later. */
  readonly hangAt?: number;
  /** This chunk, and those behind it, come later. */
  readonly late?: { readonly at: number; readonly byMs: number };
}

export interface WireOptions {
  readonly time: VirtualTime;
  readonly plan: (from: SimProcess, to: SimProcess, target: string) => LinkPlan;
  /** A process is about to send something. May end it. */
  readonly onChunk: (from: SimProcess, chunk: Buffer) => void;
}

interface Listener {
  readonly owner: SimProcess;
  readonly accept: (socket: SimSocket) => void;
}

/** How long nothing arrives before the network gives a connection up. */
const HANG_MS = 120_000;

/** The network between processes: connections of bytes in order, as TCP has them, that may be late, stop or break. */
export class Wire {
  readonly #options: WireOptions;
  readonly #listeners = new Map<string, Listener>();
  readonly #names = new Map<string, () => string | undefined>();
  readonly #sockets = new Set<SimSocket>();
  /** Of all bytes that were sent, with their times. */
  digest = 0;
  /** Chunks that were sent. */
  chunks = 0;

  constructor(options: WireOptions) {
    this.#options = options;
  }

  /** `address` is `host:port`. The process that calls it listens as long as it lives. */
  listen(address: string, accept: (socket: SimSocket) => void): void {
    this.#listeners.set(address, { owner: this.#options.time.process, accept });
  }

  /** Another address for one that is chosen each time, as a balancer does. */
  name(address: string, choose: () => string | undefined): void {
    this.#names.set(address, choose);
  }

  connect(address: string): SimSocket {
    const { time, plan } = this.#options;
    const target = this.#names.get(address)?.() ?? address;
    const listener = this.#listeners.get(target);
    const from = time.process;
    const link = new Link(this, plan(from, listener?.owner ?? time.outside, target), time);
    const near = new SimSocket(link, from, address);
    const isRefused = listener === undefined || !listener.owner.isUp || link.plan.isRefused === true;
    time.afterIn(from, 2 * link.plan.latencyMs, () => {
      if (isRefused || !listener.owner.isUp) {
        near.fail("connect ECONNREFUSED", "ECONNREFUSED");
        return;
      }
      const far = new SimSocket(link, listener.owner, "client", true);
      link.join(near, far);
      this.#keep(near);
      this.#keep(far);
      time.current.run(listener.owner, () => listener.accept(far));
      near.connected();
    });
    return near;
  }

  /** The process is gone: its kernel closes all that it had open. */
  drop(gone: SimProcess): void {
    for (const socket of this.#sockets) if (socket.owner === gone) socket.die();
  }

  /** @returns false if the sender died of it */
  note(from: SimProcess, chunk: Buffer): boolean {
    if (!from.isUp) return false;
    this.chunks += 1;
    this.#options.onChunk(from, chunk);
    if (!from.isUp) return false;
    this.digest = crc32(chunk, this.digest);
    this.digest = crc32(String(this.#options.time.now()), this.digest);
    return true;
  }

  #keep(socket: SimSocket): void {
    this.#sockets.add(socket);
    socket.once("close", () => this.#sockets.delete(socket));
  }
}

type Signal = { readonly chunk: Buffer } | "end" | "reset";

/** One connection. What is sent arrives in order. */
class Link {
  readonly plan: LinkPlan;
  readonly #wire: Wire;
  readonly #time: VirtualTime;
  readonly #peers = new Map<SimSocket, SimSocket>();
  readonly #arrivals = new Map<SimSocket, number>();
  #chunks = 0;
  #hangs = false;

  constructor(wire: Wire, plan: LinkPlan, time: VirtualTime) {
    this.#wire = wire;
    this.plan = plan;
    this.#time = time;
  }

  join(near: SimSocket, far: SimSocket): void {
    this.#peers.set(near, far).set(far, near);
  }

  send(from: SimSocket, chunk: Buffer): void {
    if (!this.#wire.note(from.owner, chunk)) return;
    this.#chunks += 1;
    const { cutAt, hangAt } = this.plan;
    if (this.#chunks === cutAt) return this.#break();
    if (this.#chunks === hangAt) {
      this.#hangs = true;
      this.#time.afterIn(this.#time.outside, HANG_MS, () => this.#break());
    }
    if (!this.#hangs) this.signal(from, { chunk });
  }

  /** Tells the other end. */
  signal(from: SimSocket, what: Signal): void {
    const to = this.#peers.get(from);
    if (to === undefined || this.#hangs) return;
    const { latencyMs, late } = this.plan;
    const extraMs = this.#chunks === late?.at ? late.byMs : 0;
    const soonest = this.#arrivals.get(to) ?? 0;
    const at = Math.max(soonest, this.#time.now() + latencyMs + extraMs);
    this.#arrivals.set(to, at);
    this.#time.afterIn(to.owner, at - this.#time.now(), () => to.arrive(what));
  }

  #break(): void {
    this.#hangs = true;
    for (const socket of this.#peers.keys()) {
      this.#time.afterIn(socket.owner, this.plan.latencyMs, () =>
        socket.fail("read ECONNRESET", "ECONNRESET"),
      );
    }
  }
}

/** One end of a connection, with what Node's HTTP and the mail library want of a `net.Socket`. */
export class SimSocket extends Duplex {
  readonly owner: SimProcess;
  readonly remoteAddress = "192.0.2.7";
  readonly localAddress = "192.0.2.8";
  readonly remotePort = 40_000;
  readonly localPort = 40_001;
  connecting: boolean;
  readonly #link: Link;
  readonly #target: string;
  #hasEnded = false;
  #idle: { readonly ms: number; timer: NodeJS.Timeout } | undefined;
  #waiting: (() => void) | undefined;

  constructor(link: Link, owner: SimProcess, target: string, isServer = false) {
    super({ allowHalfOpen: isServer, autoDestroy: true });
    this.owner = owner;
    this.#link = link;
    this.connecting = !isServer;
    this.#target = target;
    // Who does not listen to errors of a connection loses it, as on a server.
    if (isServer) this.on("error", () => {});
  }

  connected(): void {
    if (this.destroyed) {
      this.#link.signal(this, "reset");
      return;
    }
    this.connecting = false;
    this.emit("connect");
    this.emit("ready");
    this.#waiting?.();
    this.#waiting = undefined;
  }

  fail(message: string, code: string): void {
    if (this.destroyed) return;
    const [address, port] = this.#target.split(":");
    this.destroy(
      Object.assign(new Error(`${message} ${this.#target}`), { code, syscall: "connect", address, port }),
    );
  }

  arrive(what: Signal): void {
    if (this.destroyed) {
      if (what !== "reset") this.#link.signal(this, "reset");
      return;
    }
    this.#touch();
    if (what === "reset") this.fail("read ECONNRESET", "ECONNRESET");
    else if (what !== "end") this.push(what.chunk);
    else if (!this.#hasEnded) {
      this.#hasEnded = true;
      this.push(null);
    }
  }

  /** Its process has died: the other end learns of it, and nothing is said here. */
  die(): void {
    this.#link.signal(this, "reset");
  }

  override _read(): void {}

  override _write(chunk: Buffer, _: string, done: () => void): void {
    if (this.connecting) {
      this.#waiting = () => this._write(chunk, _, done);
      return;
    }
    this.#touch();
    this.#link.send(this, chunk);
    done();
  }

  override _writev(chunks: { chunk: Buffer }[], done: () => void): void {
    this._write(Buffer.concat(chunks.map(({ chunk }) => Buffer.from(chunk))), "", done);
  }

  override _final(done: () => void): void {
    if (this.connecting) {
      this.#waiting = () => this._final(done);
      return;
    }
    this.#link.signal(this, "end");
    done();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    clearTimeout(this.#idle?.timer);
    this.#idle = undefined;
    if (this.owner.isUp) this.#link.signal(this, this.writableFinished && error === null ? "end" : "reset");
    done(error);
  }

  destroySoon(): void {
    this.end();
    if (this.writableFinished) this.destroy();
    else this.once("finish", () => this.destroy());
  }

  setTimeout(ms: number, listener?: () => void): this {
    clearTimeout(this.#idle?.timer);
    this.#idle = undefined;
    if (listener !== undefined) this.once("timeout", listener);
    const afterMs = STRETCHED_MS.get(ms) ?? ms;
    if (ms > 0) this.#idle = { ms, timer: setTimeout(() => this.emit("timeout"), afterMs) };
    return this;
  }

  #touch(): void {
    this.#idle?.timer.refresh();
  }

  setNoDelay(): this {
    return this;
  }

  setKeepAlive(): this {
    return this;
  }

  ref(): this {
    return this;
  }

  unref(): this {
    return this;
  }

  address(): object {
    return { address: this.localAddress, family: "IPv4", port: this.localPort };
  }
}
