import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { openAudit } from "../../../src/lib/audit.ts";
import { checkAudit } from "../../../src/lib/audit-check.ts";

function tempFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "countersign-audit-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

const at = (text: string) => () => Date.parse(text);
const never = (error: unknown) => {
  throw error;
};

test("openAudit() adds lines to what is there, from any number of writers, for their owner's eyes only", () => {
  const folder = join(tempFolder(), "audit");
  const clock = at("2026-11-21T23:59:59.999Z");
  const [one, other] = [
    openAudit({ folder, clock, onFault: never }),
    openAudit({ folder, clock, onFault: never }),
  ];
  one.record({ who: "key:a", what: "begin", about: "1", outcome: "pending" });
  const file = join(folder, "2026-11-21.jsonl");
  const first = readFileSync(file, "utf8");
  other.record({ who: "key:b", what: "begin", about: "2", outcome: "pending" });
  one.record({ who: "key:a", what: "begin", about: "3", outcome: "pending" });
  openAudit({ folder, clock, onFault: never }).record({
    who: "operator",
    what: "key.revoke",
    outcome: "done",
  });
  const all = readFileSync(file, "utf8");
  expect(all.startsWith(first)).toBe(true);
  const lines = all
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(lines.map(({ about, who }) => about ?? who)).toEqual(["1", "2", "3", "operator"]);
  expect(lines[0]).toEqual({
    time: "2026-11-21T23:59:59.999Z",
    who: "key:a",
    what: "begin",
    about: "1",
    outcome: "pending",
    sum: expect.stringMatching(/^[0-9a-f]{8}$/u),
  });
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(statSync(folder).mode & 0o777).toBe(0o700);
});

test("openAudit() begins a file each day, and goes on when one was taken away", () => {
  const folder = tempFolder();
  let now = Date.parse("2026-11-21T10:00:00Z");
  const audit = openAudit({ folder, clock: () => now, onFault: never });
  audit.record({ who: "open", what: "begin", outcome: "pending" });
  now += 86_400_000;
  audit.record({ who: "open", what: "begin", outcome: "pending" });
  expect(readdirSync(folder).sort()).toEqual(["2026-11-21.jsonl", "2026-11-22.jsonl"]);
  rmSync(join(folder, "2026-11-21.jsonl"));
  audit.record({ who: "open", what: "begin", outcome: "pending" });
  expect(readFileSync(join(folder, "2026-11-22.jsonl"), "utf8").match(/\n/g)).toHaveLength(2);
});

test("openAudit() stops nothing when it cannot write: that is told, at most once a minute", () => {
  const folder = join(tempFolder(), "file");
  writeFileSync(folder, "in the way");
  let now = Date.parse("2026-11-21T10:00:00Z");
  const faults: unknown[] = [];
  const audit = openAudit({ folder, clock: () => now, onFault: (error) => void faults.push(error) });
  for (let n = 0; n < 61; n++) {
    audit.record({ who: "open", what: "begin", outcome: "pending" });
    now += 1_000;
  }
  expect(faults).toHaveLength(2);
});

test("checkAudit() names the line of every wrong bit, and takes lines that an earlier version wrote", async () => {
  const folder = tempFolder();
  const file = join(folder, "2026-11-21.jsonl");
  writeFileSync(
    file,
    `{"time":"2026-11-21T09:00:00.000Z","who":"open","what":"begin","outcome":"pending"}\n`,
  );
  const audit = openAudit({ folder, clock: at("2026-11-21T10:00:00Z"), onFault: never });
  audit.record({ who: "key:a", what: "begin", about: "é \u2028 \u2029", outcome: "pending" });
  const before = readFileSync(file).length;
  audit.record({ who: "key:a", what: "consume", nonce: "ab", outcome: "granted" });
  expect(await checkAudit(folder)).toEqual({ lines: 3, damaged: 0, places: [] });
  const bytes = readFileSync(file);
  // Without the end of the last line, whose loss loses nothing.
  for (let bit = 8 * before; bit < 8 * (bytes.length - 1); bit += 1) {
    const changed = Buffer.from(bytes);
    changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    writeFileSync(file, changed);
    const { places } = await checkAudit(folder);
    expect(places[0], `bit ${bit}`).toBe("2026-11-21.jsonl:3");
  }
});

test("checkAudit() finds nothing wrong where there is no record", async () => {
  expect(await checkAudit(join(tempFolder(), "none"))).toEqual({ lines: 0, damaged: 0, places: [] });
});
