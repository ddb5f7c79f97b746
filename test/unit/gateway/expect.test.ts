import { connect, type Socket } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createAuthenticate } from "../../../src/auth/authenticate.ts";
import { EVERYBODY_MAY, startTestGateway, type TestGateway } from "../../support/gateway.ts";

/** Open to all but those who show a key: none is known. */
const KEYS = createAuthenticate({ isOpen: () => false, find: () => undefined, live: () => undefined });

let open: TestGateway;
let keyed: TestGateway;

beforeAll(async () => {
  open = await startTestGateway({ authenticate: EVERYBODY_MAY });
  keyed = await startTestGateway({ authenticate: KEYS });
});
afterAll(async () => {
  await open[Symbol.asyncDispose]();
  await keyed[Symbol.asyncDispose]();
});

const JSON_TYPE = "Content-Type: application/json\r\n";
const FORM_TYPE = "Content-Type: application/x-www-form-urlencoded\r\n";

function head(path: string, more: string): string {
  return `POST ${path} HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\n${more}\r\n`;
}

/** A connection, what came over it, and a way to wait for something to come. */
function talk(gateway: TestGateway): {
  socket: Socket;
  heard(text: string): Promise<string>;
  ended: Promise<string>;
} {
  const { hostname, port } = new URL(gateway.url);
  let said = "";
  const socket = connect(Number(port), hostname);
  const ended = Promise.withResolvers<string>();
  const listeners = new Set<() => void>();
  socket.setEncoding("latin1").on("data", (chunk: string) => {
    said += chunk;
    for (const listener of listeners) listener();
  });
  socket.on("error", () => {});
  socket.on("close", () => ended.resolve(said));
  const heard = (text: string) =>
    new Promise<string>((resolve) => {
      const look = () => said.includes(text) && resolve(said);
      listeners.add(look);
      look();
    });
  return { socket, heard, ended: ended.promise };
}

describe("a caller who waits to be asked for the body (Expect: 100-continue)", () => {
  test.each([
    ["without a key: 401", "keyed", "/begin?func=unserved", `${JSON_TYPE}Content-Length: 10\r\n`, 401],
    [
      "in another type: 415",
      "open",
      "/begin?func=unserved",
      "Content-Type: text/plain\r\nContent-Length: 10\r\n",
      415,
    ],
    [
      "compressed: 415",
      "open",
      "/begin?func=unserved",
      `${JSON_TYPE}Content-Encoding: gzip\r\nContent-Length: 10\r\n`,
      415,
    ],
    ["too large: 413", "open", "/begin?func=unserved", `${JSON_TYPE}Content-Length: 65537\r\n`, 413],
    ["too large for an approval: 413", "open", "/approvals", `${JSON_TYPE}Content-Length: 65537\r\n`, 413],
    [
      "to a webhook source that is not there: 404",
      "open",
      "/webhooks/none",
      `${JSON_TYPE}Content-Length: 10\r\n`,
      404,
    ],
    [
      "to a callback URL that is none: 403",
      "open",
      "/callbacks/none",
      `${JSON_TYPE}Content-Length: 10\r\n`,
      403,
    ],
    ["with a link that is none: 403", "open", "/d/none", `${FORM_TYPE}Content-Length: 10\r\n`, 403],
    ["nowhere: 404", "open", "/nowhere", `${JSON_TYPE}Content-Length: 10\r\n`, 404],
  ] as const)("%s, and is not asked", async (_, which, path, more, status) => {
    const { socket, ended } = talk(which === "open" ? open : keyed);
    socket.write(head(path, more));
    // The connection ends by itself: no byte of a body was sent, and none is waited for.
    const said = await ended;
    expect(said.slice(0, said.indexOf("\r\n"))).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    expect(said).not.toContain("100 Continue");
    expect(said).toMatch(/^Connection: close\r$/m);
  });

  test("and may send it is asked, once, and the connection goes on", async () => {
    const { socket, heard, ended } = talk(open);
    socket.write(head("/begin?id=expected&func=unserved", `${JSON_TYPE}Content-Length: 7\r\n`));
    expect(await heard("\r\n\r\n")).toBe("HTTP/1.1 100 Continue\r\n\r\n");
    socket.write('"World"');
    await heard('"promise":"expected"');
    socket.write("GET /livez HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    const said = await ended;
    expect(said.match(/HTTP\/1\.1 \d+/g)).toEqual(["HTTP/1.1 100", "HTTP/1.1 200", "HTTP/1.1 200"]);
  });
});
