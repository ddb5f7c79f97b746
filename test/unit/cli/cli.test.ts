import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openEngine } from "../../../src/engine/engine.ts";
import { serveEngine } from "../../../src/engine/serve/http.ts";
import { type CliRun, countersignHere, countersign as countersignProcess } from "../../support/cli.ts";
import { eventually } from "../../support/eventually.ts";
import { startTestGateway, type TestGateway } from "../../support/gateway.ts";
import { ROOT } from "../../support/service-process.ts";

const TOKEN = "t0ken";

let dir: string;
let service: TestGateway;
let server: { readonly url: string; readonly port: number; close(): Promise<void> };

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), "countersign-cli-"));
  // No file .env of whoever runs the tests is read.
  process.chdir(dir);
  mkdirSync(join(dir, "data"));
  writeFileSync(join(dir, "data", "engine.token"), `${TOKEN}\n`);
  service = await startTestGateway({
    workflows: {
      *greet(ctx, name: unknown) {
        return yield* ctx.run(function format_greeting() {
          return `Hello, ${String(name)}!`;
        });
      },
      *fail() {
        throw new Error("No such account");
      },
      *question(ctx) {
        yield* ctx.run(function look_up() {
          return 1;
        });
        return yield* yield* ctx.promise({ data: { ask: "?" }, tags: { "countersign:kind": "ballot" } });
      },
    },
  });
  server = await serveEngine(service.engine, { port: 0, token: TOKEN });
});

afterAll(async () => {
  await server.close();
  await service[Symbol.asyncDispose]();
  process.chdir(ROOT);
  rmSync(dir, { recursive: true });
});

const PENS = { title: "Buy pens", approvers: ["ana@example.com"] };

const PURCHASE = new URL("../../../examples/rehearsals/purchase/request.yaml", import.meta.url).pathname;
/** A file that holds no request. */
const PEOPLE = PURCHASE.replace("request", "people");

function approvalNow(request: object): string[] {
  return ["invoke", "a", "--func", "approval", "--arg", JSON.stringify(request)];
}

function approvalEach(request: object): string[] {
  return ["create", "s", "--cron", "@daily", "--func", "approval", "--arg", JSON.stringify(request)];
}

function inDays(days: number): string {
  return new Date(Date.now() + days * 86_400_000).toISOString();
}

interface Run {
  readonly code: number;
  readonly out: unknown;
  readonly err: string;
}

const settings = (env: Record<string, string>) => ({
  DATA_DIR: join(dir, "data"),
  ENGINE_PORT: String(server.port),
  ...env,
});

