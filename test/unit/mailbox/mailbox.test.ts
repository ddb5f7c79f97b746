import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type IncomingMessage, request, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import express from "express";
import { createTransport, type SendMailOptions } from "nodemailer";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Mailbox, startMailbox } from "../../../src/mailbox/mailbox.ts";
import { readMail } from "../../../src/mailbox/read-mail.ts";
import { readMailsOf } from "../../../src/mailbox/reader.ts";
import { mailboxRoutes } from "../../../src/mailbox/routes.ts";
import { named, tagsOf } from "../../support/markup.ts";

let dir = "";
const open: { close(): Promise<void> }[] = [];

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "mailbox-"));
});

afterEach(async () => {
  await Promise.all(open.splice(0).map((it) => it.close()));
  await rm(dir, { recursive: true, force: true });
});

async function start(options: Partial<Parameters<typeof startMailbox>[0]> = {}): Promise<Mailbox> {
  const mailbox = await startMailbox({ dir, port: 0, production: false, ...options });
  open.push(mailbox);
  return mailbox;
}

const MAIL: SendMailOptions = {
  from: "Countersign <approvals@example.com>",
  to: "ana@example.com",
  subject: "Decision needed: <b>laptops</b>",
  text: "To APPROVE: https://approvals.example.com/d/aaa <script>",
  html: `<html><head><title>x</title></head><body><a href="https://approvals.example.com/d/aaa">Approve</a></body></html>`,
};

async function send({ url }: Mailbox, mail: SendMailOptions = MAIL): Promise<void> {
  const transport = createTransport(url);
  await transport.sendMail(mail);
  transport.close();
}

async function pagesOf(
  mailbox: Mailbox,
): Promise<(path: string, headers?: Record<string, string>) => Promise<Answer>> {
  const server: Server = createServer(express().use(mailboxRoutes({ ...mailbox, trustProxyHops: 0 }))).listen(
    0,
    "127.0.0.1",
  );
  await once(server, "listening");
  open.push({
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  });
  const { port } = server.address() as AddressInfo;
  return async (path, headers = {}) => {
    const res = await fetch(`http://127.0.0.1:${port}${path}`, { headers });
    return { res, html: await res.text() };
  };
}

interface Answer {
  readonly res: Response;
  readonly html: string;
}

