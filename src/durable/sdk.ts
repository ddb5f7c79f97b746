/**
 * The SDK, for what is rarely needed of it. It takes 30 ms of processor time and 8 MB, which a gateway that imports it
 * would spend at every start.
 */
import { createRequire } from "node:module";
import type * as Sdk from "@resonatehq/sdk";

const require = createRequire(import.meta.url);

/** Reads it at the first call. */
export function sdk(): typeof Sdk {
  return (loaded ??= require("@resonatehq/sdk") as typeof Sdk);
}

let loaded: typeof Sdk | undefined;
