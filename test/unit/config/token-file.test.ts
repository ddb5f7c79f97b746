import { once } from "node:events";
import { renameSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { expect, onTestFinished, test } from "vitest";
import { loadConfig } from "../../../src/config/config.ts";
import { engineEndpoint } from "../../../src/config/keys.ts";
import { tokenOfFile } from "../../../src/config/token-file.ts";
import { lookAt } from "../../../src/durable/engine-look.ts";
import { createHttpNetwork } from "../../../src/durable/http-network.ts";
import { ask } from "../../../src/durable/protocol-client.ts";
import { temporaryFolder } from "../../support/engine.ts";

test("a token in a file counts until another one is there whole; the file is looked at once a second", () => {
  const file = join(temporaryFolder(), "token");
  let nowMs = 0;
  writeFileSync(file, "first\n");
  const token = tokenOfFile(file, () => nowMs);
  expect(token()).toBe("first");
  writeFileSync(`${file}.new`, "second");
  renameSync(`${file}.new`, file);
  expect(token()).toBe("first");
  nowMs = 1_000;
  expect(token()).toBe("second");
  for (const unusable of ["", "two words", "a\nb"]) {
    writeFileSync(file, unusable);
    nowMs += 1_000;
    expect(token()).toBe("second");
  }
  rmSync(file);
  nowMs += 1_000;
  expect(token()).toBe("second");
  writeFileSync(file, "third");
  nowMs += 1_000;
  expect(token()).toBe("third");
});

test("requests, streams and looks show the token that is in the file at that moment", async () => {
  const shown: string[] = [];
  const server = createServer(async (request, response) => {
    const { authorization } = request.headers;
    if (request.method === "GET") {
      shown.push(`stream ${authorization}`);
      response.writeHead(503).end();
      return;
    }
    const { kind, head } = JSON.parse(await text(request)) as {
      readonly kind: string;
      readonly head: { readonly auth?: string };
    };
    shown.push(`${head.auth} ${authorization}`);
    response.writeHead(404, { "content-type": "application/json" });
    response.end(JSON.stringify({ kind, head: { ...head, status: 404 }, data: "no" }));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  let token = "first";
  const endpoint = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    token: () => token,
  };
  const network = createHttpNetwork({ ...endpoint, group: "g", pid: "p" });
  onTestFinished(() => network.stop());
  await ask(network, "promise.get", { id: "x" });
  await network.init();
  token = "second";
  await ask(network, "promise.get", { id: "x" });
  await lookAt(endpoint, AbortSignal.timeout(10_000));
  await expect.poll(() => shown).toContain("stream Bearer second");
  expect(shown.filter((one) => !one.startsWith("stream"))).toEqual([
    "first Bearer first",
    ...Array.from({ length: 3 }, () => "second Bearer second"),
  ]);
  expect(shown).toContain("stream Bearer first");
});

test("RESONATE_TOKEN_FILE names a file with a token, beside RESONATE_URL and in place of RESONATE_TOKEN", () => {
  const DATA_DIR = temporaryFolder();
  const file = join(DATA_DIR, "token");
  const RESONATE_URL = "https://resonate.example.com";
  const load = (env: Readonly<Record<string, string>>) => loadConfig({ DATA_DIR, ...env }, "worker");
  const env = { RESONATE_URL, RESONATE_TOKEN_FILE: file };
  expect(() => load(env)).toThrow(/RESONATE_TOKEN_FILE cannot be used: ENOENT/);
  writeFileSync(file, "two words");
  expect(() => load(env)).toThrow(
    /RESONATE_TOKEN_FILE cannot be used: it must have the token and nothing else/,
  );
  writeFileSync(file, "token\n");
  const { token } = engineEndpoint(load(env));
  expect(typeof token === "function" && token()).toBe("token");
  expect(() => load({ ...env, RESONATE_TOKEN: "x" })).toThrow("are both set: set one of the two");
  expect(() => load({ RESONATE_TOKEN_FILE: file })).toThrow(
    "RESONATE_TOKEN_FILE is set without RESONATE_URL",
  );
});
