import { existsSync, writeFileSync } from "node:fs";
import { builtFile } from "./built.ts";
import { openSite } from "./site.ts";

/**
 * Once for each build, before its end-to-end tests: starts each kind of process and ends it in order, so that those to come
 * find their modules compiled. Most tests kill theirs, and a process that is killed keeps nothing.
 */
export default async function warmStart(): Promise<void> {
  const built = builtFile("all");
  if (built === undefined) throw new Error("Nothing was built: built.ts comes first");
  const mark = `${built}.started`;
  if (existsSync(mark)) return;
  await using parts = await openSite();
  const { engine, gateway, worker } = await parts.startParts({});
  await using whole = await openSite();
  const all = await whole.start("all");
  for (const service of [worker, gateway, engine, all]) await service?.stop();
  writeFileSync(mark, "");
}
