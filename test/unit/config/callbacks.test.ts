import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { loadCallbackEndpoints } from "../../../src/config/callback-endpoints.ts";
import {
  loadCallbackSecrets,
  newSigningSecret,
  parseSigningSecret,
  publicCallbackKeys,
} from "../../../src/config/callback-secrets.ts";
import { loadConfig } from "../../../src/config/config.ts";
import type { Env } from "../../../src/config/env.ts";
import { ConfigError } from "../../../src/lib/config-error.ts";
import { newSecretKeyText } from "../../../src/lib/webhook-key-pair.ts";

const dir = mkdtempSync(join(tmpdir(), "countersign-callbacks-"));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const SECRET = `whsec_${Buffer.alloc(32, 1).toString("base64")}`;

function problemsOf(load: () => unknown): readonly string[] {
  try {
    load();
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.problems;
  }
}

const callbacks = (env: Env) => loadConfig(env, "worker").callbacks;

describe("loadConfig() of callbacks", () => {
  test("needs no setting", () => {
    expect(callbacks({})).toEqual({
      secrets: undefined,
      endpointsFile: undefined,
      ports: [443],
      allow: { hosts: [], networks: [] },
      retriesMs: undefined,
    });
  });

  test("reads every setting", () => {
    const allow =
      "Hooks.Internal:8080, 127.0.0.1:9000,[::1]:80,10.1.0.0/16,fd00::/8,[fd00::]/8,0x7f.1:443,a.example.:443";
    expect(
      callbacks({ CALLBACK_ALLOW: allow, CALLBACK_PORTS: "443,8443", CALLBACK_RETRIES: "5s, 5m,2h,1d" }),
    ).toMatchObject({
      ports: [443, 8443],
      allow: {
        hosts: ["hooks.internal:8080", "127.0.0.1:9000", "[::1]:80", "127.0.0.1:443", "a.example:443"],
        networks: [
          { address: "10.1.0.0", prefix: 16 },
          { address: "fd00::", prefix: 8 },
          { address: "fd00::", prefix: 8 },
        ],
      },
      retriesMs: [5_000, 300_000, 7_200_000, 86_400_000],
    });
  });

  test.each([
    ["CALLBACK_ALLOW", "hooks.internal"],
    ["CALLBACK_ALLOW", "http://hooks.internal:80"],
    ["CALLBACK_ALLOW", "user@hooks.internal:80"],
    ["CALLBACK_ALLOW", "hooks.internal:80/path"],
    ["CALLBACK_ALLOW", "*.internal:80"],
    ["CALLBACK_ALLOW", "hooks.internal:0"],
    ["CALLBACK_ALLOW", "hooks.internal:70000"],
    ["CALLBACK_ALLOW", "10.0.0.0/33"],
    ["CALLBACK_ALLOW", "10.0.0/8"],
    ["CALLBACK_ALLOW", "a:1,,b:2"],
    ["CALLBACK_PORTS", "443,https"],
    ["CALLBACK_PORTS", "0"],
    ["CALLBACK_RETRIES", "5"],
    ["CALLBACK_RETRIES", "0s"],
    ["CALLBACK_RETRIES", "8d"],
    ["CALLBACK_RETRIES", Array(21).fill("1s").join(",")],
  ] as const)("refuses %s=%s", (name, value) => {
    const problems = problemsOf(() => loadConfig({ [name]: value }, "worker"));
    expect(problems).toEqual([expect.stringContaining(name)]);
  });
});

