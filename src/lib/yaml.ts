import { createRequire } from "node:module";
import type { parseDocument } from "yaml";

const require = createRequire(import.meta.url);

/** The library's own, read when it is first needed: most installations have no file for it, and each start would wait. */
export const parseYamlDocument: typeof parseDocument = (...given) => {
  const yaml = require("yaml") as { readonly parseDocument: typeof parseDocument };
  return yaml.parseDocument(...given);
};
