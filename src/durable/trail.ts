import type { Network } from "@resonatehq/sdk";
import { ask } from "./protocol-client.ts";

/** What an engine says of its rows that tell each change once. */
export type Trailed =
  | { readonly kind: "answer"; readonly answer: unknown }
  /** Some may be missing, until the next start. */
  | { readonly kind: "stale" }
  /** It keeps none. */
  | { readonly kind: "none" };

/** Asks the embedded engine in the terms of its trail. Errors are those of the durable port. */
export async function readTrail(network: Network, query: object): Promise<Trailed> {
  // A kind of our own engine, which the SDK does not know.
  const response = await ask(network, "trail.read" as "promise.get", { query } as unknown as { id: string });
  return response.ok ? (response.data as unknown as Trailed) : { kind: "none" };
}
