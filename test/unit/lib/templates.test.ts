import { describe, expect, test } from "vitest";
import { Html } from "../../../src/lib/html.ts";
import { loadTemplates } from "../../../src/lib/templates.ts";

const templates = loadTemplates("partials");

describe("loadTemplates()", () => {
  test("escapes text and prints markup of ours as it is", () => {
    const layout = (title: string, body: unknown) =>
      templates
        .html("partials/layout", {
          lang: "de",
          title,
          body,
          note: "",
          width: "narrow",
          footer: "",
          style: "/s",
          icon: "/i",
        })
        .toString();
    const html = layout("<b>&", new Html("<i>x</i>"));
    expect(html).toContain("<title>&lt;b&gt;&amp; · Countersign</title>");
    expect(html).toContain("<i>x</i>");
    expect(html).toContain('<html lang="de">');
    expect(layout("t", "<i>x</i>")).toContain("&lt;i&gt;x&lt;/i&gt;");
  });

  test("throws rather than showing people a value that is missing", () => {
    expect(() => templates.html("partials/time", { iso: "x", lang: "en", local: undefined })).toThrow(
      /printed undefined/u,
    );
    expect(() => templates.html("partials/person", { email: { toString: () => "<b>" } })).toThrow(
      /printed object/u,
    );
  });

  test("knows only the templates of the folders asked for", () => {
    for (const name of ["pages/decide", "partials/../pages/decide", "__proto__", "partials/none"]) {
      expect(() => templates.html(name, {})).toThrow(/no template/u);
    }
  });

  test("takes no options of EJS from data", () => {
    const data = {
      email: "ana@example.com",
      settings: { views: ["/tmp"], "view options": { outputFunctionName: "x;throw 1;//" } },
      outputFunctionName: "x;throw 1;//",
      escapeFunction: "throw 1",
    };
    expect(templates.html("partials/person", data).toString()).toContain("ana@example.com");
  });
});
