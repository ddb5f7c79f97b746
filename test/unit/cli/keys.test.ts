import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type CliRun, countersign, countersignHere } from "../../support/cli.ts";
import { ROOT } from "../../support/service-process.ts";

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "countersign-cli-keys-"));
  process.chdir(dir);
});
afterEach(() => {
  process.chdir(ROOT);
  rmSync(dir, { recursive: true });
});

interface Run {
  readonly code: number;
  readonly out: Record<string, unknown>;
  readonly err: string;
}

// The file is for operators also where the service could not start as it is.
const settings = (env: Record<string, string>) => ({ DATA_DIR: dir, HOST: "0.0.0.0", ...env });

function read({ code, stdout, stderr }: CliRun): Run {
  const out = stdout === "" ? {} : (JSON.parse(stdout) as Record<string, unknown>);
  return { code, out, err: stderr };
}

/** In this process. */
async function keys(args: readonly string[], env: Record<string, string> = {}): Promise<Run> {
  return read(await countersignHere(["keys", ...args], settings(env)));
}

/** As a process of its own. */
async function spawned(...args: readonly string[]): Promise<Run> {
  return read(await countersign(["keys", ...args], settings({}), [], dir));
}

describe("countersign keys", () => {
  test("makes a key, lists it without it, rotates and revokes it", async () => {
    const scopeList = "approvals:create,approvals:read";
    const made = await spawned("create", "--name", "billing", "--scope", scopeList);
    expect(made).toMatchObject({
      code: 0,
      out: {
        key: expect.stringMatching(/^apv_[a-z0-9]{8}_[\w-]{43}$/),
        client: "billing",
        scopes: ["approvals:create", "approvals:read"],
        lastUsedAt: null,
        revokedAt: null,
      },
    });
    const id = String(made.out["id"]);
    const again = await keys(["create", "--name", "billing", "--scope", "admin"]);
    expect(again).toMatchObject({ code: 6, err: expect.stringContaining(`billing has the key ${id}`) });
    const rotated = await keys(["rotate", id]);
    expect(rotated).toMatchObject({ code: 0, out: { client: "billing", scopes: made.out["scopes"] } });
    expect((await spawned("rotate", id)).code).toBe(6);
    // The key itself names its id.
    expect(await keys(["revoke", String(made.out["key"])])).toMatchObject({ code: 0, out: { id } });
    expect((await keys(["revoke", id])).code).toBe(3);
    const list = await spawned("list");
    expect(list.out).toMatchObject({
      keys: [
        { id, revokedAt: expect.any(String) },
        { id: rotated.out["id"], revokedAt: null },
      ],
    });
    expect(JSON.stringify(list.out)).not.toContain(String(made.out["key"]).slice(13));
    expect(readFileSync(join(dir, "api-keys.json"), "utf8")).not.toContain(String(made.out["key"]).slice(13));
    // What was done to whose key is on record, and what was refused is not.
    const [day = ""] = readdirSync(join(dir, "audit"));
    const record = readFileSync(join(dir, "audit", day), "utf8");
    const entries = record
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    const written = { time: expect.any(String), sum: expect.any(String) };
    const common = { ...written, who: "operator", client: "billing", outcome: "done" };
    const scopes = "approvals:create approvals:read";
    expect(entries).toEqual([
      { ...common, what: "key.create", about: id, scopes },
      { ...common, what: "key.rotate", about: rotated.out["id"], scopes },
      { ...common, what: "key.revoke", about: id },
    ]);
    expect(record).not.toContain(String(made.out["key"]).slice(13));
  });

  test("names the person who answers for a program, and its next keys have the same", async () => {
    const scope = ["--scope", "approvals:create"];
    const made = await keys(["create", "--name", "agent", ...scope, "--owner", " kim@example.com "]);
    expect(made).toMatchObject({ code: 0, out: { owner: "kim@example.com" } });
    const rotated = await keys(["rotate", String(made.out["id"])]);
    expect(rotated.out).toMatchObject({ owner: "kim@example.com" });
    const none = await keys(["create", "--name", "other", ...scope]);
    expect(none.out).not.toHaveProperty("owner");
    const list = (await keys(["list"])).out["keys"] as Record<string, unknown>[];
    expect(list.map(({ owner }) => owner)).toEqual(["kim@example.com", "kim@example.com", undefined]);
  });

  test("uses the file that is set", async () => {
    const file = join(dir, "elsewhere", "keys.json");
    await keys(["create", "--name", "a", "--scope", "admin"], { API_KEYS_FILE: file });
    expect(JSON.parse(readFileSync(file, "utf8"))).toMatchObject({ version: 1, keys: [{ client: "a" }] });
  });

  test.each([
    [[], "create, list, rotate or revoke"],
    [["destroy"], "create, list, rotate or revoke"],
    [["create", "--name", "n".repeat(101), "--scope", "admin"], "--name must be 1 to 100 characters"],
    [["create", "--name", "😀".repeat(101), "--scope", "admin"], "--name must be 1 to 100 characters"],
    [["create", "--scope", "admin"], "--name must be"],
    [["create", "--name", " a", "--scope", "admin"], "--name must be"],
    [["create", "--name", "a"], "--scope must be one of approvals:create,"],
    [["create", "--name", "a", "--scope", "root"], "not root"],
    [["create", "--name", "a", "--scope", "dashboard"], "not dashboard"],
    [
      ["create", "--name", "a", "--scope", "admin", "--owner", "kim"],
      "--owner must be one plain mail address",
    ],
    [["create", "--name", "a", "--scope", "admin", "--owner", "Kim <kim@example.com>"], "--owner must be"],
    [["revoke"], "ID is missing"],
    [["list", "all"], "What is all?"],
  ])("%j is wrong usage, and says what would be right", async (args, message) => {
    expect(await keys(args)).toMatchObject({ code: 2, err: expect.stringContaining(message) });
  });
});
