import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { loadMessages } from "../../../src/lib/message-folder.ts";
import { messagesFor } from "../../../src/lib/messages.ts";
import { textsOf } from "../../messages/types.ts";

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

function folderWith(files: Readonly<Record<string, unknown>>): string {
  const folder = mkdtempSync(join(tmpdir(), "messages-"));
  folders.push(folder);
  for (const [name, content] of Object.entries(files)) {
    writeFileSync(join(folder, name), typeof content === "string" ? content : JSON.stringify(content));
  }
  return folder;
}

function problemsOf(files: Readonly<Record<string, unknown>>): readonly string[] {
  try {
    loadMessages(folderWith(files));
    return [];
  } catch (error) {
    return (error as { problems: readonly string[] }).problems;
  }
}

describe("loadMessages()", () => {
  test("leaves ours as they are without a folder", () => {
    expect(loadMessages(undefined)).toBe(messagesFor);
  });

  test("changes single texts, of a language or of one of its varieties", () => {
    const texts = loadMessages(
      folderWith({
        "de.json": { "choice.approve": "Freigeben" },
        "de-CH.json": { "choice.reject": "Zurückweisen" },
        "README.md": "Notes of the operator",
      }),
    );
    expect(texts("de-AT").text("choice.approve")).toBe("Freigeben");
    expect(texts("de-AT").text("choice.reject")).toBe("Ablehnen");
    expect(texts("de-CH").text("choice.approve")).toBe("Freigeben");
    expect(texts("de-CH").text("choice.reject")).toBe("Zurückweisen");
    expect(texts("de-CH").lang).toBe("de-CH");
    expect(texts("fr").text("choice.approve")).toBe("Approuver");
    expect(messagesFor("de").text("choice.approve")).toBe("Genehmigen");
  });

  test("adds a language that has every text", () => {
    const texts = loadMessages(
      folderWith({ "nl.json": { ...textsOf("en"), "choice.approve": "Goedkeuren" } }),
    );
    expect(texts("nl-BE").text("choice.approve")).toBe("Goedkeuren");
    expect(texts("nl-BE").locale).toBe("nl-BE");
  });

  test("may leave an argument out, as for a subject that says nothing of the request", () => {
    const texts = loadMessages(folderWith({ "en.json": { "mail.subject.request": "A decision is needed" } }));
    expect(texts("en").text("mail.subject.request", { title: "Secret" })).toBe("A decision is needed");
  });

  test.each<[Readonly<Record<string, unknown>>, RegExp]>([
    [
      { "nl.json": { "choice.approve": "Goedkeuren" } },
      /nl\.json lacks \d+ texts, and a new language needs all/u,
    ],
    [{ "xx-nowhere-at-all.json": {} }, /name of xx-nowhere-at-all\.json must be a language/u],
    [{ "tlh.json": {} }, /name of tlh\.json must be a language/u],
    [{ "de.json": "{" }, /de\.json cannot be read/u],
    [{ "de.json": "[]" }, /de\.json must be a JSON object/u],
    [{ "de.json": { "choice.aprove": "x" } }, /de\.json: choice\.aprove is not the key of a text/u],
    [{ "de.json": { toString: "x" } }, /toString is not the key of a text/u],
    [{ "de.json": { "choice.approve": 1 } }, /choice\.approve must be text/u],
    [{ "de.json": { "choice.approve": "{$" } }, /choice\.approve is not MessageFormat 2/u],
    [
      { "de.json": { "rule.all": "{$all :integer}" } },
      /has the argument \$all; this text is given \$eligible/u,
    ],
    [{ "de.json": { "choice.approve": "{$x}" } }, /has the argument \$x; this text is given none/u],
    [
      { "de.json": { "mail.subject.request": "{$title :integer}" } },
      /counts with \$title, which is no number/u,
    ],
    [
      { "de.json": { "rule.all": "{$eligible :integer minimumIntegerDigits=many}" } },
      /rule\.all cannot be written/u,
    ],
    [{}, /must have files such as de\.json/u],
  ])("refuses %j", (files, problem) => {
    expect(problemsOf(files)).toEqual([expect.stringMatching(problem)]);
    expect(problemsOf(files)[0]).toMatch(/^MESSAGES_DIR/u);
  });

  test("names the folder that is not there", () => {
    expect(() => loadMessages("/nowhere/at/all")).toThrow(/MESSAGES_DIR must be a folder.*ENOENT/u);
  });

  test("lists many problems in short", () => {
    const many = Object.fromEntries(Array.from({ length: 30 }, (_, n) => [`no.${n}`, "x"]));
    const problems = problemsOf({ "de.json": many });
    expect(problems).toHaveLength(21);
    expect(problems.at(-1)).toBe("and 10 more in MESSAGES_DIR");
  });
});
