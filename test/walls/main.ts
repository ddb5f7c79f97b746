/** `npm run lint` ends with this: a breach of the import walls fails it. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { breaches, importsOf, roomsIn } from "./walls.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const rooms = roomsIn(readFileSync(`${root}docs/architecture.md`, "utf8"));
const found = breaches(rooms, importsOf(root));
for (const breach of found) console.error(breach);
if (found.length > 0) process.exitCode = 1;
