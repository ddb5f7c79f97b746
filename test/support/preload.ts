import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";

/** Why no library can be made here that is loaded before a process; undefined where it can. */
export function whyNoPreload(): string | undefined {
  if (process.platform !== "linux") return "only Linux loads a library like this";
  try {
    execFileSync("cc", ["--version"], { stdio: "ignore" });
    return undefined;
  } catch {
    return "there is no C compiler (cc): install gcc and libc6-dev";
  }
}

/** Builds a library from a C file, once in a folder, and answers its path for `LD_PRELOAD`. */
export function buildPreload(source: URL, folder: string): string {
  const library = join(folder, basename(source.pathname).replace(/c$/u, "so"));
  if (!existsSync(library)) {
    const flags = ["-O2", "-Wall", "-Werror", "-shared", "-fPIC"];
    execFileSync("cc", [...flags, "-o", library, fileURLToPath(source), "-ldl", "-lpthread"]);
  }
  return library;
}
