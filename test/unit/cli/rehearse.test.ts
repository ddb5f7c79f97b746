import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { run } from "../../../src/cli/main.ts";
import { type CliRun, countersignHere } from "../../support/cli.ts";
import { blocksIn } from "../../support/guide-code.ts";

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "countersign-rehearse-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

const SPEC = `
title: Buy 40 laptops
approvers: [ana@example.com, bo@example.com]
require: all
deadline: P5D
`;

const PEOPLE = `
ana@example.com: { choice: approve, after: P1D, comment: Fine }
"*":
  - { choice: reject, after: P2D, comment: Too dear }
`;

function rehearse(...args: readonly string[]): Promise<CliRun> {
  return countersignHere(["rehearse", ...args], {});
}

/** As people see it on a terminal. */
async function onTerminal(...args: readonly string[]): Promise<CliRun> {
  const said = { stdout: "", stderr: "" };
  const code = await run(["rehearse", ...args], {
    env: {},
    isTerminal: true,
    out: (text) => {
      said.stdout += text;
    },
    err: (text) => {
      said.stderr += text;
    },
  });
  return { code, ...said };
}

describe("countersign rehearse", () => {
  test("prints what happened when: as text for people, as JSON for programs", async () => {
    const [spec, people] = [file("spec.yaml", SPEC), file("people.yaml", PEOPLE)];
    const { code, stdout, stderr } = await onTerminal(spec, "--script", people);
    expect([code, stderr]).toEqual([0, ""]);
    const lines = stdout.split("\n");
    expect(lines[0]).toBe("Buy 40 laptops (times in UTC)");
    expect(lines).toContain(
      "+0   Tue 2030-01-01 09:00:00  mail 1 to ana@example.com (request): Decision needed: Buy 40 laptops",
    );
    expect(stdout).toMatch(/^\+1d  Wed 2030-01-02 09:00:00  ana@example.com answers approve \("Fine"\)/mu);
    expect(stdout).toMatch(/^\+2d  Thu 2030-01-03 09:00:00  ends as rejected: /mu);
    expect(stdout).toMatch(/^Outcome {2}rejected after 2d: /mu);
    expect(lines).toContain(
      "Mails    ana@example.com 1 request, 1 outcome; bo@example.com 1 request, 1 outcome",
    );

    const json = await rehearse(spec, "--script", people);
    expect(JSON.parse(json.stdout)).toMatchObject({
      outcome: { outcome: "rejected", decisions: [{ email: "ana@example.com", comment: "Fine" }, {}] },
      startedAt: "2030-01-01T09:00:00.000Z",
      endedAt: "2030-01-03T09:00:00.000Z",
      mails: [
        { to: "ana@example.com", kind: "request" },
        { to: "bo@example.com", kind: "request" },
        { to: "ana@example.com", kind: "outcome" },
        { to: "bo@example.com", kind: "outcome" },
      ],
      unused: [],
    });
  });

  test("exits 0 when all is as expected, and 1 with each difference", async () => {
    const [spec, people] = [file("spec.yaml", SPEC), file("people.yaml", PEOPLE)];
    const good = file(
      "good.yaml",
      `
outcome: rejected
decisions:
  - { email: Bo@example.com, choice: reject, comment: Too dear, at: "2030-01-03T09:00:00.000Z" }
mails: { ana@example.com: 2, bo@example.com: { request: 1 }, cy@example.com: 0 }
took: PT48H
`,
    );
    const fine = await rehearse(spec, "--script", people, "--expect", good);
    expect([fine.code, fine.stderr]).toEqual([0, ""]);
    expect(JSON.parse(fine.stdout)).toMatchObject({ differences: [] });

    const other = file(
      "other.json",
      JSON.stringify({
        outcome: "approved",
        reason: "Because",
        decisions: [{ email: "ana@example.com", choice: "reject" }, { email: "cy@example.com" }],
        mails: { "ana@example.com": 3, "bo@example.com": { request: 1, reminder: 1 } },
        took: "P1D",
      }),
    );
    const { code, stdout, stderr } = await rehearse(spec, "--script", people, "--expect", other);
    expect(code).toBe(1);
    expect(stderr.split("\n").map((line) => line.replaceAll(/ +/gu, " ").trim())).toEqual([
      `countersign: not as ${other} expects:`,
      "outcome expected approved, but was rejected",
      expect.stringMatching(/^reason expected Because, but was \w/u),
      "decisions[0].choice expected reject, but was approve",
      "decisions[1] expected a decision by cy@example.com, but was none",
      "mails.ana@example.com expected 3, but was 2",
      "mails.bo@example.com.reminder expected 1, but was 0",
      "took expected P1D, but was 2d",
      "",
    ]);
    expect((JSON.parse(stdout) as { differences: unknown[] }).differences).toHaveLength(7);
  });

  test("writes each mail to look at, and replaces those of the rehearsal before", async () => {
    const mails = join(folder, "mails");
    await rehearse(file("spec.yaml", SPEC), "--mails", mails);
    expect(readdirSync(mails).sort()).toEqual([
      "001-request-ana@example.com.html",
      "001-request-ana@example.com.txt",
      "002-request-bo@example.com.html",
      "002-request-bo@example.com.txt",
      "003-no-longer-needed-ana@example.com.html",
      "003-no-longer-needed-ana@example.com.txt",
      "004-no-longer-needed-bo@example.com.html",
      "004-no-longer-needed-bo@example.com.txt",
      "index.html",
    ]);
    const index = readFileSync(join(mails, "index.html"), "utf8");
    expect(index).toContain('<a href="002-request-bo@example.com.html">');
    expect(index).toContain("Outcome: expired.");
    const one = file("one.json", JSON.stringify({ title: "<b>", approvers: ["o'neill/x@example.com"] }));
    writeFileSync(join(mails, "notes.txt"), "mine");
    expect((await rehearse(one, "--mails", mails)).code).toBe(0);
    expect(readdirSync(mails).sort()).toEqual([
      "001-request-o_neill_x@example.com.html",
      "001-request-o_neill_x@example.com.txt",
      "002-no-longer-needed-o_neill_x@example.com.html",
      "002-no-longer-needed-o_neill_x@example.com.txt",
      "index.html",
      "notes.txt",
    ]);
    expect(readFileSync(join(mails, "index.html"), "utf8")).toContain('<h1 dir="auto">&lt;b&gt;</h1>');
  });

  test("leaves a folder alone that holds something else", async () => {
    const taken = join(folder, "taken");
    mkdirSync(taken);
    writeFileSync(join(taken, "index.html"), "<h1>My site</h1>");
    const { code, stderr } = await rehearse(file("spec.yaml", SPEC), "--mails", taken);
    expect(code).toBe(2);
    expect(stderr).toContain("is not empty, and holds no rehearsal: name another folder");
    expect(readFileSync(join(taken, "index.html"), "utf8")).toBe("<h1>My site</h1>");
    const under = await rehearse(file("spec.yaml", SPEC), "--mails", join(taken, "index.html", "x"));
    expect([under.code, under.stderr]).toEqual([2, expect.stringContaining("cannot be written: ")]);
  });

  test("goes by --now where the deadline is an instant", async () => {
    const spec = file(
      "instant.json",
      JSON.stringify({ title: "T", approvers: ["ana@example.com"], deadline: "2026-12-12T00:00:00Z" }),
    );
    const refused = await rehearse(spec);
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain("  deadline must be ");
    expect(refused.stderr).toContain("now is 2030-01-01T09:00:00Z");
    const { code, stdout } = await rehearse(spec, "--now", "2026-12-11T00:00:00+01:00");
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      startedAt: "2026-12-10T23:00:00.000Z",
      endedAt: "2026-12-12T00:00:00.000Z",
    });
  });

  test.each<[string, string, readonly string[], string]>([
    ["no spec", "", [], "SPEC is missing"],
    ["two specs", "", ["a.json", "b.json"], "One SPEC only"],
    ["an unknown option", SPEC, ["SPEC", "--fast"], "'--fast'"],
    ["no instant", SPEC, ["SPEC", "--now", "soon"], "--now must be an instant"],
    ["a duration", SPEC, ["SPEC", "--now", "P1D"], "--now must be an instant"],
    ["no folder", SPEC, ["SPEC", "--mails", " "], "--mails must name a folder"],
    ["no file", "", ["nowhere.json"], "Cannot read nowhere.json: ENOENT"],
    ["no YAML", "{a: ", ["SPEC"], "it is not YAML"],
    ["no request", "42", ["SPEC"], "must be an approval request:\n  body must be an object"],
    [
      "a wrong field",
      "title: x\napprovers: [ana]",
      ["SPEC"],
      "  approvers[0] must be one plain mail address",
    ],
  ])("refuses %s, with exit code 2", async (_what, text, args, message) => {
    const spec = file("bad.yaml", text);
    const { code, stderr } = await rehearse(...args.map((arg) => (arg === "SPEC" ? spec : arg)));
    expect(code).toBe(2);
    expect(stderr).toContain(message);
  });

  test.each([
    ["script", "ana@example.com: perhaps", "must be a script of people:\n  ana@example.com must be one of"],
    ["script", "- approve", "must be a script of people:\n  body must be an object"],
    ["expect", "outcom: approved", "must be an expectation:\n  outcom is not a known field"],
    ["expect", "{}", "must have at least one of outcome, reason, decisions, mails, took"],
    ["expect", "mails: { ana: 1 }", "mails.ana must be one plain mail address"],
    [
      "expect",
      "mails: { ana@example.com: { requests: 1 } }",
      "mails.ana@example.com.requests must be one of request, reminder",
    ],
    [
      "script",
      "ana@example.com: { choice: approve, fields: { cost: 1 } }",
      "ana@example.com.fields must not have cost",
    ],
    ["script", "ana@example.com: reassign", "ana@example.com must be an object with do: reassign and to"],
    [
      "script",
      "ana@example.com: { choice: approve, to: bo@example.com }",
      "ana@example.com.to belongs to do: reassign",
    ],
    [
      "script",
      "ana@example.com: { do: change, until: P1D }",
      "ana@example.com.content is required to change",
    ],
    ["script", "ana@example.com: { do: extend, until: soon }", "ana@example.com.until must be an ISO 8601"],
    ["expect", "decisions: [{ choice: approve }]", "decisions[0].email is required"],
    ["expect", "took: 2 days", "took must be an ISO 8601 duration"],
  ])("names each field of --%s that is wrong: %s", async (option, text, message) => {
    const { code, stderr } = await rehearse(
      file("spec.yaml", SPEC),
      `--${option}`,
      file(`${option}.yaml`, text),
    );
    expect(code).toBe(2);
    expect(stderr).toContain(message);
  });

  test("does what the guide shows", async () => {
    const [spec = "", people = "", , expected = ""] = blocksIn("guides/rehearsal.md", "yaml");
    const files = [file("spec.yaml", spec), "--script", file("people.yaml", people)] as const;
    const mails = join(folder, "guide");
    const { code, stdout } = await onTerminal(...files, "--mails", mails);
    expect(code).toBe(0);
    const [shown = "", differing] = blocksIn("guides/rehearsal.md", "text");
    // What pages say is theirs to change.
    const withoutPages = (text: string) => text.replaceAll(/(?<=The page says: ).+/gu, "…");
    expect(withoutPages(stdout)).toBe(withoutPages(shown.replace("/home/kim/mails", mails)));
    const checked = await rehearse(...files, "--expect", file("outcome.yaml", expected));
    expect([checked.code, checked.stderr]).toEqual([0, ""]);
    const other = file("other.yaml", "outcome: rejected\nmails: { bo@example.com: 3 }");
    const { stderr } = await rehearse(...files, "--expect", other);
    expect(differing).toBe(stderr.replace(other, "outcome.yaml"));
  });
});
