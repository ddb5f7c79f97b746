import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { Message } from "@resonatehq/sdk";
import { expect, onTestFinished } from "vitest";
import type { EngineNetwork } from "../../src/engine/deliver/network.ts";
import { type Engine, type EngineOptions, openEngine } from "../../src/engine/engine.ts";
import { type EngineServer, serveEngine } from "../../src/engine/serve/http.ts";
import { journalFileOf, lookAtJournal } from "../../src/engine/store/journal.ts";
import type { Envelope } from "./engine-requests.ts";
import { untilPasses } from "./eventually.ts";

/** A folder that is gone when the test is over. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "engine-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** An engine that is closed when the test is over; in memory unless a folder is given. */
export function testEngine(options: EngineOptions = {}): Engine {
  const engine = openEngine(options.dataDir === undefined ? { file: ":memory:", ...options } : options);
  onTestFinished(() => engine.close());
  return engine;
}

/** Waits until all that the engine has acknowledged is in its database, where others can read it. */
export async function checkpointed(dataDir: string): Promise<void> {
  const file = join(dataDir, "engine.db");
  const db = new DatabaseSync(file, { readOnly: true });
  const number = db.prepare("SELECT number FROM journal");
  await untilPasses(() => {
    const acknowledged = lookAtJournal(journalFileOf(file)).records.at(-1)?.number ?? 0;
    expect(number.get()?.["number"]).toBeGreaterThanOrEqual(acknowledged);
  });
  db.close();
}

/** The engine on a free port, with the token `token`. */
export async function testServer(engine: Engine, port = 0): Promise<EngineServer> {
  const server = await serveEngine(engine, { port, token: "token" });
  onTestFinished(() => server.close());
  return server;
}

export interface Answered {
  readonly status: number;
  readonly data: Record<string, unknown>;
}

/** Sends and answers in the form that tests look at; a refusal has its sentence as `error`. */
export async function ask(engine: Pick<Engine, "send">, envelope: Envelope): Promise<Answered> {
  const { head, data } = await engine.send(envelope);
  return {
    status: head.status,
    data: typeof data === "string" ? { error: data } : (data as Record<string, unknown>),
  };
}

/** A connected worker that only keeps the messages it gets. */
export function listen(engine: Engine, group: string, pid: string): EngineNetwork & { messages: Message[] } {
  const network = Object.assign(engine.network({ group, pid }), { messages: [] as Message[] });
  network.recv((message) => network.messages.push(message));
  network.start();
  return network;
}
