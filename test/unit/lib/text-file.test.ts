/** Files of an operator's as editors save them: with a byte-order mark, with CRLF, in UTF-16. */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { readKeys } from "../../../src/auth/key-file.ts";
import { loadCallbackEndpoints } from "../../../src/config/callback-endpoints.ts";
import { loadCallbackSecrets } from "../../../src/config/callback-secrets.ts";
import { loadConfig } from "../../../src/config/config.ts";
import { loadTokenKeys } from "../../../src/config/keys.ts";
import { loadSigningKeys } from "../../../src/config/signing-keys.ts";
import { readTextFile } from "../../../src/lib/text-file.ts";
import { readSourcesFile } from "../../../src/webhooks/file.ts";
import { ROOT } from "../../support/service-process.ts";

const folder = mkdtempSync(join(tmpdir(), "countersign-text-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const MARK = Buffer.from([0xef, 0xbb, 0xbf]);
const KEY = `k1:${Buffer.alloc(32, 7).toString("base64url")}`;
const SECRET = `whsec_${Buffer.alloc(32, 7).toString("base64")}`;

/** The same text as editors on Windows may write it. */
const ENCODINGS: readonly (readonly [string, (text: string) => Buffer])[] = [
  ["UTF-16 with a mark", (text) => Buffer.from(`\uFEFF${text}`, "utf16le")],
  ["UTF-16 without a mark", (text) => Buffer.from(text, "utf16le")],
  ["UTF-16, the big end first", (text) => Buffer.from(`\uFEFF${text}`, "utf16le").swap16()],
];

const withMark = (text: string) => Buffer.concat([MARK, Buffer.from(text.replaceAll("\n", "\r\n"))]);

/** Each file that the service reads: what it may hold, and how it is read. */
const FILES: Readonly<Record<string, { text: string; read: (path: string) => unknown }>> = {
  WEBHOOKS_FILE: {
    text: "sources:\n  shop:\n    scheme: standard-webhooks\n    secrets: [{ env: SHOP }]\n    promise: { path: data.id }\n",
    read: (path) => [...readSourcesFile(path, () => SECRET).keys()],
  },
  CALLBACK_ENDPOINTS_FILE: {
    text: "endpoints:\n  erp:\n    url: https://erp.example.com/\n    secrets: [{ env: ERP }]\n",
    read: (path) =>
      loadCallbackEndpoints(loadConfig({ CALLBACK_ENDPOINTS_FILE: path }, "worker"), () => SECRET).map(
        ({ name }) => name,
      ),
  },
  API_KEYS_FILE: {
    text: '{ "version": 1,\n  "keys": [] }\n',
    read: (path) => readKeys(path),
  },
  "token-keys": {
    text: `${KEY}\n`,
    read: (path) => loadTokenKeys(configIn(path)).map(({ kid }) => kid),
  },
  "signing-keys": {
    text: `sign:${Buffer.alloc(32).toString("base64url")}\n`,
    read: (path) => loadSigningKeys(configIn(path)),
  },
  SIGNING_KEYS_FILE: {
    text: `sign:${Buffer.alloc(32).toString("base64url")}\n`,
    read: (path) => loadSigningKeys(loadConfig({ SIGNING_KEYS_FILE: path }, "gateway")),
  },
  "callback-secret": {
    text: `${SECRET}\n`,
    read: (path) => loadCallbackSecrets(configIn(path)).length,
  },
};

describe.each(Object.entries(FILES))("%s", (name, { text, read }) => {
  test("may have a byte-order mark, and lines that end in CRLF", () => {
    const plain = fileOf(name, Buffer.from(text));
    const expected = read(plain);
    expect(read(fileOf(name, withMark(text)))).toEqual(expected);
    expect(expected).toBeDefined();
  });

  test.each(ENCODINGS)("in %s is refused in words that name it", (_, encode) => {
    const path = fileOf(name, encode(text));
    expect(() => read(path)).toThrow(`Cannot use ${path}: it is UTF-16, or no text at all. Save it as UTF-8`);
  });

  test("in Latin-1 is refused in words that name it", () => {
    const path = fileOf(name, Buffer.concat([Buffer.from(`# M\xfcller\n`, "latin1"), Buffer.from(text)]));
    expect(() => read(path)).toThrow(`Cannot use ${path}: it is in another encoding than UTF-8.`);
  });
});

describe(".env", () => {
  const settings = (env: Buffer, given: Readonly<Record<string, string>> = {}) => {
    const cwd = mkdtempSync(join(folder, "env-"));
    writeFileSync(join(cwd, ".env"), env);
    const ends = join(ROOT, "src/lib/preload.js");
    return spawnSync(
      process.execPath,
      [
        "--import",
        ends,
        "-e",
        "const { PORT, HOST, MAIL_FROM } = process.env; console.log(JSON.stringify([PORT, HOST, MAIL_FROM]))",
      ],
      { cwd, encoding: "utf8", env: given },
    );
  };
  const text = 'PORT=5005\nHOST=127.0.0.2\nMAIL_FROM="Grüße <a@example.com>"\n';

  test("is read with a byte-order mark, its first setting too, and with CRLF", () => {
    const { stdout, stderr } = settings(withMark(text));
    expect(stderr).toBe("");
    expect(JSON.parse(stdout)).toEqual(["5005", "127.0.0.2", "Grüße <a@example.com>"]);
  });

  test("gives way to the environment, also where that is empty", () => {
    const { stdout } = settings(withMark(text), { PORT: "5006", HOST: "" });
    expect(JSON.parse(stdout)).toEqual(["5006", "", "Grüße <a@example.com>"]);
  });

  test.each([
    ["a second byte-order mark", "\uFEFFPORT=5005\n", "[U+FEFF]PORT"],
    ["one within, where two files were joined", "HOST=127.0.0.2\n\uFEFFPORT=5005\n", "[U+FEFF]PORT"],
    ["a blank without width", "\u200BPORT=5005\n", "[U+200B]PORT"],
    ["a blank that does not break", "export\u00A0PORT=5005\n", "export[U+00A0]PORT"],
    ["a soft hyphen within", "PO\u00ADRT=5005\n", "PO[U+00AD]RT"],
  ])("with %s at a name ends the start in one line, and is not passed over", (_, text, shown) => {
    const { status, stderr } = settings(withMark(text));
    expect({ status, stderr }).toEqual({
      status: 1,
      stderr: `Cannot use .env: the name ${shown} contains an invisible character. Type that line again\n`,
    });
  });

  test.each(ENCODINGS)("in %s ends the start in one line", (_, encode) => {
    const { status, stdout, stderr } = settings(encode(text));
    expect({ status, stdout, stderr }).toEqual({
      status: 1,
      stdout: "",
      stderr: "Cannot use .env: it is UTF-16, or no text at all. Save it as UTF-8\n",
    });
  });

  test.each(ENCODINGS)("in %s is told by the command line as well", (_, encode) => {
    const cwd = mkdtempSync(join(folder, "cli-"));
    writeFileSync(join(cwd, ".env"), encode(text));
    const { status, stderr } = spawnSync(process.execPath, [join(ROOT, "src/cli/countersign.js"), "doctor"], {
      cwd,
      encoding: "utf8",
      env: {},
    });
    expect({ status, stderr }).toEqual({
      status: 2,
      stderr: "countersign: Cannot use .env: it is UTF-16, or no text at all. Save it as UTF-8\n",
    });
  });
});

test(".env that is a folder ends the start in one line", () => {
  const cwd = mkdtempSync(join(folder, "env-"));
  mkdirSync(join(cwd, ".env"));
  const args = ["--import", join(ROOT, "src/lib/preload.js"), "-e", ""];
  const { status, stderr } = spawnSync(process.execPath, args, { cwd, encoding: "utf8", env: {} });
  expect({ status, stderr }).toEqual({
    status: 1,
    stderr: "Cannot use .env: it cannot be read (EISDIR)\n",
  });
});

test("an empty file is text", () => {
  expect(readTextFile(fileOf("empty", Buffer.alloc(0)))).toBe("");
  expect(readTextFile(fileOf("empty", MARK))).toBe("");
});

function fileOf(name: string, bytes: Buffer): string {
  const path = join(mkdtempSync(join(folder, "file-")), name);
  writeFileSync(path, bytes, { mode: 0o600 });
  return path;
}

function configIn(path: string): ReturnType<typeof loadConfig> {
  return loadConfig({ DATA_DIR: join(path, "..") }, "worker");
}
