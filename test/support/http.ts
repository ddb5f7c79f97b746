import { type Agent, type IncomingHttpHeaders, request } from "node:http";
import { HANGS_MS } from "./eventually.ts";

export interface Called {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  /** The body as a JSON object; throws if it is none. */
  json(): Record<string, unknown>;
}

export interface CallOptions {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Default: a connection of its own, so that no call meets one that a killed process left behind. */
  readonly agent?: Agent;
  /** Default: more than any call waits for, which is a minute. */
  readonly timeoutMs?: number;
}

/** One HTTP request, redirects not followed. Rejects when there is no answer, or the connection breaks before its end. */
export function call(url: string, options: CallOptions = {}): Promise<Called> {
  const { method = "GET", headers = {}, body, agent, timeoutMs = 60_000 + HANGS_MS } = options;
  return new Promise((resolve, reject) => {
    const length = body === undefined ? {} : { "content-length": String(Buffer.byteLength(body)) };
    const sent = request(
      url,
      {
        method,
        headers: { ...length, ...headers },
        agent: agent ?? false,
        signal: AbortSignal.timeout(timeoutMs),
      },
      (answer) => {
        const chunks: Buffer[] = [];
        answer.on("data", (chunk: Buffer) => chunks.push(chunk));
        answer.on("error", reject);
        answer.on("end", () => {
          const text = Buffer.concat(chunks).toString("utf8");
          const { statusCode = 0, headers } = answer;
          resolve({
            status: statusCode,
            headers,
            text,
            json: () => JSON.parse(text) as Record<string, unknown>,
          });
        });
      },
    );
    sent.on("error", reject);
    sent.end(body);
  });
}

/** POST of a JSON value. */
export function post(
  url: string,
  value?: unknown,
  headers: Readonly<Record<string, string>> = {},
): Promise<Called> {
  if (value === undefined) return call(url, { method: "POST", headers });
  return call(url, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify(value),
  });
}