describe("loadCallbackSecrets()", () => {
  test("makes one once, of 32 bytes, for its owner only", () => {
    const config = loadConfig({ DATA_DIR: join(dir, "made") }, "worker");
    const [first, pair, ...others] = loadCallbackSecrets(config);
    expect(first).toHaveLength(37);
    expect(pair).toMatchObject({ type: "private", asymmetricKeyType: "ed25519" });
    expect(others).toEqual([]);
    expect(loadCallbackSecrets(config)).toEqual([first, pair]);
    for (const name of ["callback-secret", "callback-key"])
      expect(statSync(join(dir, "made", name)).mode & 0o777).toBe(0o600);
    // What a gateway publishes is what a worker signs with.
    const [published = "", ...more] = publicCallbackKeys(config)();
    expect([published, more]).toEqual([expect.stringMatching(/^whpk_[A-Za-z0-9+/]{43}=$/), []]);
    expect(newSigningSecret()).not.toContain(published.slice(5));
  });

  test("a gateway makes no key that no worker signs with, and publishes the workers' once there is one", () => {
    const dataDir = join(dir, "gateway");
    const published = publicCallbackKeys(loadConfig({ DATA_DIR: dataDir }, "gateway"));
    expect(published()).toEqual([]);
    expect(existsSync(join(dataDir, "callback-key"))).toBe(false);
    loadCallbackSecrets(loadConfig({ DATA_DIR: dataDir }, "worker"));
    expect(published()).toEqual([expect.stringMatching(/^whpk_/)]);
    // Workers read theirs at their start, too.
    rmSync(join(dataDir, "callback-key"));
    expect(published()).toHaveLength(1);
  });

  test("a gateway whose shared key is damaged does not start", () => {
    const dataDir = join(dir, "damaged");
    mkdirSync(dataDir);
    writeFileSync(join(dataDir, "callback-key"), "whsk_AAAA");
    const problems = problemsOf(() => publicCallbackKeys(loadConfig({ DATA_DIR: dataDir }, "gateway")));
    expect(problems).toEqual([expect.stringContaining("callback-key, a file of DATA_DIR: secret 1")]);
  });

  test("reads several from the setting", () => {
    const config = loadConfig({ CALLBACK_SECRETS: `${SECRET},${newSigningSecret()}` }, "worker");
    expect(loadCallbackSecrets(config)).toHaveLength(2);
  });

  test("refuses what is no secret, without repeating it", () => {
    const list = `${SECRET},hunter2,whsec_c2hvcnQ=,whsec_***`;
    const config = loadConfig({ CALLBACK_SECRETS: list }, "worker");
    const problems = problemsOf(() => loadCallbackSecrets(config));
    expect(problems).toHaveLength(4);
    expect(problems.join("\n")).not.toMatch(/hunter2|c2hvcnQ|\*\*\*/);
    expect(problems).toContain("CALLBACK_SECRETS must hold at most 3 secrets whsec_… and as many whsk_…");
  });

  test("reads key pairs beside secrets; without one, none is published and callbacks have v1 alone", () => {
    const pair = newSecretKeyText();
    const both = loadConfig({ CALLBACK_SECRETS: `${SECRET},${pair}` }, "worker");
    expect(loadCallbackSecrets(both).map((each) => each instanceof Uint8Array)).toEqual([true, false]);
    expect(publicCallbackKeys(both)()).toHaveLength(1);
    const alone = loadConfig({ CALLBACK_SECRETS: SECRET }, "gateway");
    expect(publicCallbackKeys(alone)()).toEqual([]);
    // RFC 8032, section 7.1, test 1.
    const seed = Buffer.from("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60", "hex");
    const known = loadConfig({ CALLBACK_SECRETS: `whsk_${seed.toString("base64")}` }, "gateway");
    const publicKey = Buffer.from("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "hex");
    expect(publicCallbackKeys(known)()).toEqual([`whpk_${publicKey.toString("base64")}`]);
  });

  test("refuses a key pair whose halves do not fit, or of another length, without repeating it", () => {
    const pair = newSecretKeyText();
    const bytes = Buffer.from(pair.slice(5), "base64");
    for (let bit = 0; bit < 8 * bytes.length; bit += 7) {
      const changed = Buffer.from(bytes);
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(parseSigningSecret(`whsk_${changed.toString("base64")}`)).toMatch(/^is damaged/);
    }
    for (const wrong of [
      "whsk_",
      `whsk_${"A".repeat(43)}`,
      `whsk_${Buffer.alloc(33).toString("base64")}`,
      `${pair} `,
    ])
      expect(parseSigningSecret(wrong)).toMatch(/^must be whsk_/);
  });

  test.each(["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", newSigningSecret()])("parses %s", (secret) => {
    expect(parseSigningSecret(secret)).toBeInstanceOf(Uint8Array);
  });
});

describe("loadCallbackEndpoints()", () => {
  const environment = (name: string) => (name === "BILLING_SECRET" ? SECRET : undefined);

  function load(text: string) {
    const path = join(dir, "endpoints.yaml");
    writeFileSync(path, text);
    return loadCallbackEndpoints(loadConfig({ CALLBACK_ENDPOINTS_FILE: path }, "worker"), environment);
  }

  test("reads endpoints and their secrets", () => {
    const text = `
endpoints:
  billing:
    url: https://billing.example.com/hooks
    events: [approval.decided, approval.cancelled]
    secrets: [{ env: BILLING_SECRET }]
  audit:
    url: https://audit.example.com/
    secrets: [{ env: BILLING_SECRET }]
`;
    expect(load(text)).toEqual([
      {
        name: "billing",
        url: "https://billing.example.com/hooks",
        events: ["approval.decided", "approval.cancelled"],
        secrets: [Buffer.alloc(32, 1)],
      },
      { name: "audit", url: "https://audit.example.com/", events: undefined, secrets: [Buffer.alloc(32, 1)] },
    ]);
  });

  test("has none without the setting", () => {
    expect(loadCallbackEndpoints(loadConfig({}, "worker"), environment)).toEqual([]);
  });

  test.each([
    ["endpoints: {a: {url: nonsense, secrets: [{env: BILLING_SECRET}]}}", /endpoints\.a\.url must be a URL/],
    [
      "endpoints: {a: {url: 'https://x.org/', secrets: []}}",
      /endpoints\.a\.secrets must have at least 1 item/,
    ],
    [
      "endpoints: {a: {url: 'https://x.org/', secrets: [{env: NOT_SET}]}}",
      /secret of a .*NOT_SET.* must be whsec_/,
    ],
    [
      "endpoints: {a: {url: 'https://x.org/', events: [workflow.completed], secrets: [{env: A}]}}",
      /events\[0\] must be/,
    ],
    [
      "endpoints: {a: {url: 'https://x.org/', retries: 3, secrets: [{env: A}]}}",
      /retries is not a known field/,
    ],
    ["endpoints: {'A b': {url: 'https://x.org/', secrets: [{env: A}]}}", /A b/],
    ["{}", /endpoints is required/],
    ["a: &x {b: 1}\nc: *x", /anchors|endpoints/],
    ["a: [", /endpoints\.yaml: /],
  ])("refuses %j", (text, problem) => {
    expect(problemsOf(() => load(text)).join("\n")).toMatch(problem);
  });

  test("says when the file is not there", () => {
    const config = loadConfig({ CALLBACK_ENDPOINTS_FILE: join(dir, "none.yaml") }, "worker");
    expect(problemsOf(() => loadCallbackEndpoints(config, environment))).toEqual([
      expect.stringMatching(/^CALLBACK_ENDPOINTS_FILE .*none\.yaml cannot be read: ENOENT$/),
    ]);
  });
});
