import { Agent, createServer, request } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, test } from "vitest";
import { closeServer } from "../../../src/lib/close-server.ts";

test("closeServer() ends although clients that keep their connections never stop asking, and cuts nobody off", async () => {
  const server = createServer((_request, response) => setTimeout(() => response.end("done"), 5));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const agent = new Agent({ keepAlive: true, maxSockets: 4 });
  const ends: string[] = [];
  const ask = (): Promise<void> =>
    new Promise((resolve) => {
      const end = (how: string) => {
        ends.push(how);
        resolve(how === "done" ? ask() : undefined);
      };
      request({ port, agent }, (answer) => {
        answer.setEncoding("utf8").on("data", end);
      })
        .on("error", (error: NodeJS.ErrnoException) => end(error.code ?? "error"))
        .end();
    });
  const clients = Promise.all(Array.from({ length: 4 }, ask));
  while (ends.length < 20) await new Promise(setImmediate);

  await closeServer(server, 5_000);
  await clients;
  agent.destroy();
  // Each was answered until it was turned away at the door.
  expect(new Set(ends)).toEqual(new Set(["done", "ECONNREFUSED"]));
});

test("closeServer() cuts off what is left when the time is up", async () => {
  const server = createServer(() => {});
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const asked = new Promise((resolve) => server.once("request", resolve));
  const cut = new Promise((resolve) => request({ port }).on("error", resolve).end());
  await asked;
  await closeServer(server, 20);
  expect(await cut).toMatchObject({ code: "ECONNRESET" });
});
