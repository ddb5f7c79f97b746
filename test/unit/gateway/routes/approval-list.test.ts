import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { KIND_TAG } from "../../../../src/approval/ids.ts";
import { parseApprovalRequest } from "../../../../src/approval/request.ts";
import { approvalCall } from "../../../../src/approval/starting.ts";
import { createAuthenticate } from "../../../../src/auth/authenticate.ts";
import { isKey, makeKey } from "../../../../src/auth/key.ts";
import type { Scope } from "../../../../src/auth/scopes.ts";
import type { Ledger } from "../../../../src/ledger/ledger.ts";
import { entry, ledgerOf } from "../../../support/ledger.ts";
import { openRig, type Rig } from "../rig.ts";

const keys: ReturnType<typeof makeKey>[] = [];

function keyOf(client: string, ...scopes: Scope[]): { readonly authorization: string } {
  const made = makeKey({ client, scopes, createdAt: "2026-11-21T10:00:00Z" });
  keys.push(made);
  return { authorization: `Bearer ${made.text}` };
}

const billing = keyOf("billing", "approvals:create", "approvals:read");
const rotated = keyOf("billing", "approvals:read");
const hr = keyOf("hr", "approvals:create", "approvals:read", "workflows:begin");
const auditor = keyOf("auditor", "approvals:read", "approvals:read-all");
const admin = keyOf("admin", "admin");
const blind = keyOf("blind", "approvals:create", "approvals:read-all");

let rig: Rig;
beforeAll(async () => {
  const find = (text: string) => keys.find(({ stored }) => isKey(text, stored))?.stored;
  rig = await openRig({
    authenticate: createAuthenticate({ isOpen: () => false, find, live: () => undefined }),
  });
  await ask(billing, "po-1", { title: "Order laptops", metadata: { team: "ops" } });
  await ask(billing, "po-2", {
    title: "Order chairs",
    requester: "kim@example.com",
    metadata: { team: "hr" },
  });
  await ask(hr, "leave-1", { title: "Leave of Bo", approvers: ["bo@example.com"], deadline: "P2D" });
});
afterAll(() => rig[Symbol.asyncDispose]());

async function ask(key: object, id: string, request: object): Promise<void> {
  const body = { id, approvers: ["ana@example.com"], ...request };
  const { status } = await rig.json("POST", "/approvals", body, { ...key });
  expect(status).toBe(202);
}

async function list(query: string, key: object = admin) {
  const { status, body } = await rig.json("GET", `/approvals${query}`, undefined, { ...key });
  const items = (body["items"] ?? []) as readonly { readonly id: string }[];
  return { status, body, ids: items.map(({ id }) => id) };
}

