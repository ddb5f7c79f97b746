/**
 * The bar for agents: one test for each point of OWASP AISVS 1.0, C9.2 and C9.6, that Countersign covers, named after it. The table
 * in docs/agents.md lists them, and what is not covered.
 */
import { readFileSync } from "node:fs";
import { createLocalJWKSet, decodeJwt, jwtVerify } from "jose";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Expired, type Policy, Rejected, requireApproval } from "../../../src/agents/index.ts";
import type { Scope } from "../../../src/auth/scopes.ts";
import { createClient } from "../../../src/client/index.ts";
import { Keys } from "../gateway/admin/rig.ts";
import { openRig, type Rig } from "../gateway/rig.ts";
import { agent } from "../mcp/agents.ts";

const AGENT: readonly Scope[] = [
  "approvals:create",
  "approvals:read",
  "approvals:cancel",
  "approvals:consume",
];

const keys = new Keys();
const agentKey = keys.make("ops-agent", AGENT);
const headers = { authorization: `Bearer ${agentKey}` };
const operator = { authorization: `Bearer ${keys.make("operator", ["admin"])}` };

let rig: Rig;
beforeAll(async () => {
  // Even where silence may approve what can be undone.
  rig = await openRig({ authenticate: keys.authenticate, mayApproveByDeadline: true });
});
afterAll(() => rig[Symbol.asyncDispose]());

let asked = 0;
const newId = () => {
  asked += 1;
  return `run-${asked}`;
};

interface Command {
  readonly command: string;
}

/** A tool that an agent runs, and what it was run with. */
function guarded() {
  const ran: Command[] = [];
  const policy: Policy<Command> = {
    client: createClient({ url: rig.url, key: agentKey }),
    action: { tool: "shell", target: "db-1", audience: "ops-agent" },
    question: () => ({ title: "Run a command", approvers: ["ana@example.com"] }),
  };
  return { ran, run: requireApproval((args: Command) => ran.push(args), policy) };
}

/** Asks about an action, by the API. */
const ask = (id: string, action: object, more: object = {}) =>
  rig.json(
    "POST",
    "/approvals",
    {
      id,
      title: "Run a command",
      approvers: ["ana@example.com"],
      action: { tool: "shell", arguments: { command: "reboot" }, ...action },
      ...more,
    },
    headers,
  );
const consume = (id: string, more: object = {}) =>
  rig.json(
    "POST",
    `/approvals/${id}/consume`,
    { arguments: { command: "reboot" }, attempt: "job-1", ...more },
    headers,
  );
const approve = async (id: string) => {
  await rig.press(await rig.link(id, "approve"));
  await rig.settled(id);
};

test("AISVS 9.2.1: an action is blocked until a person has approved it, and that is verified", async () => {
  const { ran, run } = guarded();
  const [first, second] = [newId(), newId()];
  const waiting = run({ command: "reboot" }, { id: first });
  const refused = run({ command: "halt" }, { id: second });
  await rig.link(first, "approve");
  expect((await consume(first, { audience: "ops-agent" })).status).toBe(403);
  await rig.press(await rig.link(second, "reject"));
  await expect(refused).rejects.toThrow(Rejected);
  expect(ran).toEqual([]);
  await approve(first);
  await waiting;
  expect(ran).toEqual([{ command: "reboot" }]);
});

test("AISVS 9.2.2: people see every parameter, whole and as it is, or nobody is asked", async () => {
  const id = newId();
  const given = {
    command: "DELETE FROM orders WHERE year < 2019",
    recipients: ["ana@example.com", "bo@example.com"],
    amount: 1e21,
    path: `${"a".repeat(3_000)}-end`,
    hidden: "pay\u200bpal",
    markup: "<script>approve()</script>",
  };
  expect((await ask(id, { arguments: given })).status).toBe(202);
  const page = (await rig.call(await rig.link(id, "approve"))).text;
  for (const shown of [
    "DELETE FROM orders WHERE year &lt; 2019",
    "bo@example.com",
    "1e+21",
    given.path,
    "\\u200b",
    "&lt;script&gt;approve()&lt;/script&gt;",
  ]) {
    expect(page, shown.slice(0, 40)).toContain(shown);
  }
  expect(page).not.toContain(given.markup);
  const mailed = rig.mailed();
  const long = await ask(newId(), { arguments: { text: "x".repeat(33_000) } });
  const reversed = await ask(newId(), { arguments: { text: "cod.exe\u202e" } });
  expect([long.status, reversed.status, rig.mailed()]).toEqual([422, 422, mailed]);
});

