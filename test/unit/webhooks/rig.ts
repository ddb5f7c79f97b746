/** The routes of this folder's tests on a real engine and real HTTP, with a clock that stands where tests put it. */
import { randomUUID } from "node:crypto";
import { createServer, request } from "node:http";
import type { AddressInfo } from "node:net";
import express, { type ErrorRequestHandler, type Router } from "express";
import { pino } from "pino";
import type { Durable, StoredPromise } from "../../../src/durable/durable.ts";
import { createDurable } from "../../../src/durable/resonate.ts";
import { type Engine, openEngine } from "../../../src/engine/engine.ts";
import { sendProblem } from "../../../src/gateway/http/problem.ts";
import { beginState } from "../../../src/gateway/http/request-state.ts";
import { addWebhookRoutes } from "../../../src/gateway/routes/webhooks.ts";
import { NO_AUDIT } from "../../../src/lib/audit.ts";
import { ServiceError } from "../../../src/lib/errors.ts";
import type { Logger } from "../../../src/lib/log.ts";
import { createReturnPathTokens } from "../../../src/tokens/return-path.ts";
import type { Sources } from "../../../src/webhooks/source.ts";
import type { Sent } from "./senders.ts";

const RETURN_PATH_KEY = { kid: "k1", secret: Buffer.alloc(32, 1) };

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Readonly<Record<string, unknown>>;
  readonly text: string;
}

export interface Rig extends AsyncDisposable {
  readonly url: string;
  readonly engine: Engine;
  readonly durable: Durable;
  readonly log: Logger;
  readonly lines: readonly Record<string, unknown>[];
  send(sent: Omit<Sent, "url"> & { readonly url?: string; readonly method?: string }): Promise<Answer>;
  /** A latent promise as a workflow makes one. */
  latent(id: string, tags?: Readonly<Record<string, string>>, timeoutMs?: number): Promise<StoredPromise>;
  read(id: string): Promise<StoredPromise>;
}

export interface RigOptions {
  readonly sources?: Sources;
  readonly wrap?: (durable: Durable) => Durable;
  readonly routes?: (rig: { durable: Durable; log: Logger; publicUrl: string }) => Router;
  readonly clock?: () => number;
  /** Another rig's, whose engine both then use. */
  readonly engine?: Engine;
}

export async function startRig(options: RigOptions): Promise<Rig> {
  const engine = options.engine ?? openEngine({ file: ":memory:" });
  const network = engine.network({ group: "gateway" });
  network.start();
  const bare = createDurable(network);
  const durable = options.wrap?.(bare) ?? bare;
  const lines: Record<string, unknown>[] = [];
  const log = pino({ level: "debug" }, { write: (line: string) => void lines.push(JSON.parse(line)) });
  const app = express();
  const server = createServer(app);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const publicUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  app.use((_req, res, next) => {
    beginState(res, { requestId: randomUUID(), audit: NO_AUDIT });
    next();
  });
  if (options.sources !== undefined) {
    const { sources, clock = Date.now } = options;
    const tokens = { returnPaths: createReturnPathTokens([RETURN_PATH_KEY]) };
    addWebhookRoutes(app, {
      durable,
      log,
      publicUrl,
      formerPublicUrls: [],
      sources,
      clock,
      tokens,
    });
  }
  if (options.routes !== undefined) app.use(options.routes({ durable, log, publicUrl }));
  const onError: ErrorRequestHandler = (error: unknown, _req, res, _next) => {
    sendProblem(
      res,
      error instanceof ServiceError ? error : new ServiceError("INTERNAL", String((error as Error).stack)),
    );
    if (!(error instanceof ServiceError)) log.error({ err: error }, "fault");
  };
  app.use(onError);

  return {
    url: publicUrl,
    engine,
    durable,
    log,
    lines,
    send: (sent) => post(publicUrl, sent),
    latent: (id, tags = {}, timeoutMs = 3_600_000) =>
      bare.create({ id, param: undefined, timeoutAt: Date.now() + timeoutMs, tags }),
    async read(id) {
      const found = await bare.read(id);
      if (found === undefined) throw new Error(`There is no ${id}`);
      return found;
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await durable.stop();
      if (options.engine === undefined) await engine.close();
    },
  };
}

/** With node:http, which sends headers as often as it is told. */
function post(
  origin: string,
  { headers, body, url = "/webhooks/acme", method = "POST" }: Parameters<Rig["send"]>[0],
): Promise<Answer> {
  const target = new URL(url, origin);
  return new Promise((resolve, reject) => {
    const names = [...new Set(headers.map(([name]) => name))];
    const sent = request(
      target,
      {
        method,
        headers: Object.fromEntries([
          ...names.map((name) => [name, headers.filter(([n]) => n === name).map(([, v]) => v)]),
          ["content-length", String(body.length)],
        ]) as Record<string, string | string[]>,
        agent: false,
      },
      (answer) => {
        const chunks: Buffer[] = [];
        answer.on("data", (chunk: Buffer) => chunks.push(chunk));
        answer.on("error", reject);
        answer.on("end", () => {
          const text = Buffer.concat(chunks).toString("utf8");
          const isJson = /json/.test(answer.headers["content-type"] ?? "");
          resolve({
            status: answer.statusCode ?? 0,
            headers: answer.headers,
            text,
            body: isJson ? (JSON.parse(text) as Record<string, unknown>) : {},
          });
        });
      },
    );
    sent.on("error", reject);
    sent.end(body);
  });
}
