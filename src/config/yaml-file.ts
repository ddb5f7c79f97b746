/** A file of settings in YAML, without anchors and aliases. */
import { ConfigError } from "../lib/config-error.ts";
import { readTextFile, TextFileError } from "../lib/text-file.ts";
import { parseYamlDocument } from "../lib/yaml.ts";

/**
 * @param setting the name of the variable that names the file, for messages
 * @throws ConfigError, TextFileError
 */
export function readYamlFile(setting: string, path: string): unknown {
  let text: string;
  try {
    text = readTextFile(path);
  } catch (error) {
    if (error instanceof TextFileError) throw error;
    const why = error instanceof Error && "code" in error ? String(error.code) : "it cannot be read";
    throw new ConfigError([`${setting} ${path} cannot be read: ${why}`]);
  }
  const document = parseYamlDocument(text);
  const [error] = document.errors;
  if (error !== undefined)
    throw new ConfigError([`${setting} ${path}: ${error.message.split("\n")[0] ?? "is no YAML"}`]);
  try {
    return document.toJS({ maxAliasCount: 0 });
  } catch {
    throw new ConfigError([`${setting} ${path} must not use anchors and aliases`]);
  }
}
