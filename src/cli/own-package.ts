/** Where the running package came from. A project that it writes depends on the same package. */
import { existsSync, readFileSync } from "node:fs";
import { basename, dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { PACKAGE_ROOT } from "../lib/package-root.ts";

export interface OwnPackage {
  /** What a package.json in that folder depends on: `^1.2.0`, or `file:../countersign-1.2.0.tgz`. */
  readonly specifier: string;
  /** The checkout in which `npm pack` must still make that file. */
  readonly unpacked?: string;
}

/**
 * @param folder absolute path of the project
 * @param root folder of our package.json, absolute
 */
export function ownPackage(folder: string, root: string = fileURLToPath(PACKAGE_ROOT)): OwnPackage {
  const own = resolve(root);
  const { version } = JSON.parse(readFileSync(join(own, "package.json"), "utf8")) as {
    readonly version: string;
  };
  const modules = dirname(own);
  if (basename(modules) === "node_modules") {
    return { specifier: installedFrom(modules, folder) ?? `^${version}` };
  }
  // A checkout: its sources are no package, which only `npm pack` makes of them.
  const file = join(own, `countersign-${version}.tgz`);
  const specifier = fileSpecifier(folder, file);
  return existsSync(file) ? { specifier } : { specifier, unpacked: own };
}

/** What npm noted about it in `node_modules`; undefined for a version of the registry, and where another program installs. */
function installedFrom(modules: string, folder: string): string | undefined {
  const notes = join(modules, ".package-lock.json");
  if (!existsSync(notes)) return undefined;
  const { packages } = JSON.parse(readFileSync(notes, "utf8")) as {
    readonly packages?: Readonly<Record<string, { readonly resolved?: string }>>;
  };
  const resolved = packages?.["node_modules/countersign"]?.resolved;
  if (resolved === undefined || /^https?:.*\/countersign\/-\/countersign-[^/]+\.tgz$/u.test(resolved))
    return undefined;
  if (!resolved.startsWith("file:")) return resolved;
  return fileSpecifier(folder, resolve(dirname(modules), resolved.slice("file:".length)));
}

function fileSpecifier(folder: string, file: string): string {
  return `file:${relative(folder, file).replaceAll("\\", "/")}`;
}
