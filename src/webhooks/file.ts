import { ConfigError } from "../lib/config-error.ts";
import { readTextFile, TextFileError } from "../lib/text-file.ts";
import type { Lookup } from "./keys.ts";
import { loadSources } from "./load.ts";
import type { Sources } from "./source.ts";

/**
 * The sources in `WEBHOOKS_FILE`.
 *
 * @throws ConfigError with every problem of the file and of the secrets it refers to
 */
export function readSourcesFile(path: string, environment: Lookup): Sources {
  let text: string;
  try {
    text = readTextFile(path);
  } catch (error) {
    if (error instanceof TextFileError) throw error;
    const reason = error instanceof Error && "code" in error ? String(error.code) : "unknown";
    throw new ConfigError([`WEBHOOKS_FILE ${path} cannot be read: ${reason}`]);
  }
  const loaded = loadSources(text, environment);
  if (loaded.ok) return loaded.sources;
  throw new ConfigError(loaded.problems.map((problem) => `WEBHOOKS_FILE: ${problem}`));
}