describe("GET /approvals", () => {
  it("lists the newest first, with what a list shows", async () => {
    const { status, body, ids } = await list("");
    expect([status, ids]).toEqual([200, ["leave-1", "po-2", "po-1"]]);
    expect(body["items"]).toMatchObject([
      {
        id: "leave-1",
        status: "pending",
        title: "Leave of Bo",
        tags: {},
        links: { self: "/approvals/leave-1" },
      },
      { requester: { email: "kim@example.com" }, tags: { team: "hr" } },
      {},
    ]);
    expect(body).not.toHaveProperty("nextCursor");
  });

  it.each([
    ["?q=ORDER", ["po-2", "po-1"]],
    ["?tag=team:ops", ["po-1"]],
    ["?tag=team:ops&tag=team:hr", []],
    ["?requester=Kim@example.com", ["po-2"]],
    ["?status=pending&q=laptops&tag=team:ops", ["po-1"]],
    ["?status=approved", []],
    ["?created=2020-01-01..2021-01-01", []],
    ["?created=2020-01-01..", ["leave-1", "po-2", "po-1"]],
    ["?sort=due&limit=1", ["leave-1"]],
  ])("%s lists %j", async (query, expected) => {
    expect((await list(query)).ids).toEqual(expected);
  });

  it("shows who is asked, and who has answered, at once", async () => {
    const link = await rig.link("po-2", "approve");
    expect((await list("?waitingFor=ana@example.com")).ids).toContain("po-2");
    await rig.press(link);
    expect((await list("?waitingFor=ana@example.com")).ids).not.toContain("po-2");
    expect((await list("?approver=ana@example.com")).ids).toContain("po-2");
    await rig.settled("po-2");
    const { body } = await list("?status=approved&total=true");
    expect(body).toMatchObject({
      items: [{ id: "po-2", waitingFor: [], ballots: [{ n: 1, state: "approved" }] }],
      total: { count: 1, isExact: true },
    });
  });

  it("goes through pages by cursors", async () => {
    const first = await list("?limit=2");
    const cursor = encodeURIComponent(String(first.body["nextCursor"]));
    // What is requested meanwhile shifts nothing.
    await ask(hr, "leave-2", { title: "Leave of Cy" });
    const second = await list(`?limit=2&cursor=${cursor}`);
    expect([first.ids, second.ids]).toEqual([["leave-1", "po-2"], ["po-1"]]);
    expect(second.body).not.toHaveProperty("nextCursor");
  });

  it("shows the client that began a workflow what the workflow asks for", async () => {
    await using other = await openRig({
      authenticate: createAuthenticate({
        isOpen: () => false,
        live: () => undefined,
        find: (text) => keys.find(({ stored }) => isKey(text, stored))?.stored,
      }),
    });
    const begun = await other.json("POST", "/begin?id=wf-1&func=elsewhere", {}, { ...hr });
    expect(begun.status).toBe(200);
    const parsed = parseApprovalRequest(
      { title: "Order", approvers: ["ana@example.com"] },
      { nowMs: Date.now(), callbackUrlProblem: () => undefined },
    );
    if (!parsed.ok) throw new Error("A right request was refused");
    const tags = { [KIND_TAG]: "approval" };
    await other.durable.start({ id: "wf-1:1", ...approvalCall(parsed.value, parsed.terms), tags });
    const seen = async (key: object) => {
      const { body } = await other.json("GET", "/approvals", undefined, { ...key });
      return (body["items"] as readonly { readonly id: string }[]).map(({ id }) => id);
    };
    expect(await seen(hr)).toEqual(["wf-1:1"]);
    expect(await seen(billing)).toEqual([]);
  });

  it("shows keys what their own client requested, however often it has a new key", async () => {
    expect((await list("?q=order", billing)).ids).toEqual(["po-2", "po-1"]);
    expect((await list("", rotated)).ids).toEqual(["po-2", "po-1"]);
    expect((await list("?q=order", hr)).ids).toEqual([]);
    expect((await list("?q=order", auditor)).ids).toEqual(["po-2", "po-1"]);
    expect((await list("", blind)).status).toBe(403);
    const cursor = String((await list("?limit=1", billing)).body["nextCursor"]);
    expect((await list(`?limit=1&cursor=${cursor}`, hr)).status).toBe(422);
  });

  it.each([
    ["?stauts=pending", "stauts"],
    ["?status=open", "status"],
    ["?status=pending&status=approved", "status"],
    ["?approver=ana", "approver"],
    ["?limit=0", "limit"],
    ["?limit=101", "limit"],
    ["?limit=ten", "limit"],
    ["?cursor=nonsense", "cursor"],
    ["?created=yesterday", "created"],
    ["?created=2026-13-01..", "created"],
    ["?due=2026-12-01", "due"],
    ["?sort=amount", "sort"],
    ["?sort=due&status=approved", "sort"],
    ["?tag=team", "tag[0]"],
    [`?${Array.from({ length: 9 }, (_, i) => `tag=a:${i}`).join("&")}`, "tag"],
    ["?q=!", "q"],
    // A letter without which nothing is left once accents are.
    ["?q=%EF%BE%9E", "q"],
    ["?q=a+b+c+d+e+f+g+h+i", "q"],
    ["?created=2026-02-30..", "created"],
    ["?due=..2026-04-31T10:00Z", "due"],
    ["?created=2026-12-01..2026-11-01", "created"],
    ["?total=yes", "total"],
    ["?format=xml", "format"],
  ])("%s is 422 and names %s", async (query, field) => {
    const { status, body } = await list(query);
    expect(status).toBe(422);
    expect(body["errors"]).toMatchObject([{ field }]);
  });
});

async function file(query: string, key: object) {
  const response = await fetch(`${rig.url}/approvals${query}`, { headers: { ...key } });
  return { status: response.status, headers: response.headers, text: await response.text() };
}

