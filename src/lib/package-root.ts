import { readFileSync } from "node:fs";
import { findPackageJSON } from "node:module";
import { pathToFileURL } from "node:url";

/** Our package.json, of the checkout or of the installed package, whose compiled files are a folder deeper. */
const PACKAGE_JSON: URL = packageJson();

/** The folder that contains it, and `views/`. */
export const PACKAGE_ROOT = new URL("./", PACKAGE_JSON);

export function packageVersion(): string {
  const { version } = JSON.parse(readFileSync(PACKAGE_JSON, "utf8")) as { readonly version: string };
  return version;
}

function packageJson(): URL {
  const path = findPackageJSON(import.meta.url);
  if (path === undefined) throw new Error("Cannot start: the package.json of Countersign is missing");
  return pathToFileURL(path);
}
