/**
 * `npm run lint` ends with this: a breach of the import walls fails it, and so does a permission that nothing uses, or a
 * conflict marker of git.
 */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { conflictMarkersOf } from "./conflict-markers.ts";
import { breaches, importsOf, roomsIn, unused } from "./walls.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const rooms = roomsIn(readFileSync(`${root}docs/architecture.md`, "utf8"));
const imports = importsOf(root);
const found = [...breaches(rooms, imports), ...unused(rooms, imports), ...conflictMarkersOf(root)];
for (const fault of found) console.error(fault);
if (found.length > 0) process.exitCode = 1;
