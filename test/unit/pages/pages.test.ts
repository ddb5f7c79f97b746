import { createHash } from "node:crypto";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import express, { type Request } from "express";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readersMessages } from "../../../src/gateway/pages/language.ts";
import { DECISION_FORM, type Page } from "../../../src/gateway/pages/page.ts";
import { pageContent } from "../../../src/gateway/pages/page-content.ts";
import { createPages } from "../../../src/gateway/pages/pages.ts";
import { loadAssets } from "../../../src/lib/assets.ts";
import { createMessages, messagesFor } from "../../../src/lib/messages.ts";
import { renderShell } from "../../../src/lib/shell.ts";
import { loadTemplates } from "../../../src/lib/templates.ts";
import { textsOf } from "../../messages/types.ts";
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

const views = { templates: loadTemplates("pages", "partials"), assets: loadAssets() };

/** A page as a browser with this `Accept-Language` gets it. */
function rendered(page: Page, acceptLanguage?: string): { readonly html: string } {
  const req = Object.create(express.request) as Request;
  req.headers = acceptLanguage === undefined ? {} : { "accept-language": acceptLanguage };
  const { template, locals, shell } = pageContent(page, "https://approvals.example.com", (locale) =>
    readersMessages(req, locale, messagesFor),
  );
  return { html: renderShell(views, { ...shell, body: views.templates.html(template, locals) }).toString() };
}

const DECIDE = Object.keys(PAGES).filter((name) => name.startsWith("decide"));
const WITH_FORM = Object.keys(PAGES).filter((name) =>
  /^(?:decide|act|edit|change|sign in(?! elsewhere| over)|inbox(?! results)|admin(?! signed))|taken back|request open|granted, u|refused in advance 1|^home$/u.test(
    name,
  ),
);

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
      for (const key of ["src", "formaction", "srcdoc"]) expect(attributes.has(key)).toBe(false);
      expect(attributes.get("action") ?? "/d/own/undo").toMatch(
        /^\/(?:first-approval|[adr]\/[\w.-]+\/(?:undo|remind)|inbox(?:\/[\w-]+)+|admin(?:\/sign-(?:in|out))?)$/u,
      );
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
    expect(links.length > 0).toBe(
      /^(?:(?:inbox )?decide|standing|receipt|request|(?:admin )?change|inbox confirm|admin approval)/u.test(
        name,
      ),
    );
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

  test("has a form only where something can be done", async () => {
    const { html } = await get(name);
    const controls = named(tagsOf(html), "form", "button", "input", "textarea", "select");
    expect(controls.length > 0).toBe(WITH_FORM.includes(name));
  });
});

