import { randomUUID } from "node:crypto";
import { EventEmitter } from "node:events";
import express, { type Response } from "express";
import { expect, test } from "vitest";
import type { Durable, StoredPromise } from "../../../src/durable/durable.ts";
import { createNeeds } from "../../../src/gateway/http/auth.ts";
import { requestContext } from "../../../src/gateway/http/context.ts";
import { errorHandler } from "../../../src/gateway/http/errors.ts";
import { createFailureLimit } from "../../../src/gateway/http/rate-limit.ts";
import { listen } from "../../../src/gateway/http/server.ts";
import { WaitingRoom } from "../../../src/gateway/http/waiting-room.ts";
import { createPages } from "../../../src/gateway/pages/pages.ts";
import { addWorkflowRoutes } from "../../../src/gateway/routes/workflows.ts";
import { NO_AUDIT } from "../../../src/lib/audit.ts";
import { createLogger } from "../../../src/lib/log.ts";
import { createCatalogue } from "../../../src/workflows/catalogue.ts";
import { callbackUrlProblem } from "../../support/callbacks.ts";
import { EVERYBODY_MAY, request } from "../../support/gateway.ts";

test("GET /wait holds so many callers and no more, still answers who need not wait, and frees places at once", async () => {
  const { durable, leave, waiting } = slowDurable();
  const log = createLogger({ level: "silent", part: "test" });
  const server = await listen({ host: "127.0.0.1", port: 0 }, ({ url, draining }) => {
    const app = express();
    app.use(requestContext({ publicUrl: url, log, audit: NO_AUDIT, newId: randomUUID, draining }));
    const needs = createNeeds(EVERYBODY_MAY);
    const catalogue = createCatalogue([]);
    const options = { durable, clock: Date.now, newId: randomUUID, callbackUrlProblem, catalogue };
    const waiting = new WaitingRoom({ durable, draining, waitersMax: 2 });
    addWorkflowRoutes(app, { ...options, needs, waiting });
    const refusals = createFailureLimit({ clock: Date.now });
    const pages = createPages({ publicUrl: url, mailbox: false });
    app.use(errorHandler({ log, pages, refusals }));
    return app;
  });
  const wait = (id: string, init: RequestInit = {}) =>
    request(`${server.url}/wait?id=${id}`, { headers: { prefer: "wait=60" }, ...init });

  const gone = new AbortController();
  const first = wait("pending-1", { signal: gone.signal });
  const second = wait("pending-2");
  await expect.poll(() => waiting.size).toBe(2);

  const refused = await wait("pending-3");
  expect(refused).toMatchObject({ status: 503, body: { type: "/problems/too-many-waiters" } });
  expect(refused.headers.get("retry-after")).toBe("2");
  expect((await wait("done")).body).toMatchObject({ status: "resolved" });
  expect((await wait("unknown")).status).toBe(404);
  expect((await request(`${server.url}/wait?id=pending-3`)).body).toMatchObject({ status: "pending" });

  // One goes away, another is answered: two new ones are let in.
  gone.abort();
  await expect(first).rejects.toThrow("aborted");
  await expect.poll(() => [...waiting]).toEqual(["pending-2"]);
  leave("pending-2");
  expect((await second).status).toBe(200);
  const third = wait("pending-3");
  const fourth = wait("pending-4");
  await expect.poll(() => waiting.size).toBe(2);

  await server.close();
  expect((await third).body).toMatchObject({ status: "pending" });
  expect((await fourth).body).toMatchObject({ status: "pending" });
  expect(waiting.size).toBe(0);
});

test("one client's keys hold half of the places together, and leave the others to other clients", async () => {
  const { durable, leave, waiting } = slowDurable();
  const room = new WaitingRoom({ durable, draining: new AbortController().signal, waitersMax: 4 });
  const wait = (id: string, client: string | undefined) =>
    room.waitFor(id, { seconds: 60, admit: async () => true, client }, new EventEmitter() as Response);
  const waits = [wait("pending-1", "client:a"), wait("pending-2", "client:a")];
  await expect.poll(() => waiting.size).toBe(2);
  await expect(wait("pending-3", "client:a")).rejects.toMatchObject({ code: "TOO_MANY_WAITERS" });
  expect(await wait("done", "client:a")).toMatchObject({ state: "resolved" });
  // Where nobody needs a key, nobody is told apart.
  waits.push(wait("pending-4", "client:b"), wait("pending-5", undefined));
  await expect.poll(() => waiting.size).toBe(4);
  leave("pending-1");
  await waits[0];
  waits.push(wait("pending-6", "client:a"));
  await expect.poll(() => waiting.size).toBe(4);
  for (const id of waiting) leave(id);
  await Promise.all(waits);
});

/** Promises by name: `pending-…` settle when told, `done` is settled, all others are unknown. */
function slowDurable() {
  const waiting = new Set<string>();
  const ends = new Map<string, () => void>();
  const read = async (id: string): Promise<StoredPromise | undefined> => {
    const state = id.startsWith("pending-") ? "pending" : "resolved";
    if (state === "resolved" && id !== "done") return undefined;
    return { id, state, param: undefined, value: undefined, tags: {}, createdAt: 0, timeoutAt: 0 };
  };
  const unused = () => Promise.reject(new Error("not used here"));
  const durable: Durable = {
    start: unused,
    create: unused,
    search: unused,
    settle: unused,
    children: unused,
    readTogether: unused,
    family: unused,
    stop: unused,
    read,
    async waitFor(id, { signal }) {
      const promise = await read(id);
      if (promise?.state !== "pending") return promise;
      waiting.add(id);
      await new Promise<void>((resolve) => {
        ends.set(id, resolve);
        signal?.addEventListener("abort", () => resolve());
      });
      waiting.delete(id);
      return promise;
    },
  };
  return { durable, waiting, leave: (id: string) => ends.get(id)?.() };
}
