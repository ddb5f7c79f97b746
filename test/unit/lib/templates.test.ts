import { readdirSync } from "node:fs";
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

  test("compiles each of them when it is first used, so all of them here", () => {
    const folders = readdirSync(VIEWS, { withFileTypes: true }).filter((entry) => entry.isDirectory());
    const broken: unknown[] = [];
    let count = 0;
    for (const { name: folder } of folders) {
      const { html, text } = loadTemplates(folder);
      for (const file of readdirSync(new URL(`${folder}/`, VIEWS))) {
        const [name, kind, end] = file.split(".");
        if (end !== "ejs") continue;
        count += 1;
        try {
          (kind === "html" ? html : text)(`${folder}/${name}`, {});
        } catch (error) {
          // Without values, most of them cannot be printed; but the error is then another one.
          if (error instanceof SyntaxError) broken.push(`${file}: ${error.message}`);
        }
      }
    }
    expect(broken).toEqual([]);
    expect(count).toBeGreaterThan(30);
  });
});

const VIEWS = new URL("../../../views/", import.meta.url);
