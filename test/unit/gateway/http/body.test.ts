import { connect } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createAuthenticate } from "../../../../src/auth/authenticate.ts";
import { SCOPE_NAMES } from "../../../../src/auth/scopes.ts";
import { startTestGateway, type TestGateway } from "../../../support/gateway.ts";

/** Judging takes a moment, in which a caller can go. */
const SLOWLY = {
  ...createAuthenticate({ isOpen: () => false, find: () => undefined, live: () => undefined }),
  identify: async () => {
    await pause(30);
    return { id: "key:slow", scopes: SCOPE_NAMES };
  },
};

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway({ authenticate: SLOWLY });
});
afterAll(() => gateway[Symbol.asyncDispose]());

/** Sends text and leaves after a while. */
async function sendAndLeave(text: string, afterMs: number): Promise<void> {
  const { hostname, port } = new URL(gateway.url);
  const socket = connect(Number(port), hostname);
  socket.write(text);
  await pause(afterMs);
  socket.destroy();
}

const HEAD = `POST /begin?func=unserved HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer slow\r\nContent-Type: application/json\r\n`;

test.each([
  ["while the body is read", 100],
  ["before it is asked for", 10],
])("a caller who goes in the middle of a body, %s, has begun nothing", async (_, afterMs) => {
  const before = gateway.log.length;
  await sendAndLeave(`${HEAD}Content-Length: 100\r\n\r\n"half of`, afterMs);
  await expect
    .poll(() => gateway.log.slice(before))
    .toMatchObject([{ route: "/begin", status: expect.any(Number), aborted: true, msg: "request" }]);
  await pause(50);
  expect(gateway.audit).toEqual([]);
  expect(gateway.log.slice(before)).toHaveLength(1);
});

test("a body in many pieces is read whole, and one that is far too large is answered before its end", async () => {
  const { hostname, port } = new URL(gateway.url);
  const say = async (bytes: number) => {
    const socket = connect(Number(port), hostname);
    let said = "";
    socket.setEncoding("latin1").on("data", (chunk: string) => void (said += chunk));
    socket.on("error", () => {});
    socket.write(`${HEAD}Connection: close\r\nContent-Length: ${bytes}\r\n\r\n"`);
    const piece = "x".repeat(16_000);
    for (let left = bytes - 2; left > 0 && !said.includes("\r\n\r\n"); left -= piece.length) {
      socket.write(piece.slice(0, left));
      await pause(1);
    }
    socket.write('"');
    await expect.poll(() => said).toContain("\r\n\r\n");
    socket.destroy();
    return said.slice(9, 12);
  };
  expect(await say(60_000)).toBe("200");
  expect(await say(70_000)).toBe("413");
  expect(await say(6_000_000)).toBe("413");
});