describe("render() of decide", () => {
  test.each([
    ["decide approve", "approve"],
    ["decide reject", "reject"],
    ["decide view", undefined],
  ])(
    "has one form that posts to its own address, with a button for each choice (%s)",
    async (name, suggested) => {
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
      // The first one keeps the Enter key from pressing any: a form's default button is its first.
      const [none, ...presses] = named(tags, "button").map(({ attributes }) => attributes);
      expect([none?.has("disabled"), none?.has("hidden"), none?.has("name")]).toEqual([true, true, false]);
      expect(presses.map((press) => [press.get("name"), press.get("value")])).toEqual([
        ["choice", "approve"],
        ["choice", "reject"],
      ]);
      const full = presses.filter((press) => press.get("class")?.split(" ").includes("suggested"));
      expect(full.map((press) => press.get("value"))).toEqual(suggested === undefined ? [] : [suggested]);
      expect(html).toMatch(/<span dir="auto">Approve<\/span><\/button>/u);
    },
  );

  test("says who asks, as whom one answers, by when, what was answered already, and what pressing does", async () => {
    const { html } = await get("decide approve");
    expect(html).toContain("ana@example.com");
    expect(html).toContain("Thursday, 26 November 2026 at 17:00 CET");
    expect(html).toContain("2026-11-26 16:00 UTC");
    expect(html).toContain("in 5 days");
    expect(html).toContain("After that the request counts as rejected.");
    expect(html).toContain("The request is approved once all 2 people asked have approved it.");
    expect(html).toContain("Has not answered yet");
    expect(html).toContain("<code>&lt;script");
    // What is short comes before the long text.
    const at = (text: string) => html.indexOf(text);
    expect(at('id="details"')).toBeGreaterThan(at("Answer by"));
    expect(at('id="summary"')).toBeGreaterThan(at('id="details"'));
  });

  test("keeps what was written and tells the problem when a press could not be taken", async () => {
    const { html } = await get("decide with a problem");
    const tags = tagsOf(html);
    const [, comment] = named(tags, "textarea");
    expect(comment?.attributes.get("aria-invalid")).toBe("true");
    expect(comment?.attributes.has("autofocus")).toBe(true);
    expect(comment?.attributes.get("aria-describedby")).toContain("problem");
    expect(html.match(/<textarea[^>]*>\n&lt;script&gt;/gu)).toHaveLength(2);
    expect(html).toMatch(/role="alert"/u);
    const [, line] = named(tags, "input");
    expect(Object.fromEntries(line?.attributes ?? [])).toMatchObject({
      name: "field.line",
      "aria-invalid": "true",
      "aria-describedby": "field-0-hint field-0-fault",
    });
    expect(line?.attributes.get("value")).toContain("&lt;script&gt;");
    expect(named(tags, "select").map(({ attributes }) => attributes.get("name"))).toEqual(["field.options"]);
    expect(named(tags, "option").map(({ attributes }) => attributes.has("selected"))).toEqual([false, true]);
  });

  test("makes links of addresses in details that lead where they say, and of no others", async () => {
    const { html } = await get("decide approve");
    expect(html).toContain('<a href="https://ok.example/x%22onclick=y" rel="noopener noreferrer nofollow">');
    expect(html).toContain("(https://ok.example/x%22onclick=y)</span>");
    expect(html).toContain(" https://a@evil.example/</dd>");
  });
});

