import { once } from "node:events";
import { connect, type Socket } from "node:net";

export interface Answer {
  readonly status: number;
  /** The status line and the headers, as they came. */
  readonly head: string;
  readonly body: string;
}

interface Asked {
  readonly bytes: string;
  readonly answer: PromiseWithResolvers<Answer>;
}

/**
 * One kept-alive connection, one request at a time, no more HTTP than the servers here speak: what the load generator
 * spends on a request is missing on the cores that it shares with the server.
 */
export class HttpClient {
  readonly #origin: URL;
  /** Connected when it is first needed: a server ends a connection on which nothing comes for a while. */
  #socket: Socket | undefined;
  #asked: Asked | undefined;
  #received = "";
  #failure: Error | undefined;

  constructor(origin: string) {
    this.#origin = new URL(origin);
  }

  /** Connects at once. */
  static async open(origin: string): Promise<HttpClient> {
    const client = new HttpClient(origin);
    client.#socket = client.#connect();
    await once(client.#socket, "connect");
    return client;
  }

  get(path: string, headers = ""): Promise<Answer> {
    return this.#ask(`GET ${path} HTTP/1.1\r\nHost: ${this.#origin.host}\r\n${headers}\r\n`);
  }

  post(path: string, body: string, type = "application/json"): Promise<Answer> {
    return this.#ask(
      `POST ${path} HTTP/1.1\r\nHost: ${this.#origin.host}\r\nContent-Type: ${type}\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    );
  }

  close(): void {
    this.#socket?.destroy();
  }

  #ask(bytes: string): Promise<Answer> {
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#asked !== undefined) throw new Error("A request is under way on this connection");
    this.#asked = { bytes, answer: Promise.withResolvers<Answer>() };
    // Whoever asked may be gone when it fails: another user's failure ends a run.
    this.#asked.answer.promise.catch(() => undefined);
    this.#socket ??= this.#connect();
    this.#socket.write(bytes, "latin1");
    return this.#asked.answer.promise;
  }

  #connect(): Socket {
    const socket = connect({ host: this.#origin.hostname, port: Number(this.#origin.port) });
    socket.setNoDelay(true);
    // Bytes as characters: the lengths are then those of the headers.
    socket.setEncoding("latin1");
    socket.on("data", (chunk: string) => this.#take(chunk));
    socket.on("error", (error) => this.#fail(error));
    socket.on("close", () => {
      if (this.#asked !== undefined) this.#fail(new Error("The server closed the connection"));
      // Where nothing was under way it may do so: some servers wait only for seconds, and this machine may be busy.
      else if (this.#socket === socket) this.#socket = undefined;
    });
    return socket;
  }

  #take(chunk: string): void {
    this.#received += chunk;
    const headEnd = this.#received.indexOf("\r\n\r\n");
    if (headEnd < 0) return;
    const head = this.#received.slice(0, headEnd);
    const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
    if (length === undefined) return this.#fail(new Error(`An answer without Content-Length: ${head}`));
    const end = headEnd + 4 + Number(length);
    if (this.#received.length < end) return;
    const body = this.#received.slice(headEnd + 4, end);
    this.#received = this.#received.slice(end);
    const asked = this.#asked;
    this.#asked = undefined;
    asked?.answer.resolve({ status: Number(head.slice(9, 12)), head, body });
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    const asked = this.#asked;
    this.#asked = undefined;
    asked?.answer.reject(error);
  }
}
