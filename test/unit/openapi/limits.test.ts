/** Limits stand once: those that hold them and the description of the API read the same constant. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { parseVersion, VERSION_MAX } from "../../../src/approval/call.ts";
import { IDEMPOTENCY_KEY_CHARS_MAX } from "../../../src/approval/ids.ts";
import { preferredWait } from "../../../src/gateway/http/prefer.ts";
import { openApiDocument } from "../../../src/openapi/document.ts";
import { bytesText, PREFER_CHARS_MAX, WAIT_SECONDS_MAX } from "../../../src/openapi/limits.ts";
import { idFromKeys } from "../../../src/service/idempotency-key.ts";

interface Described {
  readonly name: string;
  readonly description: string;
  readonly schema: { readonly maxLength?: number; readonly maximum?: number };
}
type Paths = Readonly<
  Record<string, Readonly<Record<string, { readonly parameters: readonly Described[] }>>>
>;

const { paths } = openApiDocument({ url: "https://x.example.com", version: "1" }) as {
  readonly paths: Paths;
};

function described(method: string, path: string, name: string): Described {
  const found = paths[path]?.[method]?.parameters.find((parameter) => parameter.name === name);
  if (found === undefined) throw new Error(`${method} ${path} has no parameter ${name}`);
  return found;
}

describe("The description has the limit that is held:", () => {
  test.each(["/approvals", "/begin"])("Idempotency-Key of %s", (path) => {
    expect(described("post", path, "Idempotency-Key").schema.maxLength).toBe(IDEMPOTENCY_KEY_CHARS_MAX);
    expect(idFromKeys(["k".repeat(IDEMPOTENCY_KEY_CHARS_MAX)])).toMatch(/^key-/u);
    expect(idFromKeys(["k".repeat(IDEMPOTENCY_KEY_CHARS_MAX + 1)])).toBeUndefined();
  });

  test("version of /begin", () => {
    expect(described("post", "/begin", "version").schema.maximum).toBe(VERSION_MAX);
    expect(parseVersion(String(VERSION_MAX))).toBe(VERSION_MAX);
    for (const text of [String(VERSION_MAX + 1), "0", "01", "1.5", "-1", "1e3", " 1", "", "9".repeat(400)]) {
      expect(parseVersion(text), text).toBeUndefined();
    }
  });

  test("Prefer of /wait", () => {
    const { schema, description } = described("get", "/wait", "Prefer");
    expect(description).toContain(`The maximum is ${WAIT_SECONDS_MAX}.`);
    expect(schema.maxLength).toBe(PREFER_CHARS_MAX);
    expect(preferredWait("wait=20".padEnd(PREFER_CHARS_MAX))).toBe(20);
    expect(preferredWait("wait=20".padEnd(PREFER_CHARS_MAX + 1))).toBeUndefined();
  });

  test("sizes in words", () => {
    expect([64 * 1024, 1024 * 1024, 2 * 1024 * 1024].map(bytesText)).toEqual(["64 KiB", "1 MiB", "2 MiB"]);
  });
});

describe("A number that limits something has a name", () => {
  const folder = fileURLToPath(new URL("../../../src/openapi", import.meta.url));
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts") && name !== "limits.ts")
    .map((name) => [name, readFileSync(join(folder, name), "utf8")] as const);

  /** `.max(255)`, `at most 1 MiB`: as numbers that a reader would have to change in two places. */
  const bare = (source: string) =>
    source.match(/\.(?:max|length|lte|lt)\([\d_]+\)|\b[\d,_]+ (?:[KM]iB|levels|characters|days)\b/gu) ?? [];

  test.each(files)("in src/openapi/%s", (_, source) => {
    expect(bare(source)).toEqual([]);
  });

  test("and one without would be found", () => {
    expect(bare("z.string().max(255)")).toEqual([".max(255)"]);
    expect(bare('"larger than 64 KiB"')).toEqual(["64 KiB"]);
  });
});
