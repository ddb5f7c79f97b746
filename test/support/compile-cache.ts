import { fileURLToPath } from "node:url";

/**
 * Where Node keeps what it makes of the sources: a process that finds it starts in half the time, and tests start hundreds.
 * Written by those that end in order, so the first few of a run go without.
 */
export const COMPILE_CACHE = fileURLToPath(new URL("../../node_modules/.cache/countersign", import.meta.url));
