/** What the samples in deploy/ say about the product is so: names of settings, ports, paths, limits, the version. */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { describe, expect, test } from "vitest";
import { parseAllDocuments } from "yaml";
import { loadConfig } from "../../../src/config/config.ts";
import { ENV_NAMES } from "../../../src/config/env.ts";
import { WAIT_SECONDS_MAX, WEBHOOK_BODY_BYTES_MAX } from "../../../src/openapi/limits.ts";
import { temporaryFolder } from "../../support/engine.ts";
import { ROOT } from "../../support/service-process.ts";

const FOLDER = join(ROOT, "deploy");
const files = readdirSync(FOLDER, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile())
  .map((entry) => relative(FOLDER, join(entry.parentPath, entry.name)));
const textOf = (file: string) => readFileSync(join(FOLDER, file), "utf8");
const { version } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as {
  readonly version: string;
};

/** What is set for programs that are not ours. */
const OTHERS = new Set([
  "POSTGRES_USER",
  "POSTGRES_PASSWORD",
  "POSTGRES_DB",
  "RESONATE_STORAGE__POSTGRES__URL",
  // Names of the two Caddyfiles.
  "UPSTREAMS",
]);

/** Each value of a YAML file's tree, with the keys that lead to it. */
function* leaves(
  value: unknown,
  path: readonly string[] = [],
): Generator<readonly [readonly string[], unknown]> {
  if (typeof value !== "object" || value === null) yield [path, value];
  else for (const [key, child] of Object.entries(value)) yield* leaves(child, [...path, key]);
}

/** All documents of a file. Throws on what is not YAML. */
function yaml(file: string): unknown[] {
  return parseAllDocuments(textOf(file), { merge: true }).map((document) => {
    if (document.errors.length > 0) throw document.errors[0];
    return document.toJS();
  });
}

