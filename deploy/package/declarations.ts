/** The declarations of the package: those that its exports reach. Nobody can import the other modules, and theirs are a quarter of all. */
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";

interface Manifest {
  readonly exports: Readonly<Record<string, string | { readonly types: string }>>;
}

const ROOT = join(import.meta.dirname, "../..");
/** As `outDir` in `tsconfig.build.json`. */
const FOLDER = join(ROOT, "dist/types");

/** Every relative path in quotes: imports, exports and `import("…")` in types. A path too many keeps a file too many. */
const PATH = /"(\.\.?\/[^"]{1,500})"/gu;

export function writeDeclarations(): void {
  rmSync(FOLDER, { recursive: true, force: true });
  execFileSync(join(ROOT, "node_modules/.bin/tsc"), ["-p", join(ROOT, "tsconfig.build.json")], {
    stdio: "inherit",
  });
  const { exports } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as Manifest;
  const reached = reachedFrom(
    Object.values(exports).flatMap((entry) =>
      typeof entry === "string" ? [] : [resolve(ROOT, entry.types)],
    ),
  );
  for (const entry of readdirSync(FOLDER, { recursive: true, encoding: "utf8" })) {
    const file = join(FOLDER, entry);
    if (file.endsWith(".d.ts") && !reached.has(file)) rmSync(file);
  }
}

function reachedFrom(entries: readonly string[]): ReadonlySet<string> {
  const reached = new Set<string>();
  const next = [...entries];
  for (let file = next.pop(); file !== undefined; file = next.pop()) {
    if (reached.has(file)) continue;
    reached.add(file);
    for (const [, path = ""] of readFileSync(file, "utf8").matchAll(PATH)) {
      if (/\.[jt]s$/u.test(path)) next.push(resolve(file, "..", path.replace(/(?:\.d)?\.[jt]s$/u, ".d.ts")));
    }
  }
  return reached;
}
