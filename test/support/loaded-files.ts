import { spawnSync } from "node:child_process";

export interface Loaded {
  /** URLs of files, in the order in which they were read. */
  readonly files: readonly string[];
  /** Node's own modules, as it names them. */
  readonly builtIns: readonly string[];
}

/** What a process reads as modules that runs this ES module, imported and required. */
export function filesLoadedBy(module: string): Loaded {
  const script = `
    import { registerHooks } from "node:module";
    const files = new Set();
    registerHooks({
      load: (url, context, next) => {
        files.add(url);
        return next(url, context);
      },
    });
    ${module}
    process.stdout.write(JSON.stringify({ files: [...files], builtIns: process.moduleLoadList }));
    process.exit();
  `;
  const { stdout } = spawnSync(process.execPath, ["--input-type=module", "-e", script], { encoding: "utf8" });
  return JSON.parse(stdout) as Loaded;
}