describe("GET /approvals as a file", () => {
  it("is CSV by RFC 4180, in which nothing is a formula", async () => {
    await ask(billing, "csv-1", { title: '=HYPERLINK("http://x.org")', requester: "lee@example.com" });
    const { status, headers, text } = await rig.json(
      "GET",
      "/approvals?requester=lee@example.com&format=csv",
      undefined,
      { ...admin },
    );
    expect(status).toBe(200);
    expect(headers.get("content-type")).toBe("text/csv; charset=utf-8; header=present");
    expect(headers.get("content-disposition")).toBe('attachment; filename="approvals.csv"');
    const [names, row, end] = text.split("\r\n");
    expect(names).toBe(
      "id,status,title,requester,asked,answers,waitingFor,stage,round,createdAt,deadline,endedAt,tags,stands,standsUntil",
    );
    expect(row).toContain(`csv-1,pending,"'=HYPERLINK(""http://x.org"")",lee@example.com,`);
    expect(end).toBe("");
  });

  it("has no formula behind a semicolon or a blank either, where programs of some languages begin a cell", async () => {
    const title = "A; =1+1;@x;\u00a0-2; ＝3;4 - 5, =6";
    const approvers = ["ana@example.com", "=7@example.com"];
    await ask(billing, "csv-2", { title, requester: "li@example.com", approvers });
    await rig.link("csv-2", "approve", 2);
    const { text } = await file("?requester=li@example.com&format=csv", admin);
    const [, row = ""] = text.split("\r\n");
    expect(row).toContain(
      `"A;' =1+1;'@x;'\u00a0-2;' ＝3;4 - 5, =6",li@example.com,ana@example.com;' =7@example.com,`,
    );
    // Read by semicolons, in which quotes within a cell are as good as none.
    for (const cell of row.split(";")) expect(cell).not.toMatch(/^\s*[=+\-@＝]/u);
  });

  it("has no formula behind quotes either, which spreadsheets take off a cell", async () => {
    const title = 'A;"=1+1; "" "-2;"B"';
    await ask(billing, "csv-3", { title, requester: "lu@example.com" });
    const { text } = await file("?requester=lu@example.com&format=csv", admin);
    const [, row = ""] = text.split("\r\n");
    expect(row).toContain(`,"A;'""=1+1;' """" ""-2;""B""",lu@example.com,`);
    for (const cell of row.split(";")) expect(cell).not.toMatch(/^[\s"]*[=+\-@＝]/u);
  });

  it("is JSON Lines with everything that matches", async () => {
    const { headers, text } = await file("?format=jsonl", admin);
    expect(headers.get("content-type")).toBe("application/jsonl; charset=utf-8");
    const lines = text
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as { readonly id: string });
    const { ids } = await list("?limit=100");
    expect(lines.map(({ id }) => id)).toEqual(ids);
  });

  it("is of the caller's own, and takes no limit", async () => {
    const own = await file("?format=jsonl&q=leave", billing);
    expect([own.status, own.text]).toEqual([200, ""]);
    expect((await list("?format=csv&limit=3")).body).toMatchObject({ errors: [{ field: "limit" }] });
  });
});

describe("GET /approvals/:id/history", () => {
  it("tells what happened, in order", async () => {
    await ask(billing, "history-1", {
      title: "Order desks",
      approvers: ["cy@example.com", "di@example.com"],
    });
    const link = await rig.link("history-1", "reject");
    await rig.press(link, { confirm: "yes", comment: "Too dear" });
    await rig.settled("history-1");
    const { status, body } = await rig.json("GET", "/approvals/history-1/history", undefined, { ...billing });
    expect(status).toBe(200);
    const events = body["events"] as readonly { readonly at: string; readonly type: string }[];
    const at = events.map((event) => event.at);
    expect(at).toEqual(at.toSorted());
    expect(events[0]).toMatchObject({ type: "requested" });
    expect(events.at(-1)?.type).toMatch(/ended|mailed/u);
    expect(events).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ type: "asked", ballot: 1, person: { email: "cy@example.com" } }),
        expect.objectContaining({ type: "mailed", mail: "request", ballot: 2, status: "sent" }),
        expect.objectContaining({
          type: "decided",
          ballot: 1,
          choice: "reject",
          comment: "Too dear",
          door: "mail",
        }),
        expect.objectContaining({ type: "withdrawn", ballot: 2 }),
        expect.objectContaining({ type: "ended", outcome: "rejected" }),
      ]),
    );
    expect(JSON.stringify(body)).not.toContain("nonce");
  });

  it("is 404 where there is no approval", async () => {
    expect((await rig.json("GET", "/approvals/nobody/history", undefined, { ...admin })).status).toBe(404);
  });
});

describe("HEAD of a file", () => {
  it("has the headers of GET, and reads no more than the first page", async () => {
    const many = ledgerOf(Array.from({ length: 450 }, (_, i) => entry({ id: `po-${i}` })));
    let pages = 0;
    const ledger: Ledger = {
      list(query) {
        pages += 1;
        return many.list(query);
      },
    };
    await using large = await openRig({ ledger, work: false });
    const got = await large.call("/approvals?format=csv");
    expect([got.text.split("\r\n").length, pages]).toEqual([452, 5]);
    pages = 0;
    const head = await large.call("/approvals?format=csv", { method: "HEAD" });
    expect([head.status, head.text, pages]).toEqual([200, "", 1]);
    for (const name of ["content-type", "content-disposition"]) {
      expect(head.headers.get(name)).toBe(got.headers.get(name));
    }
  });
});
