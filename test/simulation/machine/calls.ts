/** Requests over the wire of the simulation: `fetch` for the product, and a plain call for people and programs. */
import { request as httpRequest, type IncomingMessage, type OutgoingHttpHeaders } from "node:http";

/** As undici: how long a client waits for a reply's headers, or for the next bytes of its body. */
const SILENCE_MS = 300_000;

interface Call {
  readonly method?: string;
  readonly headers?: OutgoingHttpHeaders;
  readonly body?: string;
  readonly signal?: AbortSignal | undefined;
}

/** `repeat` sends a request a second time, as a network may do with what seems to be lost. */
export function simulatedFetch(repeat: (send: () => void) => void): typeof fetch {
  return async (input: string | URL | Request, init: RequestInit = {}): Promise<Response> => {
    const url = new URL(input instanceof Request ? input.url : input);
    const call: Call = {
      method: init.method ?? "GET",
      headers: init.headers as OutgoingHttpHeaders,
      ...(typeof init.body === "string" && { body: init.body }),
      signal: init.signal ?? undefined,
    };
    if (call.method === "POST")
      repeat(() => void send(url, { ...call, signal: undefined }).then(read, ignore));
    const response = await send(url, call);
    return responseOf(response, init.signal ?? undefined);
  };
}

export interface Answer {
  readonly status: number;
  readonly location: string | undefined;
  readonly text: string;
}

/** What somebody outside asks of a gateway; rejects if no answer comes. */
export async function call(url: URL, options: Call & { readonly withinMs: number }): Promise<Answer> {
  const signal = AbortSignal.timeout(options.withinMs);
  const response = await send(url, { ...options, signal });
  return {
    status: response.statusCode ?? 0,
    location: response.headers.location,
    text: await read(response),
  };
}

function send(url: URL, { method, headers, body, signal }: Call): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const fail = (why: string) =>
    reject(Object.assign(new TypeError("fetch failed"), { cause: new Error(why) }));
  const length = body === undefined ? {} : { "content-length": Buffer.byteLength(body) };
  const sent = httpRequest({
    host: url.hostname,
    port: url.port === "" ? 80 : Number(url.port),
    path: `${url.pathname}${url.search}`,
    method: method ?? "GET",
    headers: { host: url.host, ...headers, ...length },
    agent: false,
  });
  const silence = setTimeout(() => sent.destroy(new Error("no reply")), SILENCE_MS);
  const abort = () => {
    reject(signal?.reason);
    sent.destroy();
  };
  if (signal?.aborted === true) abort();
  signal?.addEventListener("abort", abort, { once: true });
  sent.on("response", (response) => {
    clearTimeout(silence);
    resolve(response);
  });
  sent.on("error", (error) => fail(error.message));
  sent.on("close", () => {
    clearTimeout(silence);
    signal?.removeEventListener("abort", abort);
    fail("closed");
  });
  sent.end(body);
  return promise;
}

async function read(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of response) chunks.push(chunk as Buffer);
  } catch {
    throw new TypeError("terminated");
  }
  return Buffer.concat(chunks).toString("utf8");
}

/** All of a `Response` that the product looks at. */
function responseOf(response: IncomingMessage, signal: AbortSignal | undefined): Response {
  const status = response.statusCode ?? 0;
  const headers = new Headers(Object.entries(response.headers).map(([name, value]) => [name, String(value)]));
  return {
    status,
    ok: status >= 200 && status < 300,
    headers,
    text: () => read(response),
    json: async () => JSON.parse(await read(response)) as unknown,
    get body() {
      return stream(response, signal);
    },
  } as Response;
}

/** An event stream: it ends when nothing has come for too long. */
function stream(response: IncomingMessage, signal: AbortSignal | undefined): Response["body"] {
  const silence = setTimeout(() => response.destroy(new Error("nothing came")), SILENCE_MS);
  response.prependListener("data", () => silence.refresh());
  response.on("close", () => clearTimeout(silence));
  response.on("error", ignore);
  response.pause();
  signal?.addEventListener("abort", () => response.destroy(), { once: true });
  // The product reads it chunk by chunk, or lets go of it.
  return Object.assign(response, {
    cancel: async () => void response.destroy(),
  }) as unknown as Response["body"];
}

function ignore(): void {}
