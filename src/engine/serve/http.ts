import { createHash, timingSafeEqual } from "node:crypto";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { closeServer } from "../../lib/close-server.ts";
import { createServer } from "../../lib/http.ts";
import { isLoopback } from "../../lib/loopback.ts";
import { isFields } from "../../protocol/fields.ts";
import { parseEnvelope } from "../../protocol/parse.ts";
import { type EngineResponse, type Reply, refuse, reply } from "../decide/response.ts";
import { PollStreams } from "../deliver/poll.ts";
import type { Engine } from "../engine.ts";

export interface ServeOptions {
  /** 0: any free port. */
  readonly port: number;
  /** Bearer token that every request must carry, but `/ready`. */
  readonly token: string;
}

export interface EngineServer {
  /** `http://127.0.0.1:port` */
  readonly url: string;
  readonly port: number;
  /** Ends streams, answers what is being asked, and stops listening. */
  close(): Promise<void>;
}

/** A param of the longest allowed length, with the rest of its request. */
const BODY_BYTES_MAX = 5 * 1024 * 1024;
/** Streams and requests at once; beyond it new connections are refused. */
const CONNECTIONS_MAX = 2000;
/** A request is one small JSON text from the same machine: slower than this is stuck or hostile. */
const REQUEST_MS = 30_000;
/** A response takes milliseconds. A client that takes longer to read one is stuck. */
const DRAIN_MS = 5_000;

/**
 * Serves the engine to other processes of this machine: `POST /`, `GET /poll/:group/:pid`, `GET /ready`, and the
 * commands.
 */
