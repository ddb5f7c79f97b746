/** Temporal: Node 26 has it. On older versions a package replaces it, which is loaded only there. */
import { createRequire } from "node:module";

interface Host {
  readonly Temporal?: typeof globalThis.Temporal;
}

// Not by `await import`: a module that waits cannot be loaded by `require`, and neither can one that imports it.
const require = createRequire(import.meta.url);

const { Temporal }: { readonly Temporal: typeof globalThis.Temporal } =
  (globalThis as Host).Temporal === undefined ? require("temporal-polyfill") : globalThis;

export { Temporal };
