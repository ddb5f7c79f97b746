/** `countersign approvals`, on a real engine and worker. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { approvals } from "../../../src/cli/approvals.ts";
import { type Cli, CommandFailure, EXIT, UsageError } from "../../../src/cli/command.ts";
import { Secret } from "../../../src/config/secret.ts";
import type { AuditEntry } from "../../../src/lib/audit.ts";
import { createSigner } from "../../../src/signing/signer.ts";
import { ACTION, approvedAction, askedAction } from "../../support/approved-action.ts";
import { TEST_SIGNING_KEYS } from "../../support/gateway.ts";
import { openRig, type Rig, until } from "../gateway/rig.ts";

interface Ran {
  readonly code: number;
  readonly told: Record<string, unknown>;
  readonly text: string;
}

/** Runs the command with the rig's engine; what it refuses comes as its exit code and message. */
async function run(rig: Rig, ...args: string[]): Promise<Ran & { readonly records: readonly object[] }> {
  let told: Record<string, unknown> = {};
  let text = "";
  const records: Omit<AuditEntry, "who" | "requestId">[] = [];
  const signingKeys = { list: new Secret(`sign:${TEST_SIGNING_KEYS.sign[0].toString("base64url")}`) };
  const cli = {
    durable: async () => rig.durable,
    clock: Date.now,
    config: { aliasesFile: undefined, publicUrl: rig.url, signingKeys } as unknown as Cli["config"],
    record: (entry: Omit<AuditEntry, "who" | "requestId">) => void records.push(entry),
    print: (value: unknown, textOf: () => string) => {
      told = value as Record<string, unknown>;
      text = textOf();
    },
  } as Partial<Cli> as Cli;
  try {
    return { code: await approvals.run(args, cli), told, text, records };
  } catch (error) {
    if (error instanceof UsageError) return { code: EXIT.usage, told, text: error.message, records };
    if (error instanceof CommandFailure) return { code: error.exitCode, told, text: error.message, records };
    throw error;
  }
}

async function asked(rig: Rig, request: object = {}): Promise<void> {
  const approvers = [{ email: "ana@example.com", name: "Ana" }, "bo@example.com"];
  const body = {
    id: "po-1",
    title: "Order",
    approvers,
    require: "all",
    rounds: 2,
    undo: "PT10M",
    ...request,
  };
  expect(await rig.json("POST", "/approvals", body)).toMatchObject({ status: 202 });
  await until(async () => (rig.mailed() === 2 ? true : undefined));
}

test("shows an action whole, with what is invisible in it by its number, and each item", async () => {
  await using rig = await openRig();
  const pay = {
    tool: "pay",
    target: "ERP",
    audience: "runner",
    arguments: { to: "A\u200bna", list: [{ n: 1 }] },
  };
  await asked(rig, { action: pay });
  const one = await run(rig, "show", "po-1");
  expect(one.told).toMatchObject({ action: pay });
  for (const line of [
    "  action    pay  cannot be undone",
    "  target    ERP",
    "  run by    runner",
    '      "to": "A\\u200bna",',
  ]) {
    expect(one.text.split("\n")).toContain(line);
  }
  const items = [pay, { ...pay, tool: "mail", reversible: "yes" }];
  expect(
    await rig.json("POST", "/approvals", { id: "po-2", title: "Two", approvers: ["cy@example.com"], items }),
  ).toMatchObject({ status: 202 });
  const decide = () =>
    rig.json("POST", "/approvals/po-2/ballots/1/decide", { choice: "approve", except: [1] });
  await until(async () => ((await decide()).status === 200 ? true : undefined));
  const two = await run(rig, "show", "po-2");
  expect(two.text).toContain("  item 2    mail  can be undone");
  expect(two.text).toMatch(/ballot 1 {2}cy@example.com {2}approved.* without item 1 {2}/u);
});

const BO = ["--approver", "BO@example.com"];

