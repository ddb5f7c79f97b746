/** What `countersign verify` says of the keys that it checks with, and where it takes them from. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { run } from "../../../src/cli/main.ts";
import { createSigner } from "../../../src/signing/signer.ts";
import { countersignHere } from "../../support/cli.ts";
import { TEST_SIGNING_KEYS } from "../../support/gateway.ts";
import { openRig, type Rig } from "../gateway/rig.ts";

let rig: Rig;
let dir: string;
let bundle: string;
let receipt: string;
beforeAll(async () => {
  rig = await openRig();
  dir = mkdtempSync(join(tmpdir(), "countersign-verify-"));
  await rig.json("POST", "/approvals", { id: "po-1", title: "Pay", approvers: ["ana@example.com"] });
  await rig.press(await rig.link("po-1", "approve"));
  await rig.settled("po-1");
  bundle = file("po-1.json", (await rig.json("GET", "/approvals/po-1/bundle")).body);
  receipt = file("po-1.jws", (await rig.json("GET", "/approvals/po-1/receipt")).body["receipt"]);
});
afterAll(async () => {
  await rig[Symbol.asyncDispose]();
  rmSync(dir, { recursive: true });
});

let server: Server | undefined;
afterEach(() => {
  server?.close();
  server?.closeAllConnections();
  server = undefined;
});

async function serve(listener: RequestListener): Promise<string> {
  server = createServer(listener);
  await new Promise<void>((resolve) => server?.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function file(name: string, value: unknown): string {
  const path = join(dir, name);
  writeFileSync(path, typeof value === "string" ? value : JSON.stringify(value));
  return path;
}

const keys = createSigner({ keys: TEST_SIGNING_KEYS.sign, issuer: "x" }).keySet;

/** As a person reads it. */
async function read(...args: readonly string[]): Promise<{ code: number; lines: string[] }> {
  let text = "";
  const out = (more: string) => {
    text += more;
  };
  const code = await run(["verify", ...args], { env: {}, isTerminal: true, out, err: out });
  return { code, lines: text.trim().split("\n") };
}

test("a file whose keys came with it is not called signed for anybody, and does not pass", async () => {
  const alone = await read(bundle);
  expect(alone.code).toBe(1);
  expect(alone.lines[0]).toBe(`po-1  approved  signed by keys that came with the file, as if for ${rig.url}`);
  expect(alone.lines.at(-1)).toBe(
    "Nothing in the file contradicts the rest of it, but anybody can have made it: give --keys",
  );
  expect(JSON.parse((await countersignHere(["verify", bundle], {})).stdout)).toMatchObject({
    keys: "from-the-file",
  });

  const trusted = await read(bundle, "--keys", file("keys.json", keys));
  expect(trusted.code).toBe(0);
  expect(trusted.lines[0]).toBe(`po-1  approved  signed for ${rig.url}`);
  expect(trusted.lines.at(-1)).toBe("Nothing is wrong");
});

test.each([() => bundle, () => receipt])(
  "the service that is named is held against the address of the keys",
  async (path) => {
    const its = await read(path(), "--keys", `${rig.url}/.well-known/countersign-keys.json`);
    expect(its.code).toBe(0);
    expect(its.lines).toContain(`ok           It is signed for ${rig.url}, where your keys came from`);

    const other = await serve((_, response) => response.end(JSON.stringify(keys)));
    const others = await read(path(), "--keys", other);
    expect(others.code).toBe(0);
    expect(others.lines).toContain(
      `not checked  Whether ${rig.url}, for which it is signed, is the service that you trust: your keys came from ${other}`,
    );
  },
);

test("keys are not taken from an address without TLS, but on this machine", async () => {
  const named = "http://approvals.example.com/.well-known/countersign-keys.json";
  for (const address of [named, named.replace("http:", "HTTP:")]) {
    expect(await countersignHere(["verify", bundle, "--keys", address], {})).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("is not encrypted"),
    });
  }
});

test("no more is read of a key set than one can have", async () => {
  let isGone = false;
  const endless = await serve((_, response) => {
    const more = () => {
      while (!response.destroyed && response.write(Buffer.alloc(64 * 1024, 32)));
    };
    response.on("drain", more).on("close", () => {
      isGone = true;
    });
    more();
  });
  const tooLong = { code: 2, stderr: expect.stringContaining("more than 131072 bytes") };
  expect(await countersignHere(["verify", bundle, "--keys", endless], {})).toMatchObject(tooLong);
  await expect.poll(() => isGone).toBe(true);
  const long = file("long.json", " ".repeat(200_000));
  expect(await countersignHere(["verify", bundle, "--keys", long], {})).toMatchObject(tooLong);
});