describe("render() of what stands", () => {
  test.each([
    ["receipt effective", "approved", "true", "Your answer is recorded: Approved"],
    ["receipt same", "approved", "false", "You had already answered: Approved"],
    ["receipt other", "approved", "false", "Not recorded: you had already answered"],
    ["receipt expired", "expired", "false", "Your answer was not recorded"],
    ["receipt cancelled", "cancelled", "false", "Your answer was not recorded"],
    ["standing decided", "approved", "false", "You have answered: Approved"],
    ["standing decided by a program", "approved", "false", "Answered in your name: Approved"],
    ["standing closing", "closing", "false", "The request is being closed"],
    ["standing approved", "approved", "false", "The request is approved"],
    ["standing rejected", "rejected", "false", "The request is rejected"],
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

  test("is a record of what was shown, of everybody's answer, and of how it can be told from another", async () => {
    const { html } = await get("receipt decides");
    const { data } = PAGES["receipt decides"] as Page & { view: "receipt" };
    const { title, summary, details } = data.request;
    const canonical = JSON.stringify({ details, summary, title });
    expect(html).toContain(`<code>${createHash("sha256").update(canonical).digest("hex")}</code>`);
    expect(html).toMatch(
      /What was shown[^]*<dt dir="auto">Links[^]*<div class="prose" dir="auto">\n<p>[^]*SHA-256/u,
    );
    expect(html).toMatch(/Reference<\/dt><dd><code>&lt;script/u);
    expect(html).toMatch(/What came of the request[^]*bo@example\.com[^]*<time[^]*class="comment"/u);
    expect(
      (await get("receipt with fields")).html.match(/<dd class="comment" dir="auto">&lt;script/gu),
    ).toHaveLength(3);
  });

  test("calls no answer final that can be taken back", () => {
    const { data } = PAGES["receipt effective"] as Page & { view: "receipt" };
    expect(rendered({ view: "receipt", data }).html).toContain("Your answer is final.");
    const stands = { ...data.stands, undoUntilMs: data.nowMs + 1 };
    const undo = "/r/a.b.c/undo";
    expect(rendered({ view: "receipt", data: { ...data, stands, undo } }).html).not.toContain("final");
    const asked = { ...data, request: { ...data.request, undo: "PT10M" } };
    expect(rendered({ view: "decide", data: asked }).html).not.toContain("cannot be changed");
    expect(rendered({ view: "decide", data }).html).toContain("cannot be changed");
  });

  test("shows that a program answered, and with which key", async () => {
    expect((await get("standing decided by a program")).html).toMatch(
      /Given through<\/dt><dd dir="auto">A program, with the API key &lt;script/u,
    );
  });

  test.each([
    [{ door: "mail" }, "The link in the mail to this address"],
    [{ door: "inbox" }, "The inbox"],
    [{ door: "inbox", signedInBy: "mail" }, "The inbox, signed in by a mail to this address"],
    [{ door: "inbox", signedInBy: "passkey" }, "The inbox, signed in by a passkey"],
  ] as const)("says how the person was known who answered: %j", (way, text) => {
    const { data } = PAGES["receipt effective"] as Page & { view: "receipt" };
    const stands = { ...data.stands, ...way } as typeof data.stands;
    const { html } = rendered({ view: "receipt", data: { ...data, stands } });
    expect(html).toContain(`Given through</dt><dd dir="auto">${text}</dd>`);
  });

  test("gives the reason of a cancellation, and says who it was", async () => {
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

describe("render() in the reader's language", () => {
  test.each([
    ["de-AT", "de", "Entscheidung nötig", "in 5 Tagen"],
    ["fr", "fr", "Décision attendue", "dans 5 jours"],
    ["es-MX", "es", "Decisión pendiente", "dentro de 5 días"],
    ["en-US", "en", "Decision needed", "in 5 days"],
    ["it", "en", "Decision needed", "in 5 days"],
  ])("%s: the page is in %s, dates and all", async (locale, lang, title, inTime) => {
    const { data } = PAGES["decide approve"] as Page & { view: "decide" };
    const { html } = rendered({ view: "decide", data: { ...data, approver: { ...data.approver, locale } } });
    expect(html).toContain(`<html lang="${lang}">`);
    expect(html).toContain(`<title>${title}`);
    expect(html).toContain(inTime);
  });

  test.each([
    ["fr-CA,fr;q=0.9,en;q=0.8", "fr"],
    ["it, es;q=0.9, en;q=0.8", "es"],
    ["it", "en"],
    ["en;q=0.5, de;q=0.6", "de"],
    ["*", "en"],
    ["x".repeat(500), "en"],
    ["de;q=0", "en"],
  ])("without a locale it follows the browser: %.40s is read in %s", (accepted, lang) => {
    const { data } = PAGES["decide approve"] as Page & { view: "decide" };
    const page = { view: "decide", data: { ...data, approver: { email: "ana@example.com" } } } as const;
    expect(rendered(page, accepted).html).toContain(`<html lang="${lang}">`);
    expect(rendered({ view: "refused" }, accepted).html).toContain(`<html lang="${lang}">`);
  });

  test("a person's locale counts more than the browser that they borrow", () => {
    const { data } = PAGES["decide approve"] as Page & { view: "decide" };
    const page = {
      view: "decide",
      data: { ...data, approver: { email: "a@example.com", locale: "de" } },
    } as const;
    expect(rendered(page, "fr").html).toContain('<html lang="de">');
  });
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

  test("home leads only where there is something: to the mailbox, the inbox and the administration", async () => {
    expect((await get("home")).html).toContain('href="/mailbox"');
    for (const path of ["/inbox", "/admin"]) {
      expect((await get("home")).html).toContain(`href="${path}"`);
      expect((await get("home in production")).html).not.toContain(`href="${path}"`);
    }
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

test("pages have the operator's texts", () => {
  const own = { tag: "en", texts: () => ({ ...textsOf("en"), "page.refused": "Ask your helpdesk" }) };
  const withOwn = createPages({
    publicUrl: "https://approvals.example.com",
    mailbox: true,
    messagesFor: createMessages([own]),
  });
  let sent = "";
  const res = { req: { acceptsLanguages: () => [] }, send: (body: string) => void (sent = body) };
  const chained = { ...res, status: () => chained, set: () => chained, type: () => chained };
  withOwn.render(chained as never, { status: 403, view: "refused" });
  expect(sent).toContain("Ask your helpdesk");
});
