import type { Network } from "@resonatehq/sdk";
import type { Durable } from "../../../../src/durable/durable.ts";
import { createDurable as create, type DurableOptions } from "../../../../src/durable/resonate.ts";
import { counted } from "./seams.ts";

export * from "../../../../src/durable/resonate.ts";

/** Counts what the gateway asks. */
export function createDurable(network: Network, options?: DurableOptions): Durable {
  return create({ ...network, send: counted(network.send) }, options);
}
