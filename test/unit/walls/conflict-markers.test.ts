import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { conflictMarkersIn, conflictMarkersOf } from "../../walls/conflict-markers.ts";

/** As git writes them, which this file must not. */
const [OURS, BASE, MIDDLE, THEIRS] = ["<", "|", "=", ">"].map((character) => character.repeat(7));

test.each([
  ["ours", `${OURS} HEAD`],
  ["the common ancestor", `${BASE} 1fd721e`],
  ["the middle", `${MIDDLE}`],
  ["theirs", `${THEIRS} h/last (a change)`],
  ["one without a name", `${THEIRS}`],
  ["one that ends as on Windows", `${MIDDLE}\r`],
])("finds the marker of %s, and says where", (_, line) => {
  expect(conflictMarkersIn("docs/a.md", `# A\n${line}\ntext\n`)).toEqual([
    `docs/a.md:2 is a conflict marker of git: ${line.trimEnd()}`,
  ]);
});

test.each([
  ["a marker inside a line", `a ${OURS} b`],
  ["more of them, as under a heading", `${MIDDLE}=`],
  ["fewer of them", "======"],
  ["a quotation of many levels", ">>>>>>> text".replace(">", "> ")],
  ["an operator", "a <<<<< b"],
])("leaves alone %s", (_, line) => {
  expect(conflictMarkersIn("docs/a.md", `${line}\n`)).toEqual([]);
});

test("looks into every file that is committed or could be, hidden ones too, and into none that git ignores", () => {
  const root = mkdtempSync(join(tmpdir(), "countersign-markers-"));
  const git = (...args: string[]) => execFileSync("git", args, { cwd: root });
  try {
    git("init", "--quiet");
    writeFileSync(join(root, ".gitignore"), "*.log\n");
    for (const name of ["committed.yml", ".hidden", "gone.sh", "ignored.log"]) {
      writeFileSync(join(root, name), `${OURS} HEAD\n`);
    }
    git("add", ".");
    rmSync(join(root, "gone.sh"));
    writeFileSync(join(root, "new in a folder.md"), `a\n\n${THEIRS} b\n`);
    expect(conflictMarkersOf(root).toSorted()).toEqual([
      `.hidden:1 is a conflict marker of git: ${OURS} HEAD`,
      `committed.yml:1 is a conflict marker of git: ${OURS} HEAD`,
      `new in a folder.md:3 is a conflict marker of git: ${THEIRS} b`,
    ]);
  } finally {
    rmSync(root, { recursive: true });
  }
});

test("a folder that is no checkout of git fails, rather than passing unseen", () => {
  const root = mkdtempSync(join(tmpdir(), "countersign-markers-"));
  try {
    expect(() => conflictMarkersOf(root)).toThrow("not a git repository");
  } finally {
    rmSync(root, { recursive: true });
  }
});
