import { findPackageJSON } from "node:module";
import { pathToFileURL } from "node:url";

/** Our package.json, of the checkout or of the installed package, whose compiled files are a folder deeper. */
export const PACKAGE_JSON: URL = packageJson();

/** The folder that contains it, and `views/`. */
export const PACKAGE_ROOT = new URL("./", PACKAGE_JSON);

function packageJson(): URL {
  const path = findPackageJSON(import.meta.url);
  if (path === undefined) throw new Error("Cannot start: the package.json of Countersign is missing");
  return pathToFileURL(path);
}
