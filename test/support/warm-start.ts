import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { COMPILE_CACHE } from "./compile-cache.ts";
import { openSite } from "./site.ts";

/**
 * Once in a checkout, before its end-to-end tests: starts each kind of process and ends it in order, so that those to come
 * find their sources compiled. Most tests kill theirs, and a process that is killed keeps nothing.
 */
export default async function warmStart(): Promise<void> {
  const mark = join(COMPILE_CACHE, "started");
  if (existsSync(mark)) return;
  await using parts = await openSite();
  const { engine, gateway, worker } = await parts.startParts({});
  await using whole = await openSite();
  const all = await whole.start("all");
  for (const service of [worker, gateway, engine, all]) await service?.stop();
  writeFileSync(mark, "");
}
