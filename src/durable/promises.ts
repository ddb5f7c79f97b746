import type { Resonate } from "@resonatehq/sdk";

/** The engine's promises as the SDK reaches them, for what workers do within steps. Unknown ids are thrown. */
export type EnginePromises = Resonate["promises"];
