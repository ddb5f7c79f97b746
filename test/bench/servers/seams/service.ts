import type { Service } from "../../../../src/lib/service.ts";
import { service } from "./seams.ts";

export * from "../../../../src/lib/service.ts";

/** Starts, and leaves stopping to the bench. */
export async function runService(start: () => Promise<Service>): Promise<void> {
  start().then(service.resolve, service.reject);
}
