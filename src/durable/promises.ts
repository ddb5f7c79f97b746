import type { Resonate } from "@resonatehq/sdk";

/** The engine's promises through the SDK, for steps of workers. Throws for unknown ids. */
export type EnginePromises = Resonate["promises"];
