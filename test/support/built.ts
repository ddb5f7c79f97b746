/**
 * What the package has of these sources, built before a test run: end-to-end tests start processes as their users do, and
 * such a process starts in two thirds of the time. Tests start hundreds.
 */
import { createHash } from "node:crypto";
import { existsSync, readdirSync, renameSync, rmSync, statSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build, writeBuilt } from "../../deploy/package/build.ts";

/** In the checkout, so that they find its libraries and `views/`; and not in `node_modules`, where Node looks for no package.json above. */
const BUILDS = fileURLToPath(new URL("../../dist/tests", import.meta.url));
const VARIABLE = "COUNTERSIGN_TEST_BUILT";
const KEPT_MS = 24 * 60 * 60 * 1000;

/** Vitest's `globalSetup`. Another run that has begun this one has built already. */
export default async function setUp(): Promise<void> {
  process.env[VARIABLE] ??= await builtFolder();
}

/** The file of the build that is started as this; undefined where nothing was built: then tests start the sources. */
export function builtFile(name: string): string | undefined {
  const folder = process.env[VARIABLE];
  return folder === undefined ? undefined : join(folder, `${name}.js`);
}

/**
 * Named by its content: runs at the same time share it, and the next run finds what Node has compiled of it.
 */
async function builtFolder(): Promise<string> {
  const files = await build();
  const hash = createHash("sha256");
  for (const { name, code } of files) hash.update(`${name}\n${code}\n`);
  const folder = join(BUILDS, hash.digest("hex").slice(0, 16));
  if (!existsSync(folder)) {
    const begun = `${folder}.${process.pid}`;
    writeBuilt(files, begun);
    try {
      renameSync(begun, folder);
    } catch (error) {
      // Another run was faster.
      if (!existsSync(folder)) throw error;
      rmSync(begun, { recursive: true });
    }
  }
  const now = new Date();
  utimesSync(folder, now, now);
  for (const entry of readdirSync(BUILDS)) {
    const other = join(BUILDS, entry);
    if (now.getTime() - (statSync(other, { throwIfNoEntry: false })?.mtimeMs ?? 0) > KEPT_MS) {
      rmSync(other, { recursive: true, force: true });
    }
  }
  return folder;
}
