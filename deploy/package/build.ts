/**
 * What `npm run build` makes of the sources, and what end-to-end tests start: a quarter of the files. Node resolves, reads and
 * links each module by itself, which took a third of the time of a start.
 */
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { rolldown } from "rolldown";

const ROOT = join(import.meta.dirname, "../..");

/**
 * Files that are started or imported by name. Those that start a thread, or read a module when they need it, look for it
 * beside themselves: so all of them end up in one folder, under the names that they have in the sources.
 */
const ENTRIES = {
  countersign: "src/cli/countersign.js",
  preload: "src/lib/preload.js",
  all: "src/processes/all.ts",
  engine: "src/processes/engine.ts",
  gateway: "src/processes/gateway.ts",
  worker: "src/processes/worker.ts",
  "engine-thread": "src/processes/engine-thread.ts",
  "worker-thread": "src/processes/worker-thread.ts",
  "workflows-thread": "src/processes/workflows-thread.ts",
  "thread-entry": "src/engine/serve/thread-entry.ts",
  rows: "src/ledger/rows.ts",
  // What the package exports.
  authoring: "worker/authoring/index.ts",
  client: "src/client/index.ts",
  agents: "src/agents/index.ts",
  testing: "worker/testing/index.ts",
};

export interface BuiltFile {
  readonly name: string;
  readonly code: string;
  /** What it imports, at once or later: names of other files, of libraries, and of Node's modules. What it requires is not there. */
  readonly imports: readonly string[];
}

/** Names of files that others start hold no hash; those of the pieces they share do. */
export async function build(): Promise<readonly BuiltFile[]> {
  const bundle = await rolldown({
    cwd: ROOT,
    input: ENTRIES,
    platform: "node",
    // Libraries stay what they are: `npm audit` sees them, and a program has one copy of each.
    external: /^[^./]/u,
  });
  try {
    const { output } = await bundle.generate({
      format: "esm",
      entryFileNames: "[name].js",
      chunkFileNames: "[name]-[hash].js",
      // Stack traces name what the sources name.
      minify: false,
      comments: false,
    });
    return output.map((file) => {
      if (file.type !== "chunk") throw new Error(`${file.fileName} is no code: nothing reads it`);
      return { name: file.fileName, code: file.code, imports: [...file.imports, ...file.dynamicImports] };
    });
  } finally {
    await bundle.close();
  }
}

/** @param folder what was there is deleted */
export function writeBuilt(files: readonly BuiltFile[], folder: string): void {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const { name, code } of files) writeFileSync(join(folder, name), code);
}
