/** Lines that git leaves where two changes met. In Markdown, YAML and shell, no parser of ours would stop at them. */
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** Seven of one character at the start of a line, alone or before a name: the form that `git diff --check` looks for. */
const MARKER = /^(?:<{7}|={7}|>{7}|\|{7})(?=\s|$)/u;

/**
 * Where such lines are, a sentence each, in all files that are committed or could be. Throws where git cannot list them.
 *
 * @param root the top of a checkout
 */
export function conflictMarkersOf(root: string): string[] {
  // A checkout that belongs to somebody else, such as one that is mounted into a container, is read like any other.
  const list = ["-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others", "--exclude-standard"];
  const files = execFileSync("git", list, { cwd: root, encoding: "utf8", stdio: "pipe" }).split("\0");
  return [...new Set(files)]
    .filter((file) => file !== "" && existsSync(join(root, file)))
    .flatMap((file) => conflictMarkersIn(file, readFileSync(join(root, file), "utf8")));
}

/** Where such lines are in this text, a sentence each. */
export function conflictMarkersIn(file: string, text: string): string[] {
  return text
    .split("\n")
    .flatMap((line, i) =>
      MARKER.test(line) ? [`${file}:${i + 1} is a conflict marker of git: ${line.trimEnd()}`] : [],
    );
}
