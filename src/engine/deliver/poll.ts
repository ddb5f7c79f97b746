import type { ServerResponse } from "node:http";
import { NAME_PATTERN } from "../../protocol/addresses.ts";
import type { Messenger } from "./messenger.ts";

/** As many workers as the official server takes. */
const STREAMS_MAX = 1000;
/** A reader with this much unread is stuck; other workers get the work until it continues. */
const UNREAD_BYTES_MAX = 1024 * 1024;
/** Comments in a quiet stream show both ends that the other is there. */
const KEEP_ALIVE_MS = 15_000;

/** Event streams that carry messages to workers in other processes. Nothing is replayed: what is owed is on disk. */
export class PollStreams {
  readonly #messenger: Pick<Messenger, "connect" | "resume">;
  readonly #open = new Set<ServerResponse>();
  #isClosed = false;

  constructor(messenger: Pick<Messenger, "connect" | "resume">) {
    this.#messenger = messenger;
  }

  /** Answers `GET /poll/:group/:pid`. */
  open(path: string, response: ServerResponse): void {
    const worker = workerOf(path);
    if (worker === undefined) {
      return refuse(response, 400, "Use /poll/:group/:pid, each 1 to 128 letters, digits, '.', '_' or '-'");
    }
    if (this.#isClosed) return refuse(response, 503, "The engine is stopping");
    if (this.#open.size >= STREAMS_MAX) return refuse(response, 503, `${STREAMS_MAX} workers are connected`);
    this.#open.add(response);
    response.writeHead(200, { "Content-Type": "text/event-stream", "Cache-Control": "no-store" });
    response.write(": connected\n\n");
    const keepAlive = setInterval(() => response.write(": keep-alive\n\n"), KEEP_ALIVE_MS);
    let isFull = false;
    const disconnect = this.#messenger.connect({
      ...worker,
      deliver: (message) => {
        isFull = response.writableLength > UNREAD_BYTES_MAX;
        if (isFull || response.destroyed) return false;
        response.write(`data: ${JSON.stringify(message)}\n\n`);
        return true;
      },
      replaced: () => response.end(),
    });
    response.on("drain", () => {
      if (isFull) this.#messenger.resume(worker.group, worker.pid);
      isFull = false;
    });
    response.on("close", () => {
      clearInterval(keepAlive);
      this.#open.delete(response);
      disconnect();
    });
  }

  /** Ends all streams; a worker that opens another on a connection that it still has is turned away. */
  close(): void {
    this.#isClosed = true;
    for (const response of this.#open) response.destroy();
  }
}

function workerOf(path: string): { group: string; pid: string } | undefined {
  const [, , group = "", pid = "", ...rest] = path.split("/");
  try {
    const worker = { group: decodeURIComponent(group), pid: decodeURIComponent(pid) };
    const isValid = NAME_PATTERN.test(worker.group) && NAME_PATTERN.test(worker.pid) && rest.length === 0;
    return isValid ? worker : undefined;
  } catch {
    return undefined;
  }
}

function refuse(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { "Content-Type": "text/plain; charset=utf-8" });
  response.end(`${text}\n`);
}