/** The settings that a file gives to a process, by name, as far as their values are in the file. */
function settingsIn(file: string): Map<string, unknown> {
  const text = textOf(file);
  if (file.endsWith(".yaml")) {
    const found = new Map<string, unknown>();
    for (const [path, value] of leaves(yaml(file))) {
      const [name = "", above = ""] = path.toReversed();
      const isSetting = /^[A-Z_]+$/u.test(name);
      if (isSetting && ["environment", "stringData", "data"].includes(above)) found.set(name, value);
    }
    for (const [, name = "", value] of text.matchAll(/\{ name: ([A-Z_]+), value: "?([^"\n]*?)"? \}/gu))
      found.set(name, value);
    return found;
  }
  const words = file.endsWith(".env")
    ? Array.from(text.matchAll(/^#?([A-Z_]+=.*)$/gmu), ([, word = ""]) => word)
    : Array.from(text.matchAll(/^(?:ENV |Environment=)(.*)$/gmu), ([, line = ""]) => line.split(" ")).flat();
  return new Map(words.map((word) => [word.slice(0, word.indexOf("=")), word.slice(word.indexOf("=") + 1)]));
}

describe.each(files)("deploy/%s", (file) => {
  test("names settings that there are", () => {
    const unknown = [...settingsIn(file).keys()].filter(
      (name) => !OTHERS.has(name) && !(ENV_NAMES as readonly string[]).includes(name),
    );
    expect(unknown).toEqual([]);
  });

  test("names the port, the version and the image of today", () => {
    const text = textOf(file);
    const ports = [
      ...text.matchAll(
        /(?:(?:server|proxy) 127\.0\.0\.1|countersign|gateway-\d):(\d{4,5})\b|containerPort: (\d+)|EXPOSE (\d+)/gu,
      ),
    ];
    for (const [found, ...numbers] of ports) {
      expect(found).toContain(String(loadConfig({ DATA_DIR: temporaryFolder() }).port));
      expect(numbers.filter(Boolean)).toHaveLength(1);
    }
    for (const [, found] of text.matchAll(/countersign[-:](\d+\.\d+\.\d+)/gu)) expect(found).toBe(version);
  });
});

test("the settings of each sample are ones that Countersign starts with", () => {
  const image = settingsIn("container/Containerfile");
  const samples = [
    [...image, ...settingsIn("compose/compose.yaml")],
    [...image, ...settingsIn("compose/scale-out.yaml")],
    [...image, ...settingsIn("kubernetes/countersign.yaml")],
    [...image, ...settingsIn("kubernetes/scale-out.yaml")],
    [...settingsIn("systemd/countersign.service"), ...settingsIn("systemd/countersign.env")],
  ];
  const values: Readonly<Record<string, string>> = {
    PUBLIC_URL: "https://approvals.example.com",
    SMTP_URL: "smtps://countersign:password@mail.example.com",
    MAIL_FROM: "approvals@example.com",
    RESONATE_TOKEN: "x",
    INDEX_URL: "postgres://countersign:password@postgres.internal/countersign",
    TOKEN_KEYS: `k1:${Buffer.alloc(32, 7).toString("base64url")}`,
    SIGNING_KEYS: `sign:${Buffer.alloc(32, 7).toString("base64url")}`,
    CALLBACK_SECRETS: `whsec_${Buffer.alloc(32, 7).toString("base64")}`,
  };
  const keys = join(ROOT, "package.json");
  for (const sample of samples) {
    expect(sample.map(([name]) => name)).toEqual(
      expect.arrayContaining(["NODE_ENV", "PUBLIC_URL", "SMTP_URL", "MAIL_FROM"]),
    );
    const own = sample.filter(([name]) => (ENV_NAMES as readonly string[]).includes(name));
    const settings = Object.fromEntries(own.map(([name, value]) => [name, String(value)]));
    const filled = Object.fromEntries(
      Object.entries(settings).map(([name, value]) => [
        name,
        value.replace(/\$\{([A-Z_]+):\?\}/u, (_, variable: string) => values[variable] ?? "x"),
      ]),
    );
    const DATA_DIR = temporaryFolder();
    // What the samples mount.
    if (filled["RESONATE_TOKEN_FILE"] !== undefined) {
      filled["RESONATE_TOKEN_FILE"] = join(DATA_DIR, "token");
      writeFileSync(filled["RESONATE_TOKEN_FILE"], "e30.e30.x");
    }
    expect(() => loadConfig({ ...filled, DATA_DIR, API_KEYS_FILE: keys })).not.toThrow();
  }
});

describe("proxies", () => {
  const nginx = textOf("nginx/countersign.conf");
  const caddy = [textOf("caddy/Caddyfile"), textOf("compose/Caddyfile")];

  test("let the longest wait and the largest body through", () => {
    expect(Number(/proxy_read_timeout (\d+)s;/u.exec(nginx)?.[1])).toBeGreaterThan(WAIT_SECONDS_MAX + 5);
    const limits = [nginx, ...caddy].map((text) => /(?:max_body_size|max_size) (\d+)m/iu.exec(text)?.[1]);
    for (const megabytes of limits) expect(Number(megabytes) * 1e6).toBeGreaterThan(WEBHOOK_BODY_BYTES_MAX);
  });

  test("hide the links of people in their logs", () => {
    const hidden = /\^\/\(\?<countersign_page>([^)]+)\)\//u.exec(nginx)?.[1];
    expect(caddy[0]).toContain(`"^/(${hidden})/.*"`);
    const folder = join(ROOT, "src/gateway/routes");
    const routes = readdirSync(folder, { recursive: true, encoding: "utf8" })
      .filter((name) => name.endsWith(".ts"))
      .map((name) => readFileSync(join(folder, name), "utf8"));
    const withTokens = routes.flatMap((text) =>
      Array.from(text.matchAll(/"\/([^":]+)\/:token[/"]/gu), ([, path]) => path),
    );
    expect(new Set(withTokens)).toEqual(new Set(hidden?.split("|")));
  });
});
