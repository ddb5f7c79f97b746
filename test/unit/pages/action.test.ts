/** Whatever action is accepted, people see the whole of it: on every page that shows a request, and in both parts of a mail. */
import { assert, dictionary, jsonValue, property, string } from "fast-check";
import { describe, expect, test } from "vitest";
import { actionsProblems } from "../../../src/approval/action-problems.ts";
import type { Action } from "../../../src/approval/action-schema.ts";
import type { ApprovalRequest } from "../../../src/approval/approval.ts";
import { choicesOf } from "../../../src/approval/rule.ts";
import { createComposer } from "../../../src/channels/mail/compose.ts";
import type { Asked, Page } from "../../../src/gateway/pages/page.ts";
import { pageContent } from "../../../src/gateway/pages/page-content.ts";
import { loadAssets } from "../../../src/lib/assets.ts";
import { messagesFor } from "../../../src/lib/messages.ts";
import { renderShell } from "../../../src/lib/shell.ts";
import { loadTemplates } from "../../../src/lib/templates.ts";
import { adminPages } from "../../support/admin-gallery.ts";
import { argumentsIn } from "../../support/shown-arguments.ts";
import { mail, publicUrl, sender } from "../channels/mail/fixture.ts";

const LANGUAGES = ["en", "de", "fr", "es"] as const;
const views = { templates: loadTemplates("pages", "partials", "admin"), assets: loadAssets() };
const composer = createComposer({ from: sender, publicUrl });
const atMs = Date.UTC(2026, 10, 21, 9, 12);
const ana = { email: "ana@example.com" };

function requestWith(action: Partial<Action>, locale = "en"): ApprovalRequest {
  return {
    title: "Pay invoice 7",
    details: [],
    action: { tool: "pay", arguments: {}, reversible: "no", validFor: "P1D", ...action },
    requester: { email: "kim@example.com", locale },
    approvers: [{ ...ana, locale }],
    require: "any",
    rejection: "veto",
    deadline: "P5D",
    onDeadline: "expire",
    metadata: {},
  };
}

/** Every page that shows what is asked. */
function pagesOf(request: ApprovalRequest, locale = "en"): Readonly<Record<string, Page>> {
  const approver = { ...ana, locale };
  const asked: Asked = {
    request,
    reference: "pay-7",
    approver,
    choices: choicesOf({}),
    deadlineAtMs: atMs,
    onDeadline: "expire",
    nowMs: atMs,
    people: [],
  };
  const stands = {
    kind: "decided",
    answer: { value: "approve", effect: "approve" },
    by: ana.email,
    door: "mail",
    atMs,
  } as const;
  const admin = Object.values(adminPages(request, atMs)).find(({ view }) => view === "adminApproval");
  if (admin === undefined) throw new Error("The gallery has no page of an approval");
  return {
    decide: { view: "decide", data: asked },
    receipt: { view: "receipt", data: { ...asked, pressed: "approve", effective: true, stands } },
    request: {
      view: "request",
      data: {
        request,
        requester: { email: "kim@example.com", locale },
        reference: "pay-7",
        deadlineAtMs: atMs,
        onDeadline: "expire",
        stage: 0,
        nowMs: atMs,
        press: "AAAAAAAAAAAAAAAAAAAAAA",
        people: [],
        timeline: [],
        status: "pending",
      },
    },
    inbox: {
      view: "inboxConfirm",
      data: {
        visitor: { email: ana.email, form: "form" },
        nonce: "AAAAAAAAAAAAAAAAAAAAAA",
        left: 0,
        questions: [{ pid: "pay-7:1", asked }],
      },
    },
    admin,
  };
}

function htmlOf(page: Page): string {
  const { template, locals, shell } = pageContent(page, publicUrl, messagesFor);
  return renderShell(views, { ...shell, body: views.templates.html(template, locals) }).toString();
}

