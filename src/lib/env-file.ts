import { parseEnv } from "node:util";
import { readTextFile, TextFileError } from "./text-file.ts";

/**
 * Takes the settings in `.env` of the current folder into the environment, if there is such a file. Variables that the
 * environment already has stay, even empty ones. `process.loadEnvFile` does the same, but treats a byte-order mark as a
 * part of the first name, and silently reads nothing from a file in UTF-16. A name with any other invisible character, such
 * as the mark of a second file that was joined to the first, would set a variable that nothing reads, so it is refused.
 * @throws TextFileError
 */
export function loadEnvFile(path = ".env", env: NodeJS.ProcessEnv = process.env): void {
  let text: string;
  try {
    text = readTextFile(path);
  } catch (error) {
    if (!(error instanceof Error && "code" in error)) throw error;
    if (error.code === "ENOENT") return;
    throw new TextFileError(`Cannot use ${path}: it cannot be read (${String(error.code)})`, {
      cause: error,
    });
  }
  for (const [name, value] of Object.entries(parseEnv(text))) {
    if (UNSEEN.test(name)) {
      const shown = name.replace(UNSEEN, codePoint);
      throw new TextFileError(
        `Cannot use ${path}: the name ${shown} contains an invisible character. Type that line again`,
      );
    }
    if (env[name] === undefined) env[name] = value;
  }
}

/** The first control, format character (a mark, a soft hyphen, what has no width) or blank other than the plain one. */
const UNSEEN = /(?! )[\p{C}\p{Z}]/u;

/** `[U+200B]` */
function codePoint(character: string): string {
  return `[U+${character.codePointAt(0)?.toString(16).toUpperCase().padStart(4, "0")}]`;
}
