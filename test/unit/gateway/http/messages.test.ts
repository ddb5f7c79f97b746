import { subscribe, unsubscribe } from "node:diagnostics_channel";
import type { IncomingMessage, ServerResponse } from "node:http";
import { Socket } from "node:net";
import express from "express";
import { expect, test } from "vitest";
import { createMessages } from "../../../../src/gateway/http/messages.ts";
import { listen } from "../../../../src/gateway/http/server.ts";
import { openRig } from "../rig.ts";

test("requests and responses have the prototypes that Express would give them, so it gives them none", () => {
  const { classes, bornFor } = createMessages();
  const app = bornFor(express());
  const request = new classes.IncomingMessage(new Socket());
  expect(Object.getPrototypeOf(request)).toBe(app.request);
  expect(Object.getPrototypeOf(new classes.ServerResponse(request))).toBe(app.response);
});

test("each app has classes of its own", () => {
  const [one, other] = [createMessages(), createMessages()];
  one.bornFor(express().set("env", "one"));
  other.bornFor(express().set("env", "other"));
  const appOf = ({ classes }: typeof one) =>
    (new classes.IncomingMessage(new Socket()) as unknown as express.Request).app.get("env");
  expect([appOf(one), appOf(other)]).toEqual(["one", "other"]);
});

test("a server of these classes answers by Express", async () => {
  const { classes, bornFor } = createMessages();
  const app = express();
  app.get("/hello", (req, res) => {
    // As they were made: Express has changed neither.
    const isOwn = Object.getPrototypeOf(req) === classes.IncomingMessage.prototype;
    res.json({ isOwn: isOwn && res instanceof classes.ServerResponse, name: req.query["name"] });
  });
  const server = await listen({ host: "127.0.0.1", port: 0, classes }, () => bornFor(app));
  const answer = await fetch(`${server.url}/hello?name=Ana`, { headers: { connection: "close" } });
  expect(await answer.json()).toEqual({ isOwn: true, name: "Ana" });
  await server.close();
});

test("the gateway's requests and responses are Express's before Express sees them", async () => {
  await using rig = await openRig({ work: false });
  const born: unknown[] = [];
  // Node publishes this before it calls the app.
  const onStart = (message: unknown) => {
    const { request, response } = message as { request: IncomingMessage; response: ServerResponse };
    born.push([isChildOf(express.request, request), isChildOf(express.response, response)]);
  };
  subscribe("http.server.request.start", onStart);
  try {
    expect((await rig.call("/livez")).status).toBe(200);
  } finally {
    unsubscribe("http.server.request.start", onStart);
  }
  expect(born).toEqual([[true, true]]);
});

function isChildOf(prototype: object, child: object): boolean {
  return Object.prototype.isPrototypeOf.call(prototype, child);
}
