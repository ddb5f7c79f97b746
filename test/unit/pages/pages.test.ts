import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import express from "express";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createPages, DECISION_FORM } from "../../../src/gateway/pages/pages.ts";
import { named, tagsOf } from "../../support/markup.ts";
import { PAGES } from "./hostile.ts";

const pages = createPages({ publicUrl: "https://approvals.example.com", mailbox: true });
const app = express();
app.get("/page/:name", (req, res) => {
  const page = PAGES[req.params.name];
  if (page === undefined) throw new Error(`No such page: ${req.params.name}`);
  pages.render(res, page);
});
app.use(pages.routes);

const server = app.listen(0, "127.0.0.1");
let origin = "";

beforeAll(async () => {
  if (!server.listening) await once(server, "listening");
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterAll(() => {
  server.closeAllConnections();
  server.close();
});

async function get(name: string): Promise<{ res: Response; html: string }> {
  const res = await fetch(`${origin}/page/${encodeURIComponent(name)}`);
  return { res, html: await res.text() };
}

const DECIDE = Object.keys(PAGES).filter((name) => name.startsWith("decide"));

describe.each(Object.keys(PAGES))("render() of %s", (name) => {
  test("answers with the status and every header of an HTML answer", async () => {
    const { res } = await get(name);
    expect(res.status).toBe(PAGES[name]?.status);
    expect(Object.fromEntries(res.headers)).toMatchObject({
      "content-type": "text/html; charset=utf-8",
      "content-security-policy":
        "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
      "x-content-type-options": "nosniff",
      "referrer-policy": "no-referrer",
      "cache-control": "no-store",
      "cross-origin-opener-policy": "same-origin",
      "cross-origin-resource-policy": "same-origin",
      "x-frame-options": "DENY",
      "x-robots-tag": "noindex",
      "strict-transport-security": "max-age=31536000",
    });
  });

  test("answers HEAD with the same headers and no body", async () => {
    const { res } = await get(name);
    const head = await fetch(`${origin}/page/${encodeURIComponent(name)}`, { method: "HEAD" });
    expect(head.status).toBe(res.status);
    expect(head.headers.get("content-security-policy")).toBe(res.headers.get("content-security-policy"));
    expect(head.headers.get("content-length")).toBe(res.headers.get("content-length"));
    expect(await head.text()).toBe("");
  });

  test("holds no script, no inline style, nothing from elsewhere, and text only as text", async () => {
    const { html } = await get(name);
    const tags = tagsOf(html);
    expect(named(tags, "script", "img", "iframe", "object", "embed", "base", "style")).toEqual([]);
    for (const { attributes } of tags) {
      for (const key of attributes.keys()) expect(key).not.toMatch(/^on|^style$/u);
      for (const key of ["src", "action", "formaction", "srcdoc"]) expect(attributes.has(key)).toBe(false);
    }
    for (const { attributes } of named(tags, "link")) expect(attributes.get("href")).toMatch(/^\/assets\//u);
    expect(html).not.toMatch(/[\u202A-\u202E\u2066-\u2069]|undefined|never shown/u);
    expect(html).not.toContain("\u0007");
  });

  test("gives callers' links no power over our page", async () => {
    const links = named(tagsOf((await get(name)).html), "a").filter(({ attributes }) =>
      /^[a-z]+:/iu.test(attributes.get("href") ?? ""),
    );
    for (const { attributes } of links) {
      expect(attributes.get("href")).toMatch(/^(https|mailto):/u);
      expect(attributes.get("rel")).toBe("noopener noreferrer nofollow");
    }
    expect(links.length > 0).toBe(DECIDE.includes(name));
  });

  test("has one main, one first heading, landmarks, a language and a title", async () => {
    const { html } = await get(name);
    const tags = tagsOf(html);
    expect(
      named(tags, "main", "h1", "header", "footer", "title")
        .map(({ name: tag }) => tag)
        .toSorted(),
    ).toEqual(["footer", "h1", "header", "main", "title"]);
    expect(named(tags, "html")[0]?.attributes.get("lang")).toBe("en");
    expect(html).toMatch(/<title>[^<]{10,}<\/title>/u);
    const ids = tags.flatMap(({ attributes }) => attributes.get("id") ?? []);
    expect(new Set(ids).size).toBe(ids.length);
    for (const { attributes } of tags) {
      const named = [attributes.get("aria-labelledby"), attributes.get("aria-describedby")].join(" ").trim();
      for (const id of named.split(/\s+/u).filter(Boolean)) expect(ids).toContain(id);
    }
  });

  test("has a form only where a decision is asked for", async () => {
    const { html } = await get(name);
    expect(named(tagsOf(html), "form", "button", "input", "textarea").length > 0).toBe(DECIDE.includes(name));
  });
});

describe("render() of decide", () => {
  test.each([
    ["decide approve", "Approve this request"],
    ["decide reject", "Reject this request"],
  ])(
    "has one form that posts to its own address, one labelled field, one button (%s)",
    async (name, press) => {
      const { html } = await get(name);
      const tags = tagsOf(html);
      expect(named(tags, "form").map(({ attributes }) => [...attributes])).toEqual([[["method", "post"]]]);
      expect(named(tags, "input").map(({ attributes }) => Object.fromEntries(attributes))).toEqual([
        { type: "hidden", name: DECISION_FORM.confirm, value: DECISION_FORM.confirmValue },
      ]);
      const [textarea] = named(tags, "textarea");
      expect(textarea?.attributes.get("name")).toBe(DECISION_FORM.comment);
      expect(textarea?.attributes.get("maxlength")).toBe("2000");
      expect(named(tags, "label").map(({ attributes }) => attributes.get("for"))).toEqual([
        textarea?.attributes.get("id"),
      ]);
      expect(named(tags, "button")).toHaveLength(1);
      expect(html).toMatch(new RegExp(`</svg> ${press}</button>`, "u"));
    },
  );

  test("says as whom, by when in the reader's language and zone, and what pressing does", async () => {
    const { html } = await get("decide approve");
    expect(html).toContain("ana@example.com");
    expect(html).toContain("Donnerstag, 26. November 2026 um 17:00 MEZ");
    expect(html).toContain("2026-11-26 16:00 UTC");
    expect(html).toContain("After that the request counts as rejected.");
    expect(html).toContain("The request is approved once all 2 people asked have approved it.");
  });

  test("keeps the comment and tells the problem when a press could not be taken", async () => {
    const { html } = await get("decide with a problem");
    const [textarea] = named(tagsOf(html), "textarea");
    expect(textarea?.attributes.get("aria-invalid")).toBe("true");
    expect(textarea?.attributes.has("autofocus")).toBe(true);
    expect(textarea?.attributes.get("aria-describedby")).toContain("problem");
    expect(html).toMatch(/<textarea[^>]*>\n&lt;script&gt;/u);
    expect(html).toMatch(/role="alert"/u);
  });
});

describe("render() of what stands", () => {
  test.each([
    ["receipt effective", "approved", "true", "Your approval is recorded"],
    ["receipt same", "approved", "false", "It was already approved"],
    ["receipt other", "approved", "false", "Not recorded: already approved"],
    ["receipt expired", "expired", "false", "Not recorded: the deadline has passed"],
    ["receipt cancelled", "cancelled", "false", "Not recorded: the request was cancelled"],
    ["standing decided", "approved", "false", "Answered: approved"],
    ["standing decided by a program", "approved", "false", "Answered: approved"],
    ["standing closing", "closing", "false", "The request is being closed"],
    ["standing approved", "approved", "false", "The request is already approved"],
    ["standing rejected", "rejected", "false", "The request is already rejected"],
    ["standing expired", "expired", "false", "The deadline has passed"],
    ["standing cancelled", "cancelled", "false", "The request was cancelled"],
  ])("says it to people and to tools (%s)", async (name, decision, effective, headline) => {
    const { html } = await get(name);
    const [main] = named(tagsOf(html), "main");
    expect(main?.attributes.get("data-decision")).toBe(decision);
    expect(main?.attributes.get("data-effective")).toBe(effective);
    expect(html).toContain(`<h1>${headline}</h1>`);
  });

  test("tells how the request ended apart from the answer on the page", async () => {
    const decides = (await get("receipt decides")).html;
    expect(decides).toContain("The request is approved.");
    expect(decides).toContain('data-outcome="approved"');
    // A condition would be beside the point: the answer has decided.
    expect(decides).not.toMatch(/once all|is then/u);
    expect((await get("receipt effective")).html).toContain("once all 2 people asked have approved it");
    const overruled = (await get("standing decided by a program")).html;
    expect(overruled).toContain("The request is rejected. Others decided otherwise.");
    expect(overruled).toMatch(/<main[^>]*data-decision="approved"[^>]*data-outcome="rejected"/u);
  });

  test("shows that a program answered, and with which key", async () => {
    expect((await get("standing decided by a program")).html).toMatch(
      /Given through<\/dt><dd dir="auto">A program, with the API key &lt;script/u,
    );
    expect((await get("standing decided")).html).not.toContain("Given through");
  });

  test("gives the reason of a cancellation", async () => {
    expect((await get("standing cancelled for a reason")).html).toMatch(
      /Reason<\/dt><dd dir="auto">&lt;script/u,
    );
  });

  test("names somebody else who decided by their address, not by the approver's name", async () => {
    expect((await get("standing decided")).html).toMatch(/Given as<\/dt><dd><bdi class="person">/u);
    expect((await get("standing decided by another")).html).toMatch(
      /Given as<\/dt><dd><span class="address">/u,
    );
  });

  test.each([...DECIDE, "refused", "not recorded", "error", "home"])(
    "claims nothing elsewhere (%s)",
    async (name) => {
      expect((await get(name)).html).not.toMatch(/data-decision|data-effective/u);
    },
  );
});

describe("render() of messages", () => {
  test("refuses every link with one and the same page", async () => {
    expect((await get("refused")).html).toBe((await get("refused")).html);
  });

  test("does not claim that nothing was recorded when that is not known", async () => {
    const { html } = await get("not recorded");
    expect(html).not.toMatch(/nothing was recorded|not recorded/iu);
    expect(html).toContain('href=""');
  });

  test("shows the mailbox only where there is one", async () => {
    expect((await get("home")).html).toContain('href="/mailbox"');
    expect((await get("home in production")).html).not.toContain("mailbox");
  });
});

describe("routes", () => {
  test("serve the style sheet under its version, for good", async () => {
    const [link] = named(tagsOf((await get("refused")).html), "link").filter(
      ({ attributes }) => attributes.get("rel") === "stylesheet",
    );
    const res = await fetch(origin + link?.attributes.get("href"));
    expect(res.status).toBe(200);
    expect(res.headers.get("content-type")).toBe("text/css; charset=utf-8");
    expect(res.headers.get("cache-control")).toContain("immutable");
    expect(res.headers.get("x-content-type-options")).toBe("nosniff");
    expect(await res.text()).not.toMatch(/url\(|@import/u);
  });

  test("serve it under another version too, but not for good", async () => {
    const res = await fetch(`${origin}/assets/style.css?v=older`);
    expect(res.status).toBe(200);
    expect(res.headers.get("cache-control")).toBe("no-cache");
  });

  test.each(["/assets/nothing.css", "/assets/..%2fpages%2fdecide.html.ejs", "/assets/__proto__"])(
    "serve nothing else (%s)",
    async (path) => {
      expect((await fetch(origin + path)).status).toBe(404);
    },
  );

  test("serve a start page", async () => {
    const res = await fetch(origin);
    expect(res.status).toBe(200);
    expect(await res.text()).toContain("/mailbox");
  });
});

describe("views", () => {
  const folder = new URL("../../../views/", import.meta.url);
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((file) =>
    file.endsWith(".ejs"),
  );

  test.each(files)("%s prints escaped values only, in quoted attributes", (file) => {
    const source = readFileSync(new URL(file, folder), "utf8");
    expect(source).not.toContain("<%-");
    expect(source).not.toMatch(/\s[a-z-]+=<%|include\s*\(/u);
  });
});