function read({ code, stdout, stderr }: CliRun): Run {
  return { code, out: /^[{[]/.test(stdout) ? (JSON.parse(stdout) as unknown) : stdout, err: stderr };
}

/** In this process. */
async function countersign(args: readonly string[], env: Record<string, string> = {}): Promise<Run> {
  return read(await countersignHere(args, settings(env)));
}

/** As a process of its own, where its end and what else it writes are the point. */
async function spawned(args: readonly string[], env: Record<string, string> = {}): Promise<Run> {
  return read(await countersignProcess(args, settings(env), [], dir));
}

describe("countersign schedule", () => {
  const weekly = ["schedule", "create", "weekly", "--cron", "0 9 * * 1", "--func", "greet", "--arg", '"Kim"'];
  const byName = weekly.with(4, "0 9 * * MON");

  test("creates, lists and deletes; the same again changes nothing, another of that name is refused", async () => {
    const made = await spawned(weekly);
    const shown = {
      name: "weekly",
      cron: "0 9 * * MON",
      lastRunAt: null,
      nextRunAt: expect.stringMatching(/T09:00/),
    };
    expect(made).toMatchObject({ code: 0, out: shown });
    expect(new Date((made.out as { nextRunAt: string }).nextRunAt).getUTCDay()).toBe(1);
    expect(await countersign(weekly)).toMatchObject({ code: 0, out: made.out });
    expect(await countersign(byName)).toMatchObject({ code: 0, out: made.out });
    expect(await countersign([...weekly, "--timeout", "2d"])).toMatchObject({ code: 6 });
    expect(await countersign(["schedule", "list"])).toMatchObject({ code: 0, out: [shown] });
    expect(await countersign(["schedule", "delete", "weekly"])).toMatchObject({ code: 0 });
    expect(await countersign(["schedule", "delete", "weekly"])).toMatchObject({ code: 3 });
    expect(await countersign(["schedule", "list"])).toMatchObject({ code: 0, out: [] });
  });

  test("starts its workflow", async () => {
    const often = [
      "schedule",
      "create",
      "often",
      "--cron",
      "* * * * * *",
      "--func",
      "greet",
      "--arg",
      '"Kim"',
    ];
    const { out } = await countersign(often);
    const at = Date.parse((out as { nextRunAt: string }).nextRunAt);
    await eventually("the first occurrence has come", () => Date.now() > at);
    const done = await spawned(["wait", `often-${at}`, "--timeout", "10s"]);
    expect(done).toMatchObject({ code: 0, out: { func: "greet", result: "Hello, Kim!" } });
    await countersign(["schedule", "delete", "often"]);
  });

  test.each([
    [["create", "s", "--func", "f"], "--cron is missing"],
    [["create", "s", "--cron", "* * * * *"], "--func is missing"],
    [["create", "a:b", "--cron", "* * * * *", "--func", "f"], "NAME must be"],
    [["create", "s", "--cron", "@daily", "--func", "approval"], "--arg must be given once"],
    [["create", "s", "--cron", "@daily", "--approval", "/nowhere.yaml"], "/nowhere.yaml"],
    [
      ["create", "s", "--cron", "@daily", "--approval", "/nowhere.yaml", "--func", "approval"],
      "Give either --approval FILE, or --func and --arg",
    ],
    [["create", "s", "--cron", "@daily", "--approval", PEOPLE], "people.yaml must be an approval request:\n"],
    [approvalEach({ title: "t", approvers: ["ana"] }), "approvers[0] must be one plain mail address"],
    [approvalEach({ ...PENS, deadline: "2098-01-01T00:00:00Z" }), "deadline must be 1 minute to 400 days"],
    [
      approvalEach({ ...PENS, deadline: inDays(9) }),
      "--arg must have a duration such as P5D as its deadline",
    ],
    [approvalEach({ ...PENS, id: "po-1" }), "--arg must have no id"],
    [[...approvalEach(PENS), "--timeout", "2d"], "--timeout must be left out for approval"],
    [["create", "s", "--cron", "@daily", "--func", "callback"], "--func must not be callback"],
    [["create", "s", "--cron", "often", "--func", "f"], "--cron must be minute, hour"],
    [["create", "s", "--cron", "0 9 30 2 *", "--func", "f"], "--cron must occur again"],
    [["create", "s", "--cron", "@daily", "--func", "f", "--timeout", "0s"], "--timeout must be at least 1s"],
    [
      ["create", "s", "--cron", "@daily", "--func", "f", "--target", "poll://any@w"],
      "--target must be a worker",
    ],
    [["list", "s"], "list takes no NAME"],
    [[], "Say what to do"],
  ])("with %j is told what is wrong", async (args, message) => {
    const { code, err } = await countersign(["schedule", ...args]);
    expect([code, err]).toEqual([2, expect.stringContaining(message)]);
  });
});

describe("countersign schedule on a server that is not the embedded engine", () => {
  const other = () => ({ RESONATE_URL: server.url, RESONATE_TOKEN: TOKEN });
  const create = (name: string, cron: string) =>
    countersign(["schedule", "create", name, "--cron", cron, "--func", "greet"], other());

  test.each([
    ["0 9 13 * 5", "on days that fit both"],
    ["0 9 L * *", "L, for the last day"],
    ["0 9 * * MON#1", "# is read by the embedded engine alone"],
    ["0 0 9 * * 1 2098", "every minute"],
  ])("refuses %s, which it may read differently", async (cron, why) => {
    const { code, err } = await create("s", cron);
    expect([code, err]).toEqual([2, expect.stringContaining(why)]);
    expect(await countersign(["schedule", "list"], other())).toMatchObject({ code: 0, out: [] });
  });

  test("stores what every server reads the same", async () => {
    expect(await create("workdays", "H 9 * * 1-5")).toMatchObject({
      code: 0,
      out: { cron: expect.stringMatching(/^\d+ 9 \* \* MON-FRI$/) },
    });
    expect(await create("workdays", "0 8 * * 1-5")).toMatchObject({
      code: 6,
      err: expect.stringContaining("belongs to another schedule, with"),
    });
    await countersign(["schedule", "delete", "workdays"], other());
  });
});

describe("countersign doctor, backup and gc", () => {
  test("work on the engine's folder", async () => {
    const data = join(dir, "engine-folder");
    const env = { DATA_DIR: data };
    expect(await countersign(["doctor"], env)).toMatchObject({
      code: 4,
      err: expect.stringContaining("no file"),
    });
    const engine = openEngine({ dataDir: data });
    expect(await countersign(["doctor"], env)).toMatchObject({
      code: 0,
      out: { isRunning: true, findings: [] },
    });
    const copy = join(dir, "copy.db");
    expect(await spawned(["backup", copy], env)).toMatchObject({ code: 0, out: { file: copy } });
    expect(await countersign(["backup", copy], env)).toMatchObject({
      code: 2,
      err: expect.stringContaining("exists"),
    });
    await engine.close();
    expect(await countersign(["gc", "--older-than", "P1D"], env)).toMatchObject({
      code: 0,
      out: { deletedPromises: 0 },
    });
    expect(await countersign(["gc"], env)).toMatchObject({ code: 2 });
    expect(recordIn(data)).toEqual([
      { who: "operator", what: "backup", file: copy, outcome: "done" },
      { who: "operator", what: "gc", olderThan: "P1D", promises: 0, outcome: "done" },
    ]);
    const elsewhere = { ...env, RESONATE_URL: "http://127.0.0.1:1" };
    expect(await countersign(["doctor"], elsewhere)).toMatchObject({ code: 2 });
  });

  test("doctor fails where a workflow is halted", async () => {
    const data = join(dir, "halted-folder");
    const engine = openEngine({ dataDir: data });
    const head = { corrId: "c", version: "2026-04-01" };
    const tags = { "resonate:target": "poll://any@worker" };
    const timeoutAt = Date.now() + 60_000;
    await engine.send({ kind: "promise.create", head, data: { id: "bad", timeoutAt, param: {}, tags } });
    await engine.send({ kind: "task.halt", head, data: { id: "bad" } });
    await engine.close();
    const run = await spawned(["doctor"], { DATA_DIR: data });
    expect(run).toMatchObject({ code: 1, out: { findings: [{ level: "attention", ids: ["bad"] }] } });
  });
});

test("what commands change is in the audit record, and what they only look at or refuse is not", async () => {
  const auditDir = join(dir, "record", "audit");
  const env = { AUDIT_DIR: auditDir };
  const weekly = ["weekly-2", "--cron", "0 9 * * MON", "--func", "greet"];
  for (const args of [
    ["invoke", "rec-1", "--func", "question", "--arg", '"a secret"'],
    ["task", "halt", "rec-1"],
    ["task", "continue", "rec-1"],
    ["schedule", "create", ...weekly],
    ["schedule", "delete", "weekly-2"],
    // These change nothing.
    ["get", "rec-1"],
    ["tree", "rec-1"],
    ["task", "list"],
    ["task", "halt", "nobody"],
    ["schedule", "list"],
    ["schedule", "delete", "weekly-2"],
    ["callbacks", "list"],
    ["invoke", "rec-1", "--func", "greet"],
  ]) {
    await countersign(args, env);
  }
  expect(recordIn(join(dir, "record"))).toEqual([
    { who: "operator", what: "begin", about: "rec-1", func: "question", outcome: "pending" },
    { who: "operator", what: "task.halt", about: "rec-1", outcome: "halted" },
    { who: "operator", what: "task.continue", about: "rec-1", outcome: expect.any(String) },
    {
      who: "operator",
      what: "schedule.create",
      about: "weekly-2",
      func: "greet",
      cron: "0 9 * * MON",
      outcome: "done",
    },
    { who: "operator", what: "schedule.delete", about: "weekly-2", outcome: "done" },
  ]);
  await countersign(["invoke", "rec-2", "--func", "question"], { AUDIT_DIR: "off" });
  expect(recordIn(join(dir, "record"))).toHaveLength(5);
});

/** The lines of the audit record in a data folder, without their times. */
function recordIn(dataDir: string): object[] {
  const folder = join(dataDir, "audit");
  return readdirSync(folder)
    .flatMap((day) => readFileSync(join(folder, day), "utf8").trimEnd().split("\n"))
    .map((line) => {
      const { time, sum: _, ...entry } = JSON.parse(line) as { readonly time: string; readonly sum: string };
      expect(time).toMatch(/^\d{4}-/u);
      return entry;
    });
}

describe("countersign task", () => {
  test("halts, lists and continues", async () => {
    await countersign(["invoke", "t1", "--func", "question"]);
    expect(await spawned(["task", "halt", "t1"])).toMatchObject({
      code: 0,
      out: { id: "t1", state: "halted" },
    });
    expect(await countersign(["task", "list"])).toMatchObject({
      code: 0,
      out: [{ id: "t1", state: "halted" }],
    });
    expect(await countersign(["task", "continue", "t1"])).toMatchObject({ code: 0 });
    expect(await countersign(["task", "continue", "t1"])).toMatchObject({ code: 6 });
    expect(await countersign(["task", "halt", "nobody"])).toMatchObject({ code: 3 });
    expect(await countersign(["task", "list", "--state", "lost"])).toMatchObject({ code: 2 });
  });
});

describe("countersign absences", () => {
  test("adds a rule, which an approval goes by, lists it and removes it", async () => {
    const add = ["absences", "add", "--person", "ana@example.com", "--to", "bo@example.com"];
    const until = inDays(9).slice(0, 10);
    const made = await countersign([
      ...add,
      "--until",
      until,
      "--time-zone",
      "Asia/Kolkata",
      "--note",
      "Leave",
    ]);
    const rule = made.out as { readonly id: string };
    expect(made).toMatchObject({ code: 0, out: { until: `${until}T18:30:00.000Z`, note: "Leave" } });
    await countersign(["invoke", "a-away", "--func", "approval", "--arg", JSON.stringify(PENS)]);
    // Who is away is settled in what it starts with.
    const { out } = await countersign(["get", "a-away"]);
    expect(JSON.stringify(out)).toContain('"away":{"ana@example.com":{"to":{"email":"bo@example.com"}');
    expect(await countersign(["absences", "list", "--person", "Ana@example.com"])).toMatchObject({
      code: 0,
      out: [rule],
    });
    expect((await countersign(["absences", "list", "--person", "bo@example.com"])).out).toEqual([]);
    expect((await countersign(["absences", "remove", rule.id])).code).toBe(0);
    expect((await countersign(["absences", "remove", rule.id])).code).toBe(3);
  });

  test.each([
    [["add", "--person", "ana@example.com", "--until", "P9D"], "--to is missing"],
    [
      ["add", "--person", "ana", "--to", "bo@example.com", "--until", "P9D"],
      "--person must be one plain mail",
    ],
    [
      ["add", "--person", "ana@example.com", "--to", "bo@example.com", "--until", "2027-01-06"],
      "--time-zone is",
    ],
    [["list", "--person", "ana"], "--person must be one mail address"],
    [["remove"], "ID is missing"],
    [["list", "x"], "What is x?"],
    [[], "Say what to do: add, list or remove"],
  ])("%j is refused", async (args, message) => {
    const { code, err } = await countersign(["absences", ...args]);
    expect(code).toBe(2);
    expect(err).toContain(message);
  });
});

describe("countersign invoke", () => {
  test("starts a workflow and, with --wait, shows how it ended", async () => {
    const run = await spawned(["invoke", "greeting-1", "--func", "greet", "--arg", '"World"', "--wait"]);
    expect(run).toMatchObject({
      code: 0,
      err: "",
      out: {
        id: "greeting-1",
        kind: "workflow",
        state: "resolved",
        func: "greet",
        version: 1,
        args: ["World"],
        result: "Hello, World!",
        settledAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
      },
    });
  });

  test("finds the same call again, and refuses another under its id", async () => {
    const call = ["invoke", "twice", "--func", "greet", "--arg", '{"a":1,"b":2}', "--arg", "2"];
    const runs = await Promise.all([spawned(call), spawned(call)]);
    expect(runs.map(({ code }) => code)).toEqual([0, 0]);
    const other = await countersign(["invoke", "twice", "--func", "greet", "--arg", "1"]);
    expect(other).toMatchObject({
      code: 6,
      out: "",
      err: expect.stringContaining("belongs to another call"),
    });
  });

  test("ends with 1 when the workflow fails, and shows its message without a stack", async () => {
    const run = await spawned(["invoke", "failing", "--func", "fail", "--wait"]);
    expect(run).toMatchObject({ code: 1, out: { state: "rejected" } });
    expect(run.out).toHaveProperty("error", { name: "Error", message: "No such account" });
  });

  test("sets the workflow's end and its workers' group", async () => {
    const args = [
      "invoke",
      "far",
      "--func",
      "greet",
      "--timeout",
      "2h",
      "--target",
      "elsewhere",
      "--version",
      "3",
    ];
    expect(await countersign(args)).toMatchObject({
      code: 0,
      out: { state: "pending", version: 3, args: [] },
    });
    const promise = await service.durable.read("far");
    expect(promise?.tags["resonate:target"]).toBe("poll://any@elsewhere");
    expect(Math.round((promise!.timeoutAt - promise!.createdAt) / 60_000)).toBe(120);
  });
});

describe("countersign get and wait", () => {
  test("show a promise that waits, and tell by the exit code", async () => {
    await service.durable.start({ id: "asks", func: "question", args: [], timeoutAt: Date.now() + 60_000 });
    await expect.poll(async () => (await service.durable.children("asks")).length).toBe(2);
    expect(await countersign(["get", "asks:1"])).toMatchObject({
      code: 0,
      out: { id: "asks:1", kind: "ballot", state: "pending", param: { ask: "?" } },
    });
    expect(await spawned(["wait", "asks", "--timeout", "10ms"])).toMatchObject({
      code: 5,
      out: { state: "pending" },
    });
    const waiting = spawned(["wait", "asks"]);
    await service.durable.settle("asks:1", "yes");
    expect(await waiting).toMatchObject({ code: 0, out: { state: "resolved", result: "yes" } });
  });

  test("tell unknown from unreachable", async () => {
    for (const command of ["get", "wait", "tree"]) {
      expect(await countersign([command, "nobody"])).toMatchObject({
        code: 3,
        err: "countersign: nobody not found\n",
      });
    }
    const down = { RESONATE_URL: "http://127.0.0.1:1" };
    expect(await spawned(["get", "x"], down)).toMatchObject({
      code: 4,
      err: expect.stringContaining("cannot be reached"),
    });
    const never = { DATA_DIR: join(dir, "elsewhere") };
    expect(await countersign(["get", "x"], never)).toMatchObject({
      code: 4,
      err: expect.stringContaining("engine.token"),
    });
    const refused = { RESONATE_URL: server.url, RESONATE_TOKEN: "wrong" };
    expect(await countersign(["get", "x"], refused)).toMatchObject({
      code: 4,
      err: expect.stringContaining("token"),
    });
  });

  test("work with any server that is named", async () => {
    const named = { RESONATE_URL: server.url, RESONATE_TOKEN: TOKEN, DATA_DIR: join(dir, "elsewhere") };
    await service.durable.start({
      id: "plain",
      func: "greet",
      args: ["you"],
      timeoutAt: Date.now() + 60_000,
    });
    expect(await countersign(["wait", "plain"], named)).toMatchObject({
      code: 0,
      out: { result: "Hello, you!" },
    });
  });
});

describe("countersign tree", () => {
  test("nests everything below a workflow", async () => {
    await service.durable.start({ id: "family", func: "question", args: [], timeoutAt: Date.now() + 60_000 });
    await expect.poll(async () => (await service.durable.children("family")).length).toBe(2);
    expect(await countersign(["tree", "family"])).toMatchObject({
      code: 0,
      out: {
        id: "family",
        truncated: false,
        children: [
          { id: "family:0", kind: "step", func: "look_up", state: "resolved", children: [] },
          { id: "family:1", kind: "ballot", state: "pending", children: [] },
        ],
      },
    });
  });
});

test("an approval is asked for from a file, and once", async () => {
  const asked = await countersign(["invoke", "po-file", "--approval", PURCHASE]);
  expect(asked).toMatchObject({
    code: 0,
    out: { kind: "approval", args: [{ title: "Buy 40 laptops" }, {}] },
  });
  expect(await countersign(["invoke", "po-file", "--approval", PURCHASE])).toMatchObject(asked);
  const other = await countersign(["invoke", "po-file", "--func", "approval", "--arg", JSON.stringify(PENS)]);
  expect(other.code).toBe(6);
});

describe("countersign", () => {
  test.each([
    [["bogus"], "no command bogus"],
    [["get"], "ID is missing"],
    [["get", "a", "b"], "One ID only"],
    [["get", "a", "--nope"], "--nope"],
    [["wait", "a", "--timeout", "5y"], "--timeout must be a duration"],
    [["wait", "a", "--timeout", "P501D"], "--timeout must be a duration"],
    [["get", "a".repeat(1025)], "ID must have at most 1024 characters"],
    [["task", "halt", "a".repeat(1025)], "ID must have at most 1024 characters"],
    [["invoke", "a", "--func", "f", "--timeout", "0s"], "--timeout must be at least 1s"],
    [["invoke", "a", "--func", "f", "--timeout", "PT1.0005S"], "--timeout must be a duration"],
    [["invoke", "a", "--func", "f", "--target", "poll://any@worker"], "--target must be a worker group"],
    [["invoke", "a", "--func", "f", "--target", ""], "--target must be a worker group"],
    [["invoke", "a"], "--func is missing"],
    [["invoke", "a:b", "--func", "f"], "ID must be"],
    [["invoke", "a", "--func", "approval"], "--arg must be given once, with a body of POST /approvals"],
    [approvalNow({ title: "", approvers: [] }), "title must"],
    [approvalNow({ title: "", approvers: [] }), "approvers must"],
    [approvalNow({ ...PENS, callbackUrl: "http://10.0.0.1/x" }), "callbackUrl must"],
    [approvalNow({ ...PENS, id: "b" }), "--arg must have no id, or the id a"],
    [["invoke", "a", "--approval", "/nowhere.yaml"], "/nowhere.yaml"],
    [
      ["invoke", "a", "--approval", "/nowhere.yaml", "--arg", "1"],
      "Give either --approval FILE, or --func and --arg",
    ],
    [["invoke", "a", "--approval", PEOPLE], "people.yaml must be an approval request:\n"],
    [["invoke", "a", "--approval", PURCHASE, "--timeout", "2d"], "--timeout must be left out for approval"],
    [[...approvalNow(PENS), "--arg", "2"], "--arg must be given once"],
    [[...approvalNow(PENS), "--version", "2"], "--version must be 1 for approval"],
    [[...approvalNow(PENS), "--timeout", "2d"], "--timeout must be left out for approval"],
    [["invoke", "a", "--func", "approval_by_name"], "--func must not be approval_by_name"],
    [["invoke", "a", "--func", "callback"], "--func must not be callback: events start callbacks"],
    [["invoke", "a", "--func", "callback_on_completion"], "begin the workflow itself"],
    [["invoke", "a", "--func", "f", "--arg", "World"], "--arg must be JSON"],
    [["invoke", "a", "--func", "f", "--version", "0"], "--version must be"],
    [["invoke", "a", "--func", "f", "--arg", '{"__proto__":1}'], "args[0].__proto__ must have another name"],
    [["invoke", "a", "--func", "f", "--arg", '{"n":9007199254740993}'], 'send "9007199254740993", as text'],
    [
      ["schedule", "create", "s", "--cron", "@daily", "--func", "f", "--arg", "0.12345678901234567"],
      "args[0] must be a number that JSON readers keep as it is",
    ],
  ])("%j is wrong usage, and says why", async (args, message) => {
    const run = await countersign(args);
    expect(run).toMatchObject({ code: 2, out: "", err: expect.stringContaining(message) });
  });

  test("wrong settings are wrong usage", async () => {
    expect(await spawned(["get", "x"], { RESONATE_URL: "nonsense" })).toMatchObject({
      code: 2,
      err: expect.stringContaining("RESONATE_URL"),
    });
  });

  test("--version prints the version of the package", async () => {
    const { version } = JSON.parse(
      readFileSync(new URL("../../../package.json", import.meta.url), "utf8"),
    ) as {
      readonly version: string;
    };
    expect(await countersign(["--version"])).toMatchObject({ code: 0, out: `${version}\n` });
  });

  test("--help lists every command, each command has its own, and docs/command-line.md names them and every exit code", async () => {
    const { code, out } = await countersign(["--help"]);
    expect(code).toBe(0);
    const docs = readFileSync(new URL("../../../docs/command-line.md", import.meta.url), "utf8");
    const names = [...String(out).matchAll(/^ {2}([a-z]+) {2,}/gm)].map(([, name]) => name!);
    expect(names).toEqual(expect.arrayContaining(["invoke", "get", "wait", "tree", "keys"]));
    const helps = await Promise.all(names.map((name) => countersign([name, "--help"])));
    for (const [i, help] of helps.entries()) {
      expect(help).toMatchObject({
        code: 0,
        out: expect.stringMatching(new RegExp(`^Usage: countersign ${names[i]}[ \n]`)),
      });
      expect(docs).toMatch(new RegExp(`\n\\| \`${names[i]}[ \`]`));
    }
    const { EXIT } = await import("../../../src/cli/command.ts");
    const documented = [...docs.matchAll(/^\| (\d+) \|/gm)].map(([, exitCode]) => Number(exitCode));
    expect(documented).toEqual(Object.values(EXIT));
  });

  test("as a function takes the settings of .env in this folder, and leaves the process as it is", async () => {
    const before = { env: { ...process.env }, exitCode: process.exitCode };
    writeFileSync(join(dir, ".env"), "RESONATE_URL=nonsense\n");
    try {
      expect(await countersign(["get", "x"])).toMatchObject({
        code: 2,
        err: expect.stringContaining("RESONATE_URL"),
      });
      // What the environment has already stays.
      expect(await countersign(["get", "x"], { RESONATE_URL: "http://127.0.0.1:1" })).toMatchObject({
        code: 4,
      });
    } finally {
      rmSync(join(dir, ".env"));
    }
    expect({ env: process.env, exitCode: process.exitCode }).toEqual(before);
  });

  test("is a program that the shell can start", () => {
    const { bin } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as {
      readonly bin: { readonly countersign: string };
    };
    const program = join(ROOT, bin.countersign);
    expect(readFileSync(program, "utf8").startsWith("#!/usr/bin/env node\n")).toBe(true);
    expect(statSync(program).mode & 0o111).toBe(0o111);
    const { stdout, status } = spawnSync(program, ["--help"], { encoding: "utf8" });
    expect({ status, stdout }).toMatchObject({ status: 0, stdout: expect.stringContaining("Usage:") });
  });
});
