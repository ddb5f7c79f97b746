/** Which files of a project a process loads as modules: what has to be loaded again when one of them changes. */
import { isAbsolute, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { PACKAGE_ROOT } from "./package-root.ts";

/**
 * With this in its environment, Node reports every module that it loads or looks for to its parent process by `ipc`, as
 * it does for `node --watch`. A load hook (`registerHooks`) would show the same modules. But with such a hook Node 22 loads
 * CommonJS packages differently, and some fail: "request for './index.js' is not in cache".
 */
export const REPORTS_LOADED_FILES = { WATCH_REPORT_DEPENDENCIES: "1" } as const;

/** Installed packages change only by an installation, and users do not change our own code. */
const INSTALLED = `${sep}node_modules${sep}`;
const OURS = ["src/", "worker/", "dist/"].map((folder) => fileURLToPath(new URL(folder, PACKAGE_ROOT)));

/**
 * The absolute paths in such a message, also of a file that cannot be parsed or is missing, because mending it is a
 * change. None for any other message.
 */
export function loadedFiles(message: unknown): readonly string[] {
  if (typeof message !== "object" || message === null) return [];
  const entries = ["watch:import", "watch:require"].flatMap(
    (name) => (message as Readonly<Record<string, unknown>>)[name] ?? [],
  );
  return entries.flatMap((entry) => {
    if (typeof entry !== "string") return [];
    const path = entry.startsWith("file:") ? fileURLToPath(entry) : entry;
    const isTheirs =
      isAbsolute(path) && !path.includes(INSTALLED) && !OURS.some((ours) => path.startsWith(ours));
    return isTheirs ? [path] : [];
  });
}
