import type { Network } from "@resonatehq/sdk";
import { ask } from "./protocol-client.ts";

/** What an engine says of its rows that follow from the promises. */
export type Projected =
  | { readonly kind: "answer"; readonly answer: unknown }
  /** They are being made; `done` of `all` promises were looked at. */
  | { readonly kind: "building"; readonly done: number; readonly all: number }
  /** They may be wrong, until they are made again. */
  | { readonly kind: "stale" }
  /** It keeps none. */
  | { readonly kind: "none" };

/** Asks the embedded engine in the terms of its projection. Errors are those of the durable port. */
export async function readProjection(network: Network, query: object): Promise<Projected> {
  // A kind of our own engine, which the SDK does not know.
  const response = await ask(
    network,
    "projection.read" as "promise.get",
    { query } as unknown as { id: string },
  );
  return response.ok ? (response.data as unknown as Projected) : { kind: "none" };
}
