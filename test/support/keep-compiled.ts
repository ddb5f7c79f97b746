/**
 * Loaded before all else of an end-to-end test file: what the file loads is compiled once for all of them. Set here and not
 * in the environment, because programs that the tests start have caches of their own.
 */
import { enableCompileCache, flushCompileCache } from "node:module";
import { afterAll } from "vitest";
import { COMPILE_CACHE } from "./compile-cache.ts";

enableCompileCache(COMPILE_CACHE);
// A process that does not end in order keeps nothing.
afterAll(() => flushCompileCache());
