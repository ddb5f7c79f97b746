/**
 * `node:sqlite`, taken when this file runs. Node resolves a static import of a module that it does not have before any
 * file runs, so an old Node would fail with a stack trace instead of the line of `src/lib/node-version.js`.
 */
import type { DatabaseSync as Database } from "node:sqlite";

export type DatabaseSync = Database;
export const { DatabaseSync } = process.getBuiltinModule("node:sqlite");