test("shows what it waits for, and every ballot", async () => {
  await using rig = await openRig();
  await asked(rig);
  const { code, told, text } = await run(rig, "show", "po-1");
  expect([code, told["id"], told["status"]]).toEqual([0, "po-1", "pending"]);
  expect(told).toMatchObject({ explanation: { waitingFor: [{ needed: 2 }] } });
  expect(text).toMatch(/^po-1 {2}approval {2}pending\n/u);
  expect(text).toContain("Waiting for Ana, bo@example.com.");
  expect(text).toMatch(/ballot 3 {2}bo@example\.com {2}open {2}mail (?:sent|pending)/u);
  expect(await run(rig, "show", "po-2")).toMatchObject({
    code: EXIT.notFound,
    text: "There is no approval po-2",
  });
});

test("shows the deadline that comes next, and what follows, where the approval's is later", async () => {
  await using rig = await openRig();
  await asked(rig);
  expect((await run(rig, "show", "po-1")).text).not.toContain("then:");
  const stages = [{ approvers: ["ana@example.com"], deadline: "PT2H", onDeadline: "reject" }];
  const request = { id: "po-2", title: "Order", stages, deadline: "P9D" };
  await rig.json("POST", "/approvals", request);
  const shown = () => run(rig, "show", "po-2");
  const text = await until(async () => {
    const { text } = await shown();
    return text.includes("then:") ? text : undefined;
  });
  expect(text).toMatch(/ {2}next {6}\S+Z, then: reject\n {2}deadline {2}\S+Z\n/u);
});

