import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { readSourcesFile } from "../../../src/webhooks/file.ts";
import { loadSources } from "../../../src/webhooks/load.ts";
import { problemsOf, SENDERS, sourcesOf } from "./senders.ts";

const ENV = { S1: "a secret", TOKEN: "0123456789abcdef" };
const GITHUB = { scheme: "github", secrets: [{ env: "S1" }] };

describe("loadSources()", () => {
  test("reads every scheme", () => {
    for (const { config, env, name } of SENDERS) {
      expect(sourcesOf({ acme: { ...config, promise: "p" } }, env).get("acme")?.schemeName, name).toBe(
        config["scheme"],
      );
    }
  });

  test("finds every problem at once, each with its place, and repeats no secret", () => {
    const problems = problemsOf(
      {
        Bad_Name: { ...GITHUB, promise: "p" },
        none: { scheme: "carrier-pigeon" },
        both: { ...GITHUB, promise: "p", match: { a: "b" } },
        neither: GITHUB,
        empty: { ...GITHUB, match: {} },
        fields: {
          ...GITHUB,
          promise: "order-${a..b}",
          resolve: { path: "a" },
          value: { path: "" },
          secret: "x",
        },
        inline: { scheme: "github", secrets: ["s3cret-in-the-file"], promise: "p" },
        many: { scheme: "github", secrets: [1, 2, 3, 4].map(() => ({ env: "S1" })), promise: "p" },
        short: { scheme: "bearer", secrets: [{ env: "S1" }], promise: "p" },
        key: { scheme: "sendgrid", publicKeys: ["bm9uZQ=="], promise: "p" },
        time: {
          scheme: "hmac",
          secrets: [{ env: "S1" }],
          header: "x-sig",
          encoding: "hex",
          signed: "{body}",
          timestampHeader: "x-time",
          promise: "p",
        },
        twice: {
          scheme: "hmac",
          secrets: [{ env: "S1" }],
          header: "x-sig",
          encoding: "hex",
          signed: "{body}{body}",
          promise: "p",
        },
      },
      ENV,
    );
    expect(problems).toEqual([
      "sources.Bad_Name must be named by 1 to 32 lower-case letters, digits or dashes, beginning with a letter",
      expect.stringMatching(/^sources\.none\.scheme must be one of standard-webhooks, svix, github/),
      "sources.both must have one of promise, match and bounce: what its events are about",
      "sources.neither must have one of promise, match and bounce: what its events are about",
      "sources.empty.match must name at least one value",
      expect.stringMatching(/^sources\.fields\.promise must be text with places/),
      expect.stringMatching(/^sources\.fields\.resolve must be \{path, equals\}/),
      expect.stringMatching(/^sources\.fields\.value\.path must be a path/),
      "sources.fields.secret is not a known field",
      "sources.inline.secrets[0] must be an object",
      "sources.many.secrets must have at most 3 items",
      "sources.short.secrets[0] (the environment's S1) must have at least 16 characters",
      expect.stringMatching(/^sources\.key\.publicKeys\[0\] must be a public key for ec/),
      expect.stringMatching(/^sources\.time\.timestampHeader and \{timestamp\} in signed belong together/),
      expect.stringMatching(/^sources\.twice\.signed must be what the sender signs/),
    ]);
    expect(problems.join()).not.toContain("s3cret");
    expect(problems.join()).not.toContain("a secret");
  });

  test.each([
    ["no YAML", "sources: [", 1],
    ["a list", "- a", 1],
    ["nothing", "", 1],
    ["another member", "sources: {}\nmore: 1", 1],
    ["a name twice", "sources:\n  a: {}\n  a: {}", 1],
    [
      "aliases that multiply",
      `a: &a [1]\nsources: {${Array.from({ length: 200 }, (_, i) => `s${i}: *a`).join(", ")}}`,
      1,
    ],
  ])("refuses %s", (_, text, count) => {
    const loaded = loadSources(text, () => undefined);
    expect(loaded).toMatchObject({ ok: false, problems: { length: count } });
  });

  test("reads JSON as well", () => {
    const text = JSON.stringify({ sources: { acme: { ...GITHUB, promise: "p" } } });
    expect(loadSources(text, () => "x")).toMatchObject({ ok: true });
  });

  test("a secret of Standard Webhooks must be base64 of at least 16 bytes", () => {
    const source = { acme: { scheme: "standard-webhooks", secrets: [{ env: "S1" }], promise: "p" } };
    expect(problemsOf(source, { S1: "whsec_!!" })).toEqual([
      expect.stringMatching(/must be whsec_ and then base64/),
    ]);
    expect(problemsOf(source, { S1: `whsec_${btoa("short")}` })).toEqual([
      expect.stringMatching(/16 to 64 bytes, not 5/),
    ]);
  });
});

describe("readSourcesFile()", () => {
  test("a file that is missing or wrong stops the start", () => {
    expect(() => readSourcesFile("/nowhere/at-all.yaml", () => undefined)).toThrow(
      "Cannot start:\n  - WEBHOOKS_FILE /nowhere/at-all.yaml cannot be read: ENOENT",
    );
    const dir = mkdtempSync(join(tmpdir(), "countersign-webhooks-"));
    try {
      const file = join(dir, "w.yaml");
      writeFileSync(file, "sources:\n  a: { scheme: github, secrets: [{ env: S1 }], promise: p }\n");
      expect(() => readSourcesFile(file, () => "")).toThrow(/WEBHOOKS_FILE: sources\.a\.secrets\[0\]/);
      expect(readSourcesFile(file, () => "x").has("a")).toBe(true);
    } finally {
      rmSync(dir, { recursive: true });
    }
  });
});