describe("startMailbox()", () => {
  test("refuses production", async () => {
    await expect(start({ production: true })).rejects.toThrow(/for development/u);
  });

  test.each(["0.0.0.0", "::", "192.168.1.10", "example.com", "127.0.0.1.example.com", ""])(
    "refuses host %j, which other machines may reach",
    async (host) => {
      await expect(start({ host })).rejects.toThrow(/loopback/u);
    },
  );

  test("rejects when the port is taken", async () => {
    const { port } = await start();
    await expect(start({ port })).rejects.toThrow(/EADDRINUSE/u);
  });

  test("has a mail on disk, with its envelope, when the client learns that it was accepted", async () => {
    const mailbox = await start();
    await send(mailbox, { ...MAIL, envelope: { from: "bounce@example.com", to: ["secret@example.com"] } });
    const [id] = mailbox.mails.ids();
    const [file = ""] = await readdir(dir);
    expect(file).toMatch(new RegExp(`^${id}-[0-9a-f]{8}\\.eml$`, "u"));
    const raw = await readFile(join(dir, file), "utf8");
    expect(raw).toMatch(/^Return-Path: <bounce@example\.com>\r\nDelivered-To: secret@example\.com\r\n/u);
    expect(raw).toContain("To: ana@example.com\r\n");
  });

  test("shows old mails after a restart and clears away what was half written", async () => {
    const first = await start();
    await send(first);
    const ids = [...first.mails.ids()];
    await first.close();
    await writeFile(join(dir, "000000000000001-x.part"), "half");
    const second = await start();
    expect(second.mails.ids()).toEqual(ids);
    expect(await readdir(dir)).toEqual([
      expect.stringMatching(new RegExp(`^${ids[0]}-[0-9a-f]{8}.eml$`, "u")),
    ]);
    await send(second);
    expect(second.mails.ids().slice(1)).toEqual(ids);
  });

  test("shows mails that an earlier version stored, without a checksum", async () => {
    await writeFile(join(dir, "000001764567890.eml"), "Subject: Old\r\n\r\nold");
    const mailbox = await start();
    expect(mailbox.mails.ids()).toEqual(["000001764567890"]);
    expect(String(await mailbox.mails.read("000001764567890"))).toContain("old");
  });

  test("does not show a mail with a wrong bit, names its file, and shows the others", async () => {
    const mailbox = await start();
    await send(mailbox);
    const [id = ""] = mailbox.mails.ids();
    const [name = ""] = await readdir(dir);
    await send(mailbox, { ...MAIL, subject: "Another" });
    const bytes = await readFile(join(dir, name));
    const get = await pagesOf(mailbox);
    for (let bit = 0; bit < 8 * bytes.length; bit += 97) {
      const changed = Buffer.from(bytes);
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      await writeFile(join(dir, name), changed);
      await expect(mailbox.mails.read(id), `bit ${bit}`).rejects.toThrow(name);
    }
    const list = (await get("/mailbox")).html;
    expect([list.includes("Another"), list.includes("(damaged)")]).toEqual([true, true]);
    expect((await get(`/mailbox/${id}`)).html).toContain(name);
    expect((await get(`/mailbox/${id}/raw`)).res.status).toBe(404);
    await writeFile(join(dir, name), bytes);
    expect((await get(`/mailbox/${id}/raw`)).res.status).toBe(200);
  });

  test("another process shows the mails, by the same ids, and none with a wrong bit", async () => {
    const mailbox = await start();
    const reader = readMailsOf(dir);
    expect(reader.ids()).toEqual([]);
    await writeFile(join(dir, "000001764567890.eml"), "Subject: Old\r\n\r\nold");
    await send(mailbox);
    const [id = ""] = mailbox.mails.ids();
    expect(reader.ids()).toEqual([id, "000001764567890"]);
    expect(await reader.read(id)).toEqual(await mailbox.mails.read(id));
    expect([await reader.read("000001764567891"), String(await reader.read("000001764567890"))]).toEqual([
      undefined,
      expect.stringContaining("old"),
    ]);
    const name = (await readdir(dir)).find((file) => file.startsWith(`${id}-`)) ?? "";
    await writeFile(join(dir, name), "another");
    await expect(reader.read(id)).rejects.toThrow(name);
  });

  test("keeps the newest mails only", async () => {
    const mailbox = await start({ keep: 2 });
    for (const n of [1, 2, 3]) await send(mailbox, { ...MAIL, subject: `Mail ${n}` });
    const kept = await Promise.all(mailbox.mails.ids().map((id) => mailbox.mails.read(id)));
    expect(kept.map((raw) => /^Subject: (.*)$/mu.exec(String(raw))?.[1]?.trim())).toEqual([
      "Mail 3",
      "Mail 2",
    ]);
    expect(await readdir(dir)).toHaveLength(2);
  });

  test("refuses a mail that is too large and takes the next one", async () => {
    const mailbox = await start();
    const transport = createTransport(mailbox.url);
    // Said to be small, so that the limit is met while the bytes come.
    const raw = `Subject: big\r\n\r\n${"x".repeat(76)}\r\n`.repeat(30_000);
    await expect(
      transport.sendMail({ envelope: { from: "a@example.com", to: "b@example.com" }, raw }),
    ).rejects.toMatchObject({ responseCode: 552 });
    await send(mailbox);
    expect(mailbox.mails.ids()).toHaveLength(1);
  });
});

