import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { serveEngine } from "../../../src/engine/serve/http.ts";
import { loadSources } from "../../../src/webhooks/load.ts";
import { type CliRun, countersignHere, countersign as countersignProcess } from "../../support/cli.ts";
import { ROOT } from "../../support/service-process.ts";
import { type Rig, startRig } from "../webhooks/rig.ts";

const TOKEN = "t0ken";
const SECRETS = {
  STRIPE: "whsec_test_secret",
  TEXT: "8f742231b10e8888abcd99yyyzzz85a5",
  STANDARD: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
};
const KEY =
  "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE83T4O/n84iotIvIW4mdBgQ/7dAfSmpqIM8kF9mN1flpVKS3GRqe62gw+2fNNRaINXvVpiglSI8eNEc6wEA3F+g==";
const SOURCES = {
  stripe: { scheme: "stripe", secrets: [{ env: "STRIPE" }], promise: { path: "data.promise" } },
  standard: { scheme: "standard-webhooks", secrets: [{ env: "STANDARD" }], promise: { path: "promise" } },
  svix: { scheme: "svix", secrets: [{ env: "STANDARD" }], promise: { path: "promise" } },
  github: { scheme: "github", secrets: [{ env: "TEXT" }], promise: { path: "promise" } },
  slack: { scheme: "slack", secrets: [{ env: "TEXT" }], promise: { path: "promise" } },
  twilio: { scheme: "twilio", secrets: [{ env: "TEXT" }], promise: { path: "promise" } },
  docusign: { scheme: "docusign", secrets: [{ env: "TEXT" }], promise: { path: "promise" } },
  acme: {
    scheme: "hmac",
    secrets: [{ env: "TEXT" }],
    header: "x-acme",
    encoding: "base64url",
    signed: "{id}.{timestamp}.{body}",
    timestampHeader: "x-time",
    idHeader: "x-id",
    promise: { path: "promise" },
  },
  basic: { scheme: "basic", username: "u", secrets: [{ env: "TEXT" }], promise: { path: "promise" } },
  bearer: { scheme: "bearer", secrets: [{ env: "TEXT" }], promise: { path: "promise" } },
  sendgrid: { scheme: "sendgrid", publicKeys: [KEY], promise: { path: "promise" } },
};

let dir: string;
let rig: Rig;
let server: { readonly port: number; close(): Promise<void> };

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), "countersign-cli-"));
  // Files are named as an operator names them, from where they are.
  process.chdir(dir);
  mkdirSync(join(dir, "data"));
  writeFileSync(join(dir, "data", "engine.token"), `${TOKEN}\n`);
  const text = JSON.stringify({ sources: SOURCES });
  writeFileSync(join(dir, "webhooks.json"), text);
  const loaded = loadSources(text, (name) => SECRETS[name as keyof typeof SECRETS]);
  if (!loaded.ok) throw new Error(loaded.problems.join("\n"));
  rig = await startRig({ sources: loaded.sources });
  server = await serveEngine(rig.engine, { port: 0, token: TOKEN });
});

afterAll(async () => {
  await server.close();
  await rig[Symbol.asyncDispose]();
  process.chdir(ROOT);
  rmSync(dir, { recursive: true });
});

interface Run {
  readonly code: number;
  readonly out: Record<string, unknown>;
  readonly err: string;
}

const settings = (env: Record<string, string>) => ({
  DATA_DIR: join(dir, "data"),
  ENGINE_PORT: String(server.port),
  PUBLIC_URL: rig.url,
  WEBHOOKS_FILE: "webhooks.json",
  ...SECRETS,
  ...env,
});

function read({ code, stdout, stderr }: CliRun): Run {
  const out = stdout === "" ? {} : (JSON.parse(stdout) as Record<string, unknown>);
  return { code, out, err: stderr };
}

/** In this process. */
async function countersign(args: readonly string[], env: Record<string, string> = {}): Promise<Run> {
  return read(await countersignHere(["webhooks", ...args], settings(env)));
}

/** As a process of its own. */
async function spawned(...args: readonly string[]): Promise<Run> {
  return read(await countersignProcess(["webhooks", ...args], settings({}), [], dir));
}

function bodyFile(name: string, content: string): string {
  writeFileSync(join(dir, name), content);
  return name;
}