test("does each act, and says with which key", async () => {
  await using rig = await openRig();
  await asked(rig);
  const folder = mkdtempSync(join(tmpdir(), "content-"));
  const file = join(folder, "content.yaml");
  writeFileSync(file, "title: Order fewer\ndetails: [{ label: Amount, value: '30' }]\n");
  try {
    const steps: readonly [string[], object][] = [
      [
        ["remind", "po-1", ...BO],
        { ballot: 3, mail: { status: "sent", possibleAgainAt: expect.any(String) } },
      ],
      [["resend", "po-1", "--ballot", "3", "--new-links"], { ballot: 3, next: expect.any(Number) }],
      [
        ["reassign", "po-1", ...BO, "--to", "dee@example.com", "--reason", "Away"],
        { next: expect.any(Number) },
      ],
      [["recuse", "po-1", "--approver", "dee@example.com"], {}],
      [["extend", "po-1", "--deadline", "P20D"], { round: 1, deadline: expect.any(String) }],
      [["change", "po-1", "--content", file, "--note", "Fewer will do"], { round: 2 }],
      [["cancel", "po-1", "--reason", "We lease them"], {}],
    ];
    for (const [args, expected] of steps) {
      const { code, told, text, records } = await run(rig, ...args);
      expect([code, text], args.join(" ")).toEqual([0, expect.stringContaining("done")]);
      expect(told).toMatchObject({ approval: "po-1", key: expect.any(String), isDone: true, ...expected });
      expect(records).toMatchObject([{ what: args[0], about: "po-1", outcome: "stored" }]);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
  const { told } = await run(rig, "show", "po-1");
  expect(told).toMatchObject({
    status: "cancelled",
    title: "Order fewer",
    cancellation: { reason: "We lease them" },
  });
});

test("takes an answer back", async () => {
  await using rig = await openRig();
  await asked(rig);
  await rig.json("POST", "/approvals/po-1/ballots/3/decide", { choice: "approve" });
  const { code, told } = await run(rig, "undo", "po-1", ...BO);
  expect([code, told]).toEqual([0, expect.objectContaining({ ballot: 3, next: expect.any(Number) })]);
});

test("an act that is repeated with its key is done once, and another one is refused", async () => {
  await using rig = await openRig();
  await asked(rig);
  const words = ["reassign", "po-1", "--ballot", "1", "--to", "dee@example.com"];
  const first = await run(rig, ...words);
  const again = await run(rig, ...words, "--key", String(first.told["key"]));
  expect(again).toMatchObject({ code: 0, told: first.told });
  const { ballots } = (await run(rig, "show", "po-1")).told as { ballots: object[] };
  expect(ballots).toHaveLength(3);
  expect(await run(rig, ...words)).toMatchObject({
    code: EXIT.conflict,
    text: "Cannot reassign: the ballot is closed already (reassigned)",
  });
  const other = [...words.slice(0, -1), "eve@example.com", "--key", String(first.told["key"])];
  expect((await run(rig, ...other)).code).toBe(EXIT.conflict);
});

test("a cancellation says whether it is the one that stands", async () => {
  await using rig = await openRig();
  await asked(rig);
  const first = await run(rig, "cancel", "po-1", "--reason", "We lease them");
  expect(first.told).toMatchObject({ effective: true });
  const other = await run(rig, "cancel", "po-1", "--reason", "Too dear");
  expect(other).toMatchObject({
    code: 0,
    told: { effective: false, isDone: true },
    text: expect.stringContaining("done by an earlier command"),
    records: [{ what: "cancel", outcome: "repeated" }],
  });
  const again = await run(
    rig,
    "cancel",
    "po-1",
    "--reason",
    "We lease them",
    "--key",
    String(first.told["key"]),
  );
  expect(again).toMatchObject({ told: { effective: true }, records: [{ outcome: "stored" }] });
});

test("what is wrong in a file is told by the file's name and the field's, and an option by its own", async () => {
  await using rig = await openRig();
  await asked(rig);
  const folder = mkdtempSync(join(tmpdir(), "content-"));
  const file = join(folder, "content.yaml");
  writeFileSync(file, "sumary: Fewer\ndetails: [{ label: '', value: '30' }]\n");
  try {
    const { code, text } = await run(rig, "change", "po-1", "--content", file, "--title", "");
    expect(code).toBe(EXIT.usage);
    expect(text.split("\n").toSorted()).toEqual([
      "--title must have at least 1 character",
      `${file}: details[0].label must have at least 1 character`,
      `${file}: sumary is not a known field`,
    ]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("of an act and a press at one moment one stands, and both are told", async () => {
  await using rig = await openRig();
  await asked(rig, { undo: undefined });
  const [acted, pressed] = await Promise.all([
    run(rig, "recuse", "po-1", "--ballot", "1"),
    rig.json("POST", "/approvals/po-1/ballots/1/decide", { choice: "approve" }),
  ]);
  const { effective, stands } = pressed.body as { effective: boolean; stands: { kind: string } };
  expect(acted.code).toBe(effective ? EXIT.conflict : EXIT.ok);
  expect(stands.kind).toBe(effective ? "decided" : "closed");
});

test("while no worker runs, it is stored, and the exit code says so", async () => {
  await using rig = await openRig();
  await asked(rig);
  await rig.rest();
  const { code, told, text } = await run(rig, "resend", "po-1", "--ballot", "1", "--new-links");
  expect([code, told["isDone"], text]).toEqual([
    EXIT.pending,
    false,
    expect.stringContaining("no worker has acted"),
  ]);
});

test.each<[string[], number, string]>([
  [
    [],
    EXIT.usage,
    "Say what to do: list, export, history, show, bundle, remind, resend, reassign, recuse, undo, cancel, extend, change",
  ],
  [["lists"], EXIT.usage, "Say what to do"],
  [["show"], EXIT.usage, "ID is missing"],
  [["recuse", "po-1"], EXIT.usage, "Say which ballot, by either --ballot N or --approver ADDRESS"],
  [["recuse", "po-1", "--ballot", "1", ...BO], EXIT.usage, "Say which ballot"],
  [["recuse", "po-1", "--ballot", "01"], EXIT.usage, "--ballot must be a ballot's number"],
  [["recuse", "po-1", "--ballot", "9"], EXIT.notFound, "There is no ballot 9 of po-1"],
  [
    ["recuse", "po-1", "--approver", "eve@example.com"],
    EXIT.notFound,
    "eve@example.com has no ballot of po-1",
  ],
  [["recuse", "po-2", ...BO], EXIT.notFound, "There is no approval po-2"],
  [["recuse", "po-1", ...BO, "--to", "dee@example.com"], EXIT.usage, "recuse takes no --to"],
  [["cancel", "po-1", ...BO], EXIT.usage, "cancel takes no --approver"],
  [["reassign", "po-1", ...BO], EXIT.usage, "--to is required"],
  [["reassign", "po-1", ...BO, "--to", "nobody"], EXIT.usage, "--to must be one plain mail address"],
  [
    ["reassign", "po-1", ...BO, "--to", "ana@example.com"],
    EXIT.usage,
    "--to must not be somebody who is asked",
  ],
  [["extend", "po-1"], EXIT.usage, "--deadline is required"],
  [["extend", "po-1", "--deadline", "PT1.5H"], EXIT.usage, "such as PT90M for PT1.5H"],
  [["extend", "po-1", "--deadline", "P1D"], EXIT.usage, "--deadline must be at least a minute later"],
  [["change", "po-1"], EXIT.usage, "must have title, summary, details or note"],
  [["change", "po-1", "--content", "/nowhere"], EXIT.usage, "/nowhere"],
  [["undo", "po-1", ...BO], EXIT.conflict, "there is no answer that can be taken back any more"],
  [["cancel", "po-1", "--key", ""], EXIT.usage, "--key must be given once"],
])("%j exits with %i", async (args, code, text) => {
  await using rig = await openRig();
  await asked(rig);
  expect(
    await run(rig, ...args).catch((error: Error) => ({ code: EXIT.usage, text: error.message })),
  ).toMatchObject({
    code,
    text: expect.stringContaining(text),
  });
});

test("consumes an approved action once, and revokes another", async () => {
  await using rig = await openRig({ work: false });
  using folder = temporary();
  const file = join(folder.path, "arguments.json");
  writeFileSync(file, JSON.stringify(ACTION.arguments));
  for (const id of ["pay-1", "pay-2"]) await approvedAction(rig.durable, id);
  const consume = (id: string, attempt: string, audience = ACTION.audience as string) =>
    run(rig, "consume", id, "--arguments", file, "--audience", audience, "--attempt", attempt);
  const granted = await consume("pay-1", "job-1");
  expect(granted).toMatchObject({ code: EXIT.ok, told: { approval: "pay-1", use: 1 } });
  expect(granted.records).toMatchObject([{ what: "consume", about: "pay-1", outcome: "granted" }]);
  const signer = createSigner({ keys: TEST_SIGNING_KEYS.sign, issuer: rig.url });
  expect(await signer.verify("countersign-grant+jwt", granted.text)).toMatchObject({
    ok: true,
    claims: { iss: rig.url, jti: "pay-1:use~1" },
  });
  expect((await consume("pay-1", "job-1")).text).toBe(granted.text);
  expect(await consume("pay-1", "job-2")).toMatchObject({ code: EXIT.conflict });
  expect(await consume("pay-2", "job-1", "deploy")).toMatchObject({ code: EXIT.usage });
  expect(await consume("pay-9", "job-1")).toMatchObject({ code: EXIT.notFound });

  expect(await run(rig, "revoke", "pay-1")).toMatchObject({ code: EXIT.conflict });
  const revoked = await run(rig, "revoke", "pay-2", "--reason", "Fraud", "--key", "k1");
  const uses = [{ n: 1, state: "revoked", reason: "Fraud", caller: "operator" }];
  expect(revoked).toMatchObject({ code: EXIT.ok, told: { effective: true, uses, key: "k1" } });
  expect(await consume("pay-2", "job-1")).toMatchObject({ code: EXIT.conflict });
  expect(await run(rig, "show", "pay-1")).toMatchObject({ told: { uses: [{ state: "consumed" }] } });
  expect((await run(rig, "show", "pay-2")).text).toMatch(/revoked {3}\S+ by operator/u);

  writeFileSync(file, JSON.stringify({ ...ACTION.arguments, amount: 1 }));
  const other = await consume("pay-2", "job-1");
  expect([other.code, other.text]).toEqual([EXIT.usage, expect.stringContaining("changed /amount")]);
  await askedAction(rig.durable, "pay-3");
  writeFileSync(file, JSON.stringify(ACTION.arguments));
  expect(await consume("pay-3", "job-1")).toMatchObject({ code: EXIT.failed });
  expect((await run(rig, "consume", "pay-3")).text).toContain("--arguments FILE is missing");
  expect((await run(rig, "consume", "pay-3", "--arguments", file)).text).toContain("--attempt is required");
  expect((await run(rig, "consume", "pay-3", "--to", "x@example.com")).code).toBe(EXIT.usage);
});

function temporary() {
  const path = mkdtempSync(join(tmpdir(), "consume-"));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true }) };
}