test("AISVS 9.2.3: an action has a classification, irreversible unless its program says otherwise, and it is fixed", async () => {
  const id = newId();
  await ask(id, {});
  const { body } = await rig.json("GET", `/approvals/${id}`, undefined, headers);
  expect(body["action"]).toMatchObject({ reversible: "no" });
  expect((await rig.call(await rig.link(id, "approve"))).text).toContain("cannot be undone");
  expect((await ask(id, { reversible: "yes" })).status).toBe(409);
  expect((await ask(newId(), { reversible: "maybe" })).status).toBe(422);
});

test("AISVS 9.2.4: silence never approves what cannot be undone", async () => {
  const silent = { onDeadline: "approve" };
  expect((await ask(newId(), { reversible: "yes" }, silent)).status).toBe(202);
  expect((await ask(newId(), { reversible: "no" }, silent)).status).toBe(422);
  expect((await ask(newId(), {}, silent)).status).toBe(422);
});

test("AISVS 9.2.5: an agent cannot change its own gate", async () => {
  const id = newId();
  await ask(id, {});
  for (const [path, body] of [
    [`/approvals/${id}/ballots/1/decide`, { choice: "approve" }],
    [`/approvals/${id}/ballots/1/reassign`, { to: "me@example.com" }],
    [`/approvals/${id}/change`, { title: "Nothing much" }],
    [`/approvals/${id}/extend`, { deadline: "P30D" }],
    ["/absences", { person: "ana@example.com", to: "me@example.com", until: "P1D" }],
    [`/promises/${id}:1/resolve`, { choice: "approve" }],
  ] as const) {
    expect([path, (await rig.json("POST", path, body, headers)).status]).toEqual([path, 403]);
  }
  await using client = await agent(rig.url, agentKey);
  const names = (await client.listTools()).tools.map(({ name }) => name);
  expect(names).toEqual(["request_approval", "await_approval", "get_approval", "cancel_approval"]);
});

test("AISVS 9.2.8: a grant binds parameters, people, audience and approval by a signature, and there is one", async () => {
  const id = newId();
  await ask(id, { audience: "ops-agent", target: "db-1" }, { requester: "kim@example.com" });
  await approve(id);
  const to = { audience: "ops-agent" };
  expect((await consume(id, { ...to, arguments: { command: "halt" } })).status).toBe(412);
  expect((await consume(id, { audience: "other" })).status).toBe(412);
  const granted = await consume(id, to);
  expect(granted.status).toBe(200);
  const set = createLocalJWKSet((await rig.json("GET", "/.well-known/countersign-keys.json")).body as never);
  const { payload } = await jwtVerify(String(granted.body["grant"]), set, { audience: "ops-agent" });
  const { body } = await rig.json("GET", `/approvals/${id}`, undefined, headers);
  const { digest } = (body["outcome"] as { readonly action: { readonly digest: string } }).action;
  expect(payload).toMatchObject({
    sub: id,
    jti: `${id}:use~1`,
    tool: "shell",
    target: "db-1",
    arguments: { command: "reboot" },
    approvedBy: ["ana@example.com"],
    digest,
  });
  expect((await consume(id, { ...to, attempt: "job-2" })).status).toBe(409);
  // The digest is another for another requester, and for the same request at another time.
  const digests = await Promise.all(
    [{ requester: "kim@example.com" }, { requester: "lee@example.com" }].map(async (more) => {
      const other = newId();
      await ask(other, { audience: "ops-agent", target: "db-1" }, more);
      await approve(other);
      return decodeJwt(String((await consume(other, to)).body["grant"]))["digest"];
    }),
  );
  expect(new Set([digest, ...digests]).size).toBe(3);
});

