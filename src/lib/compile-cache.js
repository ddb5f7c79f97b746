/** Compiled modules are kept from one start to the next, which saves a quarter to a third of the time to "ready". */
// Not by names, which an old Node does not have: it would end before it could say that it is old.
import module from "node:module";
import { dirname, join } from "node:path";

// Beside what was installed, and so as hard to tamper with; Node's own choice is a folder that all users share. Where
// nothing can be written, nothing is kept.
const root = dirname(module.findPackageJSON(import.meta.url));
const folder = join(root, "node_modules/.cache/countersign");
module.enableCompileCache(folder);
// Threads, the engine's above all, take it from here.
process.env.NODE_COMPILE_CACHE ??= folder;

/** By then a start is over. Node writes at the end of a process, which one that is killed does not have. */
const STARTED_MS = 5_000;
setTimeout(() => module.flushCompileCache(), STARTED_MS).unref();
