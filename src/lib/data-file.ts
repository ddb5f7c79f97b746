import { parseInteroperableJson } from "./exact-json.ts";
import { repeatedNames } from "./repeated-names.ts";
import { readTextFile, TextFileError } from "./text-file.ts";
import { parseYamlDocument } from "./yaml.ts";

/** Enough to write a common part once; a file in which aliases multiply would fill the memory. */
const ALIASES_MAX = 100;

/**
 * What a file holds: JSON if its name ends so, else YAML.
 *
 * @throws TextFileError that names the file and says what is wrong with it
 */
export function readDataFile(path: string): unknown {
  const text = textOf(path);
  return path.toLowerCase().endsWith(".json") ? readJson(path, text) : readYaml(path, text);
}

function textOf(path: string): string {
  try {
    return readTextFile(path);
  } catch (error) {
    if (error instanceof TextFileError) throw error;
    const why = error instanceof Error && "code" in error ? String(error.code) : "it cannot be read";
    throw new TextFileError(`Cannot read ${path}: ${why}`, { cause: error });
  }
}

function readJson(path: string, text: string): unknown {
  let value: unknown;
  try {
    value = parseInteroperableJson(text);
  } catch (error) {
    throw new TextFileError(`Cannot use ${path}: it is not JSON (${firstLine(error)})`, { cause: error });
  }
  const [twice] = repeatedNames(text);
  // As in YAML.
  if (twice !== undefined) throw new TextFileError(`Cannot use ${path}: ${twice} stands twice`);
  return value;
}

function readYaml(path: string, text: string): unknown {
  const document = parseYamlDocument(text);
  const [error] = document.errors;
  if (error !== undefined) {
    throw new TextFileError(`Cannot use ${path}: it is not YAML (${firstLine(error)})`, { cause: error });
  }
  try {
    return document.toJS({ maxAliasCount: ALIASES_MAX });
  } catch (cause) {
    throw new TextFileError(`Cannot use ${path}: ${firstLine(cause)}`, { cause });
  }
}

function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split("\n")[0] ?? "";
}
