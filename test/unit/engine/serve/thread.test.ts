import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Message } from "@resonatehq/sdk";
import { expect, onTestFinished, test, vi } from "vitest";
import { openEngine } from "../../../../src/engine/engine.ts";
import { SILENT } from "../../../../src/engine/log.ts";
import { connectThread, type EngineThread, startEngineThread } from "../../../../src/engine/serve/thread.ts";
import { temporaryFolder } from "../../../support/engine.ts";
import { create, request, rootTags } from "../../../support/engine-requests.ts";
import { HANGS_MS, untilPasses } from "../../../support/eventually.ts";

const FUTURE = Date.now() + 86_400_000;

async function started(dataDir: string, more: object = {}): Promise<EngineThread> {
  const engine = await startEngineThread({
    dataDir,
    keepMs: undefined,
    serve: undefined,
    log: SILENT,
    ...more,
  });
  onTestFinished(() => engine.close());
  return engine;
}

test("startEngineThread() answers each of many requests with its own reply, and hands work to this process", async () => {
  const engine = await started(temporaryFolder());
  const network = engine.network({ group: "worker", pid: "p1" });
  const messages: Message[] = [];
  network.recv((message) => messages.push(message));
  network.start();
  const ids = Array.from({ length: 50 }, (_, n) => `a${n}`);
  const replies = await Promise.all(
    ids.map((id) => network.send(create(id, FUTURE, rootTags(id)) as never) as Promise<{ data: unknown }>),
  );
  expect(replies.map(({ data }) => (data as { promise: { id: string } }).promise.id)).toEqual(ids);
  await untilPasses(() => expect(messages).toHaveLength(50));
  expect(messages.map(({ kind }) => kind)).toEqual(ids.map(() => "execute"));

  await network.stop();
  await network.send(create("late", FUTURE, rootTags("late")) as never);
  expect(messages, "a network that was stopped gets nothing more").toHaveLength(50);
});

test("startEngineThread() of a second worker of one name takes the first one's place", async () => {
  const engine = await started(temporaryFolder());
  const heard: string[] = [];
  const networks = ["first", "second"].map((name) => {
    const network = engine.network({ group: "worker", pid: "p1" });
    network.recv(() => heard.push(name));
    network.start();
    return network;
  });
  await networks[0]?.send(create("a", FUTURE, rootTags("a")) as never);
  await untilPasses(() => expect(heard).toEqual(["second"]));
});

test("a line lets yet another thread ask and take work", async () => {
  const engine = await started(temporaryFolder());
  const other = connectThread(engine.line());
  const network = other.network({ group: "worker", pid: "p1" });
  const messages: Message[] = [];
  network.recv((message) => messages.push(message));
  network.start();
  await engine.network({ group: "gateway" }).send(create("a", FUTURE, rootTags("a")) as never);
  await untilPasses(() => expect(messages).toHaveLength(1));
  expect((await network.send(request("promise.get", { id: "a" }) as never)).head.status).toBe(200);

  await other.close();
  await engine.network({ group: "gateway" }).send(create("b", FUTURE, rootTags("b")) as never);
  await engine.close();
  expect(messages, "a thread that has hung up gets nothing more").toHaveLength(1);
});

test("host() starts the guest of the thread's file beside the engine, hears it, and stops it", async () => {
  const folder = temporaryFolder();
  const run = new URL("../../../../src/engine/serve/thread-run.ts", import.meta.url).href;
  const entry = join(folder, "entry.mjs");
  writeFileSync(
    entry,
    `import { runEngineThread } from ${JSON.stringify(run)};
     await runEngineThread(async (engine, what, say) => {
       if (what === "bad") throw new Error("Cannot start: bad");
       const asked = await engine.send({ kind: "promise.get", head: { corrId: "1", version: "2026-04-01" }, data: { id: "a" } });
       say([what, asked.head.status]);
       return { stop: async () => say("stopped") };
     });`,
  );
  const engine = await started(folder, { entry: pathToFileURL(entry) });
  const heard: unknown[] = [];
  const guest = await engine.host("hello", (said) => heard.push(said));
  await untilPasses(() => expect(heard).toEqual([["hello", 404]]));
  await guest.stop();
  expect(heard).toEqual([["hello", 404], "stopped"]);

  const other = await started(temporaryFolder(), { entry: pathToFileURL(entry) });
  await expect(other.host("bad", () => undefined)).rejects.toThrow("Cannot start: bad");
  const none = await started(temporaryFolder());
  await expect(none.host("hello", () => undefined)).rejects.toThrow("This thread takes no guest");
});

test("close() answers what was asked before, refuses what comes after, and leaves the folder to others", async () => {
  const dataDir = temporaryFolder();
  const engine = await started(dataDir);
  const { send } = engine.network({ group: "worker" });
  const asked = send(create("a", FUTURE) as never);
  await engine.close();
  expect((await asked).head.status).toBe(200);
  await expect(send(create("b", FUTURE) as never)).rejects.toThrow("platform failure: 503");
  expect(() => engine.network({ group: "worker" })).toThrow("The engine is closed");

  const again = openEngine({ dataDir });
  expect((await again.send(request("promise.get", { id: "a" }))).head.status).toBe(200);
  await again.close();
});

test("startEngineThread() serves other processes, if it is told to", async () => {
  const engine = await started(temporaryFolder(), { serve: { port: 0, token: "token" } });
  const response = await fetch(`${engine.url}/`, {
    method: "POST",
    headers: { authorization: "Bearer token" },
    body: JSON.stringify(request("promise.get", { id: "a" })),
  });
  expect(response.status).toBe(404);
});

test("startEngineThread() throws what keeps the engine from opening, and passes on what it logs", async () => {
  const dataDir = temporaryFolder();
  const warn = vi.fn();
  const engine = await started(dataDir, { log: { ...SILENT, warn } });
  await expect(started(dataDir)).rejects.toThrow(
    "Cannot open the engine: another process uses the data folder",
  );
  const { send } = engine.network({ group: "worker" });
  await expect(send(request("promise.get", { id: "" }) as never)).rejects.toThrow("platform failure: 400");
  await untilPasses(() =>
    expect(warn).toHaveBeenCalledWith(
      expect.objectContaining({ kind: "promise.get", reason: "data.id must be a non-empty string" }),
      "Request refused",
    ),
  );
});

test("a process ends when its engine's thread dies, rather than go on without", () => {
  const script = `
    import { Worker } from "node:worker_threads";
    import { startEngineThread } from ${JSON.stringify(new URL("../../../../src/engine/serve/thread.ts", import.meta.url).href)};
    // Orders that are none, of which the thread dies.
    const post = Worker.prototype.postMessage;
    Worker.prototype.postMessage = function (order) {
      post.call(this, order.kind === "ask" ? { kind: "ask", requests: null } : order);
    };
    const log = { warn: () => {}, error: () => {} };
    const dataDir = ${JSON.stringify(temporaryFolder())};
    const engine = await startEngineThread({ dataDir, keepMs: undefined, serve: undefined, log });
    setInterval(() => {}, 1_000);
    console.log("open");
    await engine.network({ group: "worker" }).send({ kind: "promise.get", head: {}, data: {} });`;
  const file = join(temporaryFolder(), "dies.mjs");
  writeFileSync(file, script);
  const { status, signal, stdout, stderr } = spawnSync(process.execPath, [file], {
    encoding: "utf8",
    timeout: HANGS_MS,
  });
  expect({ status, signal, stdout }, stderr).toEqual({ status: 1, signal: null, stdout: "open\n" });
  expect(stderr).toContain("is not iterable");
});