test("AISVS 9.2.9: what issues approvals is out of the agent's reach", async () => {
  const id = newId();
  await using client = await agent(rig.url, agentKey);
  const arguments_ = { id, title: "Run", approvers: ["ana@example.com"] };
  const answers = [await client.callTool({ name: "request_approval", arguments: arguments_ })];
  const link = await rig.link(id, "approve");
  const own = (link.split("/").at(-1) ?? "").split(".").slice(1);
  answers.push(await client.callTool({ name: "get_approval", arguments: { id } }));
  const told = [
    JSON.stringify(answers),
    (await rig.json("GET", `/approvals/${id}`, undefined, headers)).text,
    (await rig.json("GET", `/approvals/${id}/history`, undefined, headers)).text,
  ];
  const pieces = own.flatMap((part) => part.match(/.{12}/gu) ?? []);
  expect(pieces.length).toBeGreaterThan(10);
  expect(pieces.filter((piece) => told.some((text) => text.includes(piece)))).toEqual([]);
  const { body } = await rig.json("GET", "/.well-known/countersign-keys.json", undefined, headers);
  for (const key of body["keys"] as object[]) expect(key).not.toHaveProperty("d");
});

test("AISVS 9.2.10: of several actions in one question, the one that is hardest to undo decides", async () => {
  const step = (reversible: string) => ({ tool: "shell", arguments: { command: "ls" }, reversible });
  const chain = (...steps: object[]) =>
    ask(newId(), {}, { action: undefined, items: steps, onDeadline: "approve" });
  expect((await chain(step("yes"), step("costly"))).status).toBe(202);
  expect((await chain(step("yes"), step("no"), step("yes"))).status).toBe(422);
});

test("AISVS 9.6.2: what nobody approves in time is blocked for good", async () => {
  const id = newId();
  const action = { tool: "shell", arguments: { command: "reboot" }, reversible: "no", validFor: "P1D" };
  await rig.ask(id, { title: "Run a command", approvers: [{ email: "ana@example.com" }], action }, 300);
  await rig.settled(id);
  await rig.press(await rig.link(id, "approve"));
  expect((await rig.json("GET", `/approvals/${id}`, undefined, headers)).body["status"]).toBe("expired");
  expect((await consume(id)).status).toBe(410);
  const { ran, run } = guarded();
  const brief = newId();
  const question = { title: "Run a command", approvers: [{ email: "ana@example.com" }] };
  const own = { tool: "shell", target: "db-1", audience: "ops-agent", reversible: "no", validFor: "P1D" };
  await rig.ask(brief, { ...question, action: { ...own, arguments: { command: "halt" } } }, 300);
  await rig.settled(brief);
  await expect(run({ command: "halt" }, { id: brief })).rejects.toThrow(Expired);
  expect(ran).toEqual([]);
});

test("AISVS 9.6.3: an operator stops an agent by a way of their own, at once", async () => {
  const id = newId();
  await ask(id, {});
  await approve(id);
  expect((await rig.json("POST", `/approvals/${id}/revoke`, {}, operator)).status).toBe(200);
  expect((await consume(id)).status).toBe(410);
  const doomed = keys.make("other-agent", AGENT);
  await using client = await agent(rig.url, doomed);
  keys.revoke(doomed);
  await expect(client.listTools()).rejects.toThrow();
  const { status } = await rig.json("GET", `/approvals/${id}`, undefined, {
    authorization: `Bearer ${doomed}`,
  });
  expect(status).toBe(401);
});

test("docs/agents.md has a row for each point, and names these tests and no others", () => {
  const docs = readFileSync(new URL("../../../docs/agents.md", import.meta.url), "utf8");
  const rows = [...docs.matchAll(/^\| (9\.[26]\.\d+) \|[^|]*\| (covered|in part|not covered) \|/gmu)];
  const points = [
    ...Array.from({ length: 10 }, (_, i) => `9.2.${i + 1}`),
    ...Array.from({ length: 3 }, (_, i) => `9.6.${i + 1}`),
  ];
  expect(rows.map(([, point]) => point)).toEqual(points);
  const here = readFileSync(new URL(import.meta.url), "utf8");
  const tested = [...here.matchAll(/^test\("AISVS (9\.\d\.\d+): /gmu)].map(([, point]) => point);
  expect(rows.flatMap(([, point, state]) => (state === "not covered" ? [] : [point]))).toEqual(tested);
});