const unescape = (html: string) =>
  html
    .replaceAll(/<\/?(?:a|b|bdi)>/gu, "")
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll(/&quot;|&#34;/gu, '"')
    .replaceAll("&#39;", "'")
    .replaceAll("&amp;", "&");

function rowsIn(html: string, pattern: RegExp) {
  return [...html.matchAll(pattern)].map(([, label = "", value = ""]) => ({
    label: unescape(label),
    value: unescape(value),
  }));
}

/** The table and the JSON of a page. */
function shownOn(html: string) {
  const [, table = ""] = /<dl class="details arguments"[^>]*>(.*?)<\/dl>/su.exec(html) ?? [];
  const [, json = ""] = /<pre class="code" dir="ltr"[^>]*>(.*?)<\/pre>/su.exec(html) ?? [];
  return {
    rows: rowsIn(table, /<dt dir="auto">(.*?)<\/dt><dd dir="auto">(.*?)<\/dd>/gsu),
    json: unescape(json),
  };
}

function shownInMail(request: ApprovalRequest) {
  const { html, text } = composer.compose({ kind: "request", ...mail, request });
  const [, table = ""] = /<div class="args">(.*?)<\/div>/su.exec(html) ?? [];
  const [, json = ""] = /<pre class="json"[^>]*>(.*?)<\/pre>/su.exec(html) ?? [];
  const [, lines = ""] = /\nArguments\n\n(.*?)\n\nThe arguments as JSON\n/su.exec(text) ?? [];
  const [, jsonLines = ""] = /\nThe arguments as JSON\n\n(.*?)\n\n/su.exec(text) ?? [];
  return {
    html: {
      rows: rowsIn(table, /<p dir="auto"><b>(.*?)<\/b><br><span>(.*?)<\/span>/gsu),
      json: unescape(json),
    },
    text: {
      rows: lines
        .split(/^ {2}\| (?! {2})/mu)
        .slice(1)
        .map((row) => {
          const [label = "", ...value] = row.trimEnd().split("\n");
          return { label: label.slice(0, -1), value: value.map((line) => line.slice(6)).join("\n") };
        }),
      json: jsonLines.replaceAll(/^ {2}\| /gmu, ""),
    },
  };
}

describe("an action that was accepted", () => {
  test("can be read back whole from every page, and from both parts of a mail, as a table and as JSON", () => {
    const anything = dictionary(
      string({ unit: "grapheme" }),
      jsonValue({ maxDepth: 3, stringUnit: "binary" }),
    );
    assert(
      property(anything, (value) => {
        const given = JSON.parse(JSON.stringify(value)) as Record<string, unknown>;
        if (Object.keys(given).length === 0) return;
        if (actionsProblems({ action: { tool: "pay", arguments: given } }).length > 0) return;
        const request = requestWith({ arguments: given });
        for (const [name, page] of Object.entries(pagesOf(request))) {
          const { rows, json } = shownOn(htmlOf(page));
          expect(argumentsIn(rows), name).toEqual(given);
          expect(JSON.parse(json), name).toEqual(given);
        }
        for (const [name, { rows, json }] of Object.entries(shownInMail(request))) {
          expect(argumentsIn(rows), name).toEqual(given);
          expect(JSON.parse(json), name).toEqual(given);
        }
      }),
      { numRuns: 150 },
    );
  });

  test("is there among several, each whole and with its number", () => {
    const values = [
      { to: "Ana <a@example.com>" },
      { to: "Bo\u200b" },
      { list: Array.from({ length: 80 }, (_, i) => i) },
    ];
    const { action, ...others } = requestWith({});
    if (action === undefined) throw new Error("no action");
    const request = { ...others, items: values.map((given) => ({ ...action, arguments: given })) };
    for (const [name, page] of Object.entries(pagesOf(request))) {
      const html = htmlOf(page);
      const parts = html.split(/<h[34] class="item">Action \d of 3<\/h[34]>/u).slice(1);
      expect(
        parts.map((part) => argumentsIn(shownOn(part).rows)),
        name,
      ).toEqual(values);
      expect(html.includes('type="checkbox"'), name).toBe(name === "decide");
    }
    const { html, text } = composer.compose({ kind: "request", ...mail, request });
    for (const part of [html, text]) {
      for (const n of [1, 2, 3]) expect(part).toContain(`Action ${n} of 3`);
      expect(part.replaceAll("&quot;", '"').replaceAll("&#34;", '"')).toContain('"Bo\\u200b"');
    }
  });

  test.each(LANGUAGES)(
    "says in words whether it can be undone, what it is and what it acts on, in %s",
    (locale) => {
      const told = new Set<string>();
      for (const reversible of ["yes", "costly", "no"] as const) {
        const request = requestWith({ reversible, target: "ERP <12>", audience: "runner" }, locale);
        const words = messagesFor(locale).text(`action.reversible.${reversible}`);
        told.add(words);
        for (const [name, page] of Object.entries(pagesOf(request, locale))) {
          const html = htmlOf(page);
          // The inbox and the administration have the language of the browser.
          if (name !== "admin" && name !== "inbox") expect(html, name).toContain(words);
          expect(html, name).toContain("ERP &lt;12&gt;");
          expect(html.split(/<p class="reversible/u), name).toHaveLength(2);
        }
        const { html, text } = composer.compose({
          kind: "request",
          ...mail,
          approver: { ...ana, locale },
          request,
        });
        for (const part of [html, text]) expect(part).toContain(words);
        expect(text).toContain("  | ERP <12>\n");
      }
      expect(told.size).toBe(3);
    },
  );

  test("that is too long for a mail is not in it by half: the mail says so, and the page has all of it", () => {
    const given = Object.fromEntries(Array.from({ length: 400 }, (_, i) => [`name-${i}`, "漢".repeat(20)]));
    const request = requestWith({ arguments: given });
    const { html, text } = composer.compose({ kind: "request", ...mail, request });
    for (const part of [html, text]) {
      expect(part).toContain("Its arguments are too long for a mail.");
      expect(part).not.toContain("name-0");
      expect(part).toContain("This cannot be undone once it is run.");
    }
    expect(argumentsIn(shownOn(htmlOf(pagesOf(request)["decide"] as Page)).rows)).toEqual(given);
  });
});