describe("countersign webhooks test", () => {
  test.each(Object.keys(SOURCES).filter((name) => name !== "sendgrid"))(
    "%s: signs so that the gateway takes it",
    async (name) => {
      const promise = `job-${name}`;
      await rig.latent(promise);
      const body = name === "stripe" ? { id: "evt_1", data: { promise } } : { promise };
      const run = await countersign(["test", name, "--body", bodyFile(`${name}.json`, JSON.stringify(body))]);
      expect(run).toMatchObject({
        code: 0,
        err: "",
        out: { status: 200, answer: { source: name, result: "settled", effective: true, promise } },
      });
    },
  );

  test("a form, and the same delivery again", async () => {
    await rig.latent("job-form");
    const file = bodyFile("form.txt", "promise=job-form&From=%2B14158675309");
    expect(await spawned("test", "twilio", "--body", file)).toMatchObject({ code: 0, err: "" });
    expect(await countersign(["test", "twilio", "--body", file])).toMatchObject({
      code: 0,
      out: { answer: { duplicate: true } },
    });
  });

  test("ends with 1 when it is not taken, and shows why", async () => {
    const file = bodyFile("unknown.json", '{"promise":"job-nowhere"}');
    expect(await countersign(["test", "github", "--body", file])).toMatchObject({
      code: 1,
      out: { status: 404, answer: { type: "/problems/not-found" } },
    });
    const stranger = { TEXT: "another secret of some length" };
    expect(await countersign(["test", "github", "--body", file], stranger)).toMatchObject({
      code: 1,
      out: { status: 401 },
    });
    const url = ["--url", "http://127.0.0.1:1/webhooks/github"];
    expect(await countersign(["test", "github", "--body", file, ...url])).toMatchObject({
      code: 1,
      err: "countersign: No answer from http://127.0.0.1:1: is the gateway running?\n",
    });
  });

  test("tells what is wrong with its words and settings", async () => {
    const file = bodyFile("any.json", "{}");
    expect(await countersign(["test"])).toMatchObject({
      code: 2,
      err: expect.stringMatching(/SOURCE is missing/),
    });
    expect(await countersign(["test", "github"])).toMatchObject({
      code: 2,
      err: expect.stringMatching(/--body is missing/),
    });
    expect(await countersign(["test", "github", "--body", "none.json"])).toMatchObject({
      code: 2,
      err: expect.stringMatching(/none\.json cannot be read: ENOENT/),
    });
    expect(await countersign(["test", "nobody", "--body", file])).toMatchObject({
      code: 3,
      err: expect.stringMatching(/There is no source nobody/),
    });
    expect(await countersign(["test", "sendgrid", "--body", file])).toMatchObject({
      code: 2,
      err: expect.stringMatching(/only its sender has the key/),
    });
    expect(await countersign(["test", "github", "--body", file], { WEBHOOKS_FILE: "" })).toMatchObject({
      code: 2,
    });
    const unset = await countersign(["test", "github", "--body", file], { TEXT: "" });
    expect(unset).toMatchObject({ code: 2, err: expect.stringMatching(/TEXT\) is not set/) });
    expect(unset.err).not.toContain(SECRETS.STRIPE);
  });
});

describe("countersign webhooks log", () => {
  test("shows deliveries, the newest first, with verdict, effect and reason", async () => {
    await rig.latent("job-log");
    for (const [name, content] of [
      ["log1.json", '{"promise":"job-log"}'],
      ["log2.json", '{"promise":"job-log","again":true}'],
      ["log3.json", '{"promise":"job-missing"}'],
      ["log4.json", '{"promise":{"id":"job-log"}}'],
    ] as const) {
      await countersign(["test", "docusign", "--body", bodyFile(name, content)]);
    }
    const run = await spawned("log", "--source", "docusign", "--limit", "4");
    expect(run).toMatchObject({
      code: 0,
      out: {
        deliveries: [
          {
            source: "docusign",
            verdict: "unusable",
            state: "open",
            why: "promise is no promise's id in this event",
          },
          { verdict: "resolve", target: "job-missing", state: "open" },
          {
            verdict: "resolve",
            state: "taken",
            result: "stands",
            effective: false,
            why: "it is resolved already",
          },
          { verdict: "resolve", state: "taken", result: "settled", effective: true, promise: "job-log" },
        ],
      },
    });
    expect(await countersign(["log", "--source", "nobody"])).toMatchObject({
      code: 0,
      out: { deliveries: [] },
    });
    expect(await countersign(["log", "--limit", "0"])).toMatchObject({ code: 2 });
    expect(await countersign(["log", "x"])).toMatchObject({ code: 2 });
    expect(await countersign(["sing"])).toMatchObject({
      code: 2,
      err: expect.stringMatching(/Say test or log/),
    });
  });
});