export async function serveEngine(engine: Engine, { port, token }: ServeOptions): Promise<EngineServer> {
  const streams = new PollStreams(engine.messenger);
  const isToken = tokenCheck(token);
  const server = createServer((request, response) => {
    // Cut instead of parsed: `//` is not a URL, and an exception here would end the process.
    const [path = "/"] = (request.url ?? "/").split("?", 1);
    if (!isLocalHost(request)) return send(response, 403, "Host must be a loopback address");
    const route = `${request.method} ${path}`;
    if (route === "POST /") return void post(engine, isToken, request, response);
    const command = request.method === "POST" ? COMMANDS.get(path) : undefined;
    if (command !== undefined) {
      if (!isToken(bearer(request))) return unauthorized(response);
      return void postCommand(command, engine, request, response);
    }
    if (route === "GET /ready") return send(response, 200, "ready");
    if (path.startsWith("/poll/")) {
      if (request.method !== "GET") return notAllowed(response, "GET");
      if (!isToken(bearer(request))) return unauthorized(response);
      // Tells workers whose engine it is: ours hands out what waits by itself.
      response.setHeader("Countersign-Time", engine.now());
      return streams.open(path, response);
    }
    if (path === "/") return notAllowed(response, "POST");
    if (path === "/ready") return notAllowed(response, "GET");
    return send(response, 404, "Not found: the protocol is spoken at POST /");
  });
  server.maxConnections = CONNECTIONS_MAX;
  server.headersTimeout = REQUEST_MS;
  server.requestTimeout = REQUEST_MS;
  await listen(server, port);
  const { port: bound } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${bound}`,
    port: bound,
    close: async () => {
      streams.close();
      await closeServer(server, DRAIN_MS);
    },
  };
}

async function post(
  engine: Engine,
  isToken: (token: string | undefined) => boolean,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const body = await readBody(request);
  if (body === undefined) {
    // The rest of the body is not read, so the connection cannot be reused.
    response.setHeader("Connection", "close");
    const tooLarge = refuse(413, `The body must have at most ${BODY_BYTES_MAX} bytes`);
    return sendReply(response, reply(UNKNOWN, tooLarge));
  }
  if (body === "aborted") return;
  const input = parseJson(body);
  if (input === undefined) return sendReply(response, reply(UNKNOWN, refuse(400, "The body must be JSON")));
  if (!isToken(tokenIn(input) ?? bearer(request))) {
    response.setHeader("WWW-Authenticate", "Bearer");
    return sendReply(response, reply(parseEnvelope(input), UNAUTHORIZED));
  }
  const result = await engine.send(input);
  // Gateways and workers in other processes use this clock for deadlines.
  response.setHeader("Countersign-Time", engine.now());
  return sendReply(response, result);
}

/** What the command line asks of a running engine, by its path. */
const COMMANDS: ReadonlyMap<string, Command> = new Map(
  Object.entries<Command>({
    /** Retention by hand: `{"olderThanMs":…}`. Ends early when the caller goes away. */
    "/collect": {
      problem: ({ olderThanMs }) =>
        typeof olderThanMs === "number" && Number.isSafeInteger(olderThanMs) && olderThanMs >= 0
          ? undefined
          : "olderThanMs must be a whole number of at least 0",
      run: (engine, { olderThanMs }, gone) => engine.collect(Number(olderThanMs), gone),
      failed: () => NO_DISK,
    },
    /** Deletes one tree: `{"id":…}`. */
    "/erase": {
      problem: idProblem,
      run: (engine, { id }) => engine.erase(String(id)),
      failed: () => NO_DISK,
    },
    /** Whether it would be deleted: `{"id":…}`. */
    "/erasable": {
      problem: idProblem,
      run: (engine, { id }) => engine.erasable(String(id)),
      failed: () => NO_DISK,
    },
    /** Makes the rows of the projection again, and answers when they are there. */
    "/rebuild": {
      problem: () => undefined,
      run: async (engine) => {
        await engine.rebuild();
        return {};
      },
      failed: (error) => (error instanceof Error ? error.message : String(error)),
    },
  }),
);

interface Command {
  /** What is wrong with the body's fields. */
  readonly problem: (fields: Readonly<Record<string, unknown>>) => string | undefined;
  /** @returns what is answered, as JSON */
  readonly run: (
    engine: Engine,
    fields: Readonly<Record<string, unknown>>,
    gone: AbortSignal,
  ) => Promise<object>;
  readonly failed: (error: unknown) => string;
}

const NO_DISK = "The engine cannot write to its disk now";

function idProblem({ id }: Readonly<Record<string, unknown>>): string | undefined {
  return typeof id === "string" && id !== "" ? undefined : "id must be a text";
}

async function postCommand(
  command: Command,
  engine: Engine,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const body = await readBody(request);
  const input = body === undefined || body === "aborted" ? undefined : parseJson(body);
  const fields = isFields(input) ? input : {};
  const problem = command.problem(fields);
  if (problem !== undefined) return send(response, 400, problem);
  const gone = new AbortController();
  response.on("close", () => gone.abort());
  try {
    const answer = await command.run(engine, fields, gone.signal);
    response.writeHead(200, { "Content-Type": "application/json" });
    response.end(JSON.stringify(answer));
  } catch (error) {
    send(response, 503, command.failed(error));
  }
}

const UNKNOWN = { kind: "unknown", corrId: "0" };
const UNAUTHORIZED: EngineResponse = refuse(
  401,
  "A valid token is needed, in head.auth or as a Bearer token",
);

/** The whole body; undefined when it is too long, `aborted` when the sender went away. */
async function readBody(request: IncomingMessage): Promise<Buffer | "aborted" | undefined> {
  if (Number(request.headers["content-length"] ?? 0) > BODY_BYTES_MAX) return undefined;
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    request.on("data", (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > BODY_BYTES_MAX) {
        request.pause();
        resolve(undefined);
      } else chunks.push(chunk);
    });
    request.on("end", () => resolve(chunks.length === 1 ? chunks[0] : Buffer.concat(chunks)));
    request.on("error", () => resolve("aborted"));
    request.on("close", () => resolve("aborted"));
  });
}

/** Undefined if it is not JSON. */
function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString("utf8"));
  } catch {
    return undefined;
  }
}

function tokenIn(input: unknown): string | undefined {
  const head = isFields(input) ? input["head"] : undefined;
  const auth = isFields(head) ? head["auth"] : undefined;
  return typeof auth === "string" ? auth : undefined;
}

function bearer(request: IncomingMessage): string | undefined {
  return /^Bearer (.+)$/i.exec(request.headers.authorization ?? "")?.[1];
}

/** Compares in constant time. */
function tokenCheck(token: string): (given: string | undefined) => boolean {
  const digest = (text: string) => createHash("sha256").update(text).digest();
  const expected = digest(token);
  return (given) => given !== undefined && timingSafeEqual(digest(given), expected);
}

/** A web page can make its own host name resolve to this machine, but the Host header still contains that name. */
function isLocalHost(request: IncomingMessage): boolean {
  try {
    return isLoopback(new URL(`http://${request.headers.host}`).hostname);
  } catch {
    return false;
  }
}

function sendReply(response: ServerResponse, message: Reply): void {
  const body = JSON.stringify(message);
  response.writeHead(message.head.status, {
    "Content-Type": "application/json",
    "Content-Length": Buffer.byteLength(body),
  });
  response.end(body);
}

function send(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { "Content-Type": "text/plain; charset=utf-8" });
  response.end(`${text}\n`);
}

function notAllowed(response: ServerResponse, allowed: string): void {
  response.setHeader("Allow", allowed);
  send(response, 405, `Method not allowed: use ${allowed}`);
}

function unauthorized(response: ServerResponse): void {
  response.setHeader("WWW-Authenticate", "Bearer");
  send(response, 401, "A valid Bearer token is needed");
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    // The backlog is as long: with Node's 511, a rush of connections would overflow the kernel's queue and stall.
    server.listen({ port, host: "127.0.0.1", backlog: CONNECTIONS_MAX }, () => {
      server.removeListener("error", reject);
      resolve();
    });
  });
}