describe("mailboxRoutes()", () => {
  test("list a mail with recipient and subject as text", async () => {
    const mailbox = await start();
    const get = await pagesOf(mailbox);
    expect((await get("/mailbox")).html).toContain("No mail yet");
    await send(mailbox);
    const { res, html } = await get("/mailbox");
    expect(res.status).toBe(200);
    expect(res.headers.get("content-security-policy")).toMatch(/default-src 'none'.*frame-src 'self'/u);
    expect(res.headers.get("cache-control")).toBe("no-store");
    expect(html).toContain("Decision needed: &lt;b&gt;laptops&lt;/b&gt;");
    expect(html).toContain("ana@example.com");
    expect(html).toContain(`href="/mailbox/${mailbox.mails.ids()[0]}"`);
  });

  test("show a mail: headers, the HTML part in a sandbox, the text part with links", async () => {
    const mailbox = await start();
    const get = await pagesOf(mailbox);
    await send(mailbox);
    const id = mailbox.mails.ids()[0];
    const { html } = await get(`/mailbox/${id}`);
    const tags = tagsOf(html);
    const [frame] = named(tags, "iframe");
    expect(frame?.attributes.get("src")).toBe(`/mailbox/${id}/html`);
    expect(frame?.attributes.get("title")).toBeTruthy();
    expect(frame?.attributes.get("sandbox")?.split(" ")).not.toContain("allow-scripts");
    expect(named(tags, "a").map(({ attributes }) => attributes.get("href"))).toContain(
      "https://approvals.example.com/d/aaa",
    );
    expect(html).toContain("&lt;script&gt;");
    expect(html).toContain("Message-ID");
  });

  test("serve the HTML part sandboxed by header too, with links that leave the frame", async () => {
    const mailbox = await start();
    const get = await pagesOf(mailbox);
    await send(mailbox);
    const { res, html } = await get(`/mailbox/${mailbox.mails.ids()[0]}/html`);
    const policy = res.headers.get("content-security-policy") ?? "";
    expect(policy).toMatch(
      /default-src 'none'; style-src 'unsafe-inline'; form-action 'none'; frame-ancestors 'self'/u,
    );
    expect(policy).toMatch(/sandbox (?!.*allow-(scripts|same-origin|forms))/u);
    expect(res.headers.get("x-frame-options")).toBe("SAMEORIGIN");
    expect(html).toContain('<head><base target="_top">');
  });

  test("serve the mail as it came, as text", async () => {
    const mailbox = await start();
    const get = await pagesOf(mailbox);
    await send(mailbox);
    const { res, html } = await get(`/mailbox/${mailbox.mails.ids()[0]}/raw`);
    expect(res.headers.get("content-type")).toMatch(/^text\/plain/u);
    expect(res.headers.get("x-content-type-options")).toBe("nosniff");
    expect(html).toContain("Subject: Decision needed");
  });

  test("go back through more mails than one page holds", async () => {
    const mailbox = await start();
    const get = await pagesOf(mailbox);
    const transport = createTransport({ url: mailbox.url, pool: true });
    for (let n = 1; n <= 53; n++) await transport.sendMail({ ...MAIL, subject: `Mail ${n}.` });
    transport.close();
    const first = await get("/mailbox");
    expect(first.html).toContain("Mail 53.");
    expect(first.html).not.toContain("Mail 3.");
    const older = /href="(\/mailbox\?before=\d+)"/u.exec(first.html)?.[1];
    const second = await get(older ?? "");
    expect(second.html).toContain("Mail 3.");
    expect(second.html).toContain("Mail 1.");
    expect(second.html).not.toContain("Mail 4.");
    expect(second.html).not.toContain("Older mails");
  });

  test.each(["/mailbox/0", "/mailbox/..%2f..%2fetc%2fpasswd", "/mailbox/0/html", "/mailbox/0/raw"])(
    "answer 404 for a mail that is not there (%s)",
    async (path) => {
      const get = await pagesOf(await start());
      const { res, html } = await get(path);
      expect(res.status).toBe(404);
      expect(html).toContain("No such mail");
    },
  );

  test("answer to names of this machine only", async () => {
    const mailbox = await start();
    await send(mailbox);
    const get = await pagesOf(mailbox);
    const { port } = new URL((await get("/mailbox")).res.url);
    const statusFor = async (host: string) => {
      const [res] = (await once(
        request({ host: "127.0.0.1", port, path: "/mailbox", headers: { host } }).end(),
        "response",
      )) as [IncomingMessage];
      res.resume();
      return res.statusCode;
    };
    expect(await statusFor("rebound.example.com")).toBe(403);
    expect(await statusFor(`localhost:${port}`)).toBe(200);
    expect(await statusFor(`[::1]:${port}`)).toBe(200);
  });

  test.each([
    { "x-forwarded-for": "203.0.113.9" },
    { "x-forwarded-host": "tunnel.example.com" },
    { "x-forwarded-proto": "https" },
    { forwarded: "for=203.0.113.9" },
    { "x-real-ip": "203.0.113.9" },
    { via: "1.1 tunnel" },
    { "cf-connecting-ip": "203.0.113.9" },
  ])("answer nobody who comes through a proxy or a tunnel: %j", async (headers) => {
    const mailbox = await start();
    await send(mailbox);
    const get = await pagesOf(mailbox);
    for (const path of ["", `/${mailbox.mails.ids()[0]}`, `/${mailbox.mails.ids()[0]}/raw`]) {
      const { res, html } = await get(`/mailbox${path}`, headers);
      expect(res.status).toBe(403);
      expect(html).not.toContain("ana@example.com");
    }
  });

  test("show mails nested as deep as any client nests them, and of odder ones what can be read", async () => {
    const mailbox = await start();
    const get = await pagesOf(mailbox);
    const nested = (levels: number): string => {
      let part = "Content-Type: text/plain\r\n\r\nthe innermost words\r\n";
      for (let n = 0; n < levels; n++)
        part = `Content-Type: multipart/mixed; boundary="b${n}"\r\n\r\n--b${n}\r\n${part}\r\n--b${n}--\r\n`;
      return `Subject: ${levels} levels\r\nFrom: ana@example.com\r\n${part}`;
    };
    const transport = createTransport(mailbox.url);
    const envelope = { from: "a@example.com", to: "b@example.com" };
    const odd = [
      nested(20),
      nested(21),
      nested(100),
      nested(2_000),
      `Subject: long head\r\n${"X-A: b\r\n".repeat(20_000)}\r\nbody`,
      "no mail at all",
      "",
    ];
    for (const raw of odd) await transport.sendMail({ envelope, raw });
    transport.close();
    const list = await get("/mailbox");
    expect(list.res.status).toBe(200);
    for (const subject of ["20 levels", "21 levels", "100 levels", "2000 levels"])
      expect(list.html).toContain(subject);
    const ids = mailbox.mails.ids().toReversed();
    const pages = await Promise.all(ids.map((id) => get(`/mailbox/${id}`)));
    expect(pages.map(({ res }) => res.status)).toEqual(odd.map(() => 200));
    for (const n of [0, 1, 2]) expect(pages[n]?.html).toContain("the innermost words");
    expect(pages[3]?.html).toContain("The parts of this mail cannot be shown");
    expect(pages[4]?.html.length).toBeLessThan(100_000);
  });

  test("take apart mails within mails in a time that grows with their length only", async () => {
    const chain = (length: number): Buffer => {
      const inner = "Subject: innermost\r\nContent-Type: text/plain\r\n\r\ntext\r\n";
      const outer = Array.from({ length }, () => "Subject: fwd\r\nContent-Type: message/rfc822\r\n\r\n");
      return Buffer.from(outer.join("") + inner);
    };
    // Each mail within was taken apart and joined again once for each that it is in.
    const { html, text, subject } = await readMail("1", chain(10_000));
    expect({ html, text, subject }).toEqual({ html: undefined, text: undefined, subject: "fwd" });
  });
});
