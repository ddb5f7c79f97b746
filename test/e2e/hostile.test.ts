/** Everything at once that somebody could send to a running service: addresses, methods, names, texts. It lives on. */
import { readdir, readFile } from "node:fs/promises";
import { request } from "node:http";
import { connect } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Api } from "../support/api.ts";
import { untilPasses } from "../support/eventually.ts";
import { type Called, call, post } from "../support/http.ts";
import { press } from "../support/press.ts";
import { recordsOf } from "../support/records.ts";
import { HAS_INDEX, needsEmbeddedEngine } from "../support/resonate-server.ts";
import type { ServiceProcess } from "../support/service-process.ts";
import { newId, openSite, type Site } from "../support/site.ts";

let site: Site;
let all: ServiceProcess;
let api: Api;

beforeAll(async () => {
  site = await openSite();
  all = await site.start("all");
  api = new Api(all.url);
});
afterAll(() => site?.[Symbol.asyncDispose]());

describe("addresses", () => {
  test("answer the methods that they have and no other, tell no stranger's page anything, and change nothing", async () => {
    const id = await ask("Every method");
    const { links } = await site.mailTo("ana@example.com", "Every method");
    // Nothing of its own is still to come.
    await api.approvalWhen(id, "its mail is on record", ({ ballots }) =>
      ballots.every(({ mail }) => mail.status === "sent"),
    );
    const before = await recordsOf(site, id);
    const allowed: Record<string, string> = {
      "/": "GET HEAD",
      "/livez": "GET HEAD",
      "/readyz": "GET HEAD",
      "/begin": "POST",
      "/wait?id=none": "GET HEAD",
      "/approvals": "GET HEAD POST",
      [`/approvals/${id}`]: "GET HEAD",
      [`/approvals/${id}/cancel`]: "POST",
      [new URL(links.approve).pathname]: "GET HEAD POST",
      "/r/x": "GET HEAD",
      "/mailbox": "GET HEAD",
      "/mailbox/1": "GET HEAD",
      "/assets/style.css": "GET HEAD",
    };
    const methods = ["GET", "HEAD", "OPTIONS", "PUT", "PATCH", "DELETE", "TRACE", "PROPFIND", "SEARCH"];
    for (const [path, has] of Object.entries(allowed)) {
      for (const method of [...methods, ...(has.includes("POST") ? [] : ["POST"])]) {
        const { status, headers } = await raw(path, { method, headers: { origin: "https://evil.example" } });
        const { status: toPrograms } = await raw(path, { method });
        const what = `${method} ${path.slice(0, 40)}: ${status}`;
        // Without an index there are no lists, and the answer says so.
        const isNoList = !HAS_INDEX && path === "/approvals" && status === 503;
        if (!isNoList) expect(status, what).toBeLessThan(500);
        if (method !== "OPTIONS" && !has.split(" ").includes(method)) {
          expect([404, 405], `${what}, without an origin`).toContain(toPrograms);
          // Writes of a stranger's page are refused before anybody looks at the method.
          expect([403, 404, 405], what).toContain(status);
          if (status === 405) expect(headers["allow"], what).toMatch(/(GET, HEAD|POST)/u);
        }
        expect(Object.keys(headers).filter((name) => name.startsWith("access-control-"))).toEqual([]);
        expect(headers, what).not.toHaveProperty("x-powered-by");
        expect(headers, what).toHaveProperty("x-content-type-options", "nosniff");
        if (String(headers["content-type"]).startsWith("text/html")) {
          expect(headers["content-security-policy"], what).toContain("default-src 'none'");
        }
      }
    }
    expect(await recordsOf(site, id)).toEqual(before);
    expect(await raw("/livez")).toMatchObject({ status: 200 });
  });

  test.each([
    "//",
    "//d/x",
    "/\\d\\x",
    "/%00",
    "/%",
    "/%zz",
    "/%c0%ae%c0%ae/",
    "*",
    "/?%",
    "/d/%00",
    "/d/..%2f..%2fetc%2fpasswd",
    "/d/%2e%2e/approvals",
    "/approvals/..%2f..",
    "/approvals/%2e%2e",
    "/approvals/__proto__",
    "/approvals/constructor",
    "/approvals/a%0d%0aSet-Cookie:x=1",
    `/approvals/${"a".repeat(8_000)}`,
    "/wait?id[]=a",
    "/wait?id=a&id=b",
    "/wait?id=%ED%A0%80",
    "/wait?__proto__[id]=a",
    "/mailbox/..%2f..%2ftoken-keys",
    "/mailbox/%2e%2e%2fengine.token",
    "/mailbox/__proto__",
    "/mailbox?before[]=x",
    "/assets/..%2f..%2fpackage.json",
    "/assets/__proto__",
    "/.env",
    "/.git/config",
    "http://evil.example/",
    "http://[",
    `/d/${"A".repeat(5_000)}`,
    "/d/a.b.c/d/e",
    "/D/x",
    "/approvals/%ff",
  ])("of the form %.40s are refused or harmless", async (path) => {
    const { status, text, headers } = await raw(path);
    expect([200, 400, 403, 404, 421, 431]).toContain(status);
    // Where something is shown, it is the start page or the list of mails, as if the rest were not there.
    if (status === 200) expect(text).toMatch(/<h1>(?:Decisions that are asked|Mailbox)/u);
    expect(text).not.toMatch(/root:|BEGIN|countersign",|\bat .*:\d+:\d+/u);
    expect(headers).not.toHaveProperty("set-cookie");
    expect(await raw("/livez")).toMatchObject({ status: 200 });
  });

  test("that a browser was made to send under another name are refused", async () => {
    const id = await ask("Other names");
    for (const host of [
      "evil.example",
      "127.0.0.1.evil.example",
      "localhost.evil.example",
      "127.0.0.1@evil.example",
      "0.0.0.0",
      "169.254.169.254",
      "evil.example:80",
      "[::2]",
      "evil.example#127.0.0.1",
    ]) {
      for (const path of ["/", "/mailbox", `/approvals/${id}`, "/wait?id=x"]) {
        expect((await raw(path, { headers: { host } })).status, `${host} ${path}`).toBe(421);
      }
    }
    for (const host of ["localhost", "127.0.0.1:1", "[::1]"]) {
      expect((await raw(`/approvals/${id}`, { headers: { host } })).status, host).toBe(200);
    }
  });

  test("are in mails and answers as the setting says, whatever names a request carries", async () => {
    const evil = {
      host: "localhost:1",
      "x-forwarded-host": "evil.example",
      "x-forwarded-proto": "https",
      forwarded: "host=evil.example;proto=https",
      "x-original-host": "evil.example",
      "x-host": "evil.example",
    };
    const asking = (headers: Readonly<Record<string, string>>) =>
      raw("/approvals", {
        method: "POST",
        headers: { ...headers, "content-type": "application/json" },
        body: JSON.stringify({ title: "Whose address", approvers: ["ana@example.com"] }),
      });
    // What comes by a proxy may come from anywhere: without keys it may ask for nothing.
    expect((await asking(evil)).status).toBe(401);
    const answer = await asking({ host: evil.host, "x-host": evil["x-host"] });
    expect(answer.status).toBe(202);
    expect(JSON.stringify([answer.headers, answer.text])).not.toContain("evil");
    const mail = await site.mailTo("ana@example.com", "Whose address");
    for (const link of Object.values(mail.links)) expect(link.startsWith(`${site.publicUrl}/d/`)).toBe(true);
    expect(mail.html + mail.text).not.toContain("evil");
    const page = await raw(new URL(mail.links.approve).pathname, { headers: evil });
    expect(page.status).toBe(200);
    expect(JSON.stringify([page.headers, page.text])).not.toContain("evil");
  });
});

describe("texts", () => {
  test("that want to be headers, markup or links are none, in the mail as it left and on the pages", async () => {
    const script = "<script>alert(1)</script>";
    const title = `${script} \u202Etcejer\u202C https://evil.example/d/1 ${"x".repeat(80)}`;
    const id = newId("po");
    const asked = await api.askRaw({
      id,
      title,
      summary: `${script}\n\n[Approve](https://evil.example/d/2) ![p](https://evil.example/pixel.png)\n\nBcc: bo@example.com`,
      details: [{ label: '"><img src=x onerror=alert(1)>', value: "<%= process.env.HOME %> ${7*7} {{7*7}}" }],
      requester: { email: "kim@example.com", name: `Kim" <bo@example.com>, ${script}` },
      approvers: [{ email: "cy@example.com", name: "Cy, bo@example.com <bo@example.com> =?utf-8?q?x?=" }],
    });
    expect(asked.status).toBe(202);
    const mail = await site.mailTo("cy@example.com");
    const source = await rawMailTo("cy@example.com");
    const head = source.slice(0, source.indexOf("\r\n\r\n"));
    // The envelope, noted by the server that took it.
    expect(head.match(/^Delivered-To: .*$/gmu)).toEqual(["Delivered-To: cy@example.com"]);
    expect(
      head.match(/^(?:to|cc|bcc|from|subject|message-id|sender|reply-to|list-[a-z]+):/gimu)?.sort(),
    ).toEqual(["From:", "Message-ID:", "Subject:", "To:"]);
    expect(mail.to).toBe("cy@example.com");
    expect(mail.subject).not.toMatch(/[\u202A-\u202E\r\n]/u);

    const page = await call(mail.links.approve);
    for (const html of [mail.html, page.text]) {
      expect(html).not.toMatch(
        /<script|<img|onerror=alert\(1\)>|\u202E|href="https:\/\/evil\.example\/d\/1/u,
      );
      expect(html).toContain("&lt;script&gt;alert(1)&lt;/script&gt;");
      expect(html).toContain("&lt;%= process.env.HOME %&gt;");
    }
    // In the mail the asker's links say where they lead, and stand below ours; in the text, on lines that are marked.
    const hrefs = [...mail.html.matchAll(/href="([^"]*)"/gu)].map(([, href]) => href);
    const theirs = ["https://evil.example/d/2", "https://evil.example/pixel.png"];
    // The third is ours, too: it leads to the page and suggests no answer.
    const view = expect.stringContaining(`${site.publicUrl}/d/`);
    expect(hrefs).toEqual([mail.links.approve, mail.links.reject, view, ...theirs]);
    for (const href of theirs) expect(mail.html).toContain(`>${href}</a>`);
    for (const line of mail.text.split("\n").filter((each) => each.includes("evil.example"))) {
      expect(line).toMatch(/^ {2}\| /u);
    }

    expect(await press(mail.links.reject, { comment: `${script}\r\n.\r\nQUIT\r\n\u202Ex` })).toMatchObject({
      effective: true,
    });
    const receipt = (await call(mail.links.approve)).text;
    expect(receipt).not.toMatch(/<script|\u202E/u);
    expect((await api.ended(id)).result).toMatchObject({
      decisions: [{ comment: `${script}\n.\nQUIT\nx` }],
    });
  });

  test.each<[string, Record<string, unknown>, string]>([
    ["a line break in the title", { title: "x\r\nBcc: bo@example.com" }, "title"],
    ["a NUL in a name", { approvers: [{ email: "ana@example.com", name: "a\0b" }] }, "approvers[0].name"],
    ["two addresses as one", { approvers: ["ana@example.com, bo@example.com"] }, "approvers[0]"],
    [
      "a command after the address",
      { approvers: ["ana@example.com>\r\nRCPT TO:<bo@example.com"] },
      "approvers[0]",
    ],
    ["a quoted address", { approvers: ['"bo@evil.example "@example.com'] }, "approvers[0]"],
    ["an encoded address", { approvers: ["=?utf-8?q?bo=40evil.example=3e?=@example.com"] }, "approvers[0]"],
    ["half a character", { title: "\ud800" }, "title"],
    ["an unknown field", { isAdmin: true }, "isAdmin"],
    ["the requester among the approvers", { requester: "Ana@Example.com" }, "approvers[0]"],
    ["51 approvers", { approvers: Array.from({ length: 51 }, (_, i) => `p${i}@example.com`) }, "approvers"],
    ["a deadline in a minute's time, almost", { deadline: "PT59S" }, "deadline"],
    ["a deadline in two years", { deadline: "P730D" }, "deadline"],
    ["an id that names a ballot", { id: "po-1:1" }, "id"],
    ["an id that leads elsewhere", { id: "../po-1" }, "id"],
    ["approval by silence", { onDeadline: "approve" }, "onDeadline"],
  ])("%s: refused by name, and nothing is started", async (_, change, field) => {
    const id = newId("never");
    const answer = await api.askRaw({ id, approvers: ["ana@example.com"], ...change });
    expect(answer.status).toBe(422);
    const { errors } = JSON.parse(answer.text) as { errors: { field: string }[] };
    expect(errors.map((each) => each.field)).toContain(field);
    if (change["id"] === undefined) expect((await api.approvalRaw(id)).status).toBe(404);
  });

  test("as deep, long or broken JSON are refused, and the service answers on", async () => {
    const bodies = [
      "[".repeat(60_000),
      `${"[".repeat(9_000)}${"]".repeat(9_000)}`,
      `${'{"a":'.repeat(5_000)}1${"}".repeat(5_000)}`,
      '{"title":"t","approvers":["ana@example.com"],"metadata":{"__proto__":{"x":1}}}',
      '{"__proto__":{"title":"t"}}',
      `{"title":"t","approvers":["ana@example.com"],"metadata":{"n":1e400}}`,
      JSON.stringify({ title: "t", approvers: ["ana@example.com"], summary: "x".repeat(70_000) }),
      "\u0000",
      "{",
      "",
      "null",
      '"x"',
      "\ufeff{}",
    ];
    for (const body of bodies) {
      for (const path of ["/approvals", "/approvals/x/cancel"]) {
        const { status } = await call(`${all.url}${path}`, {
          method: "POST",
          headers: { "content-type": "application/json" },
          body,
        });
        expect(status, `${path} ${body.slice(0, 30)}`).toBeGreaterThanOrEqual(400);
        expect(status, `${path} ${body.slice(0, 30)}`).toBeLessThan(500);
      }
    }
    // An engine that takes two seconds to answer is not ready.
    await untilPasses(async () => expect(await raw("/readyz")).toMatchObject({ status: 200 }));
  });
});

describe("the engine's port", () => {
  const ask = { kind: "promise.get", head: { corrId: "1", version: "2026-04-01" }, data: { id: "x" } };

  test("answers nobody without its token, whatever a page in a browser sends", async (ctx) => {
    needsEmbeddedEngine(ctx, "its port is what is asked");
    for (const headers of [
      {},
      { origin: "https://evil.example", "content-type": "text/plain" },
      { origin: "null", "sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors" },
      { authorization: "Bearer " },
      { authorization: "Bearer x" },
      { authorization: "Basic eDp4" },
    ]) {
      for (const kind of [
        "promise.get",
        "promise.create",
        "promise.settle",
        "promise.search",
        "task.acquire",
        "debug.reset",
      ]) {
        const answer = await post(site.engineUrl, { ...ask, kind }, headers);
        expect(answer.status).toBe(401);
        expect(Object.keys(answer.headers).filter((name) => name.startsWith("access-control"))).toEqual([]);
      }
      expect((await call(`${site.engineUrl}/poll/worker/x`, { headers })).status).toBe(401);
    }
    const preflight = {
      method: "OPTIONS",
      headers: { origin: "https://evil.example", "access-control-request-method": "POST" },
    };
    expect((await call(site.engineUrl, preflight)).status).toBe(405);
  });

  test("lives on whatever is written to it", async (ctx) => {
    needsEmbeddedEngine(ctx, "its port is what is written to");
    const port = Number(new URL(site.engineUrl).port);
    for (const bytes of [
      "GET // HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
      "POST // HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 0\r\n\r\n",
      "GET /poll/%zz/% HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
      "POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 5\r\n\r\n[[[[[",
      "POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
      "POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 9999999\r\n\r\n",
      "POST / HTTP/1.1\r\nHost: evil.example\r\nContent-Length: 2\r\n\r\n{}",
      "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
      "\r\n".repeat(1_000),
    ]) {
      const said = await exchange(port, bytes);
      expect(said).not.toMatch(/^HTTP\/1\.1 (?:2|5)/u);
    }
    expect((await call(`${site.engineUrl}/ready`)).status).toBe(200);
    expect(all.isRunning).toBe(true);
  });
});

test("the log of all of the above holds no link, token, key, address or comment", async () => {
  const title = newId("logged");
  await ask(title);
  const { links } = await site.mailTo("ana@example.com", title);
  await call(`${links.approve}x`);
  await press(links.approve, { comment: "a comment for nobody's log" });
  await press(links.reject, { comment: "a comment for nobody's log" });
  await api.approval("no-such-approval").catch(() => undefined);
  const secrets = await Promise.all(
    ["token-keys", "signing-keys", "engine.token"].map((name) =>
      readFile(join(site.dataDir, name), "utf8").catch(() => ""),
    ),
  );
  const [, payload = "", signature = ""] = new URL(links.approve).pathname.split(".");
  const never = [
    payload,
    signature,
    ...secrets.map((text) => text.trim().replace(/^.*:/u, "")).filter((text) => text !== ""),
    "ana@example.com",
    "@example.com",
    "a comment for nobody",
    "Order 40 laptops",
    "<script>",
    "/d/eyJ",
    "/r/eyJ",
    "at file:///",
  ];
  expect(all.log.length).toBeGreaterThan(50);
  for (const text of never) expect(all.said).not.toContain(text);
});

async function ask(title: string): Promise<string> {
  return api.ask({ id: newId("po"), title, approvers: ["ana@example.com"] });
}

/** The newest mail to this address, byte for byte. */
async function rawMailTo(address: string): Promise<string> {
  const folder = join(site.dataDir, "mailbox");
  const names = (await readdir(folder))
    .filter((name) => name.endsWith(".eml"))
    .sort()
    .toReversed();
  for (const name of names) {
    const source = await readFile(join(folder, name), "latin1");
    if (source.includes(`\nDelivered-To: ${address}\r\n`)) return source;
  }
  throw new Error(`No mail to ${address}`);
}

interface RawOptions {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** A request for exactly this path: URLs are tidied up before they are sent otherwise. */
function raw(
  path: string,
  { method = "GET", headers = {}, body = "" }: RawOptions = {},
): Promise<Pick<Called, "status" | "headers" | "text">> {
  const { hostname, port } = new URL(all.url);
  return new Promise((resolve, reject) => {
    const sent = request({ hostname, port, path, method, headers, agent: false }, (answer) => {
      let text = "";
      answer.setEncoding("utf8").on("data", (part: string) => {
        text += part;
      });
      answer.on("end", () => resolve({ status: answer.statusCode ?? 0, headers: answer.headers, text }));
      answer.on("error", reject);
    });
    sent.on("error", reject);
    sent.end(body);
  });
}

/** Writes bytes, and answers what came back before the other side hung up, or was silent for a while. */
function exchange(port: number, bytes: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    let said = "";
    socket.setTimeout(300, () => socket.destroy());
    socket.on("data", (data) => {
      said += data.toString("latin1");
    });
    socket.on("error", () => {});
    socket.on("close", () => resolve(said));
    socket.write(Buffer.from(bytes, "latin1"));
  });
}
