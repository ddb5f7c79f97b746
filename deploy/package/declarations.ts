/**
 * `npm run build`, last step: deletes the declarations that no export of the package reaches. Nobody can import those
 * modules, and their declarations are a quarter of the package.
 */
import { readdirSync, readFileSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";

interface Manifest {
  readonly exports: Readonly<Record<string, string | { readonly types: string }>>;
}

const ROOT = join(import.meta.dirname, "../..");
const BUILT = ["dist/src", "dist/worker"].map((folder) => join(ROOT, folder));

/** Every relative path in quotes: imports, exports and `import("…")` in types. A path too many keeps a file too many. */
const PATH = /"(\.\.?\/[^"]{1,500})"/gu;

const { exports } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as Manifest;
const reached = new Set<string>();
const next = Object.values(exports).flatMap((entry) =>
  typeof entry === "string" ? [] : [resolve(ROOT, entry.types)],
);
for (let file = next.pop(); file !== undefined; file = next.pop()) {
  if (reached.has(file)) continue;
  reached.add(file);
  for (const [, path = ""] of readFileSync(file, "utf8").matchAll(PATH)) {
    if (/\.[jt]s$/u.test(path)) next.push(resolve(file, "..", path.replace(/(?:\.d)?\.[jt]s$/u, ".d.ts")));
  }
}

for (const folder of BUILT) {
  for (const entry of readdirSync(folder, { recursive: true, encoding: "utf8" })) {
    const file = join(folder, entry);
    if (file.endsWith(".d.ts") && !reached.has(file)) rmSync(file);
  }
}
