/**
 * What the load generator must know and no HTTP API tells at once: that a workflow has come to rest, and that a mail
 * has arrived with its link. Servers and mail sink write one line for each, `rest <id> <link>` or `mail <id> <link>`, to a
 * socket that the generator holds. Both sides of every comparison pay for these lines alike.
 */
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server } from "node:net";
import { createInterface } from "node:readline";

export type Kind = "rest" | "mail";
export type Signal = (kind: Kind, id: string, link?: string) => void;

/** The sending side. Nothing is sent for port 0. */
export async function openSignals(port: number): Promise<Signal> {
  if (port === 0) return () => {};
  const socket = connect({ host: "127.0.0.1", port });
  await once(socket, "connect");
  // Nobody listens any more: the run is over.
  socket.on("error", () => {});
  socket.unref();
  return (kind, id, link = "") => void socket.write(`${kind} ${id} ${link}\n`);
}

/** The receiving side. A signal may come before somebody waits for it; each is waited for at most once. */
export class SignalDesk {
  readonly #server: Server;
  readonly #come = new Map<string, string>();
  readonly #awaited = new Map<string, (link: string) => void>();

  private constructor(server: Server) {
    this.#server = server;
    server.on("connection", (socket) => {
      socket.on("error", () => {});
      createInterface({ input: socket }).on("line", (line) => this.#take(line));
    });
  }

  static async open(): Promise<SignalDesk> {
    const server = createServer();
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return new SignalDesk(server);
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** The signal's link, once it has come. */
  async next(kind: Kind, id: string): Promise<string> {
    const key = `${kind} ${id}`;
    const link = this.#come.get(key);
    if (link === undefined) return new Promise((resolve) => this.#awaited.set(key, resolve));
    this.#come.delete(key);
    return link;
  }

  /** Forgets what nobody asked for. */
  clear(): void {
    this.#come.clear();
  }

  #take(line: string): void {
    const [kind = "", id = "", link = ""] = line.split(" ");
    const key = `${kind} ${id}`;
    const awaited = this.#awaited.get(key);
    if (awaited === undefined) this.#come.set(key, link);
    else {
      this.#awaited.delete(key);
      awaited(link);
    }
  }
}
