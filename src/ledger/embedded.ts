/** The read model in the embedded engine, as gateways and commands ask it: in this process or over HTTP. */
import type { Network } from "@resonatehq/sdk";
import { readProjection } from "../durable/projection.ts";
import { ServiceError } from "../lib/errors.ts";
import { pageOf } from "./found.ts";
import type { Ledger } from "./ledger.ts";
import type { Found } from "./search-plan.ts";

/** Errors are those of the durable port, and INDEX_UNAVAILABLE while the index is not whole. */
export function embeddedLedger(network: Network): Ledger {
  return {
    async list(query) {
      const projected = await readProjection(network, query);
      if (projected.kind !== "answer") throw unavailable(projected);
      return pageOf(projected.answer as Found);
    },
  };
}

/** Where no index is kept. */
export const NO_LEDGER: Ledger = {
  list: async () => {
    throw unavailable({ kind: "none" });
  },
};

function unavailable(
  projected: Exclude<Awaited<ReturnType<typeof readProjection>>, { kind: "answer" }>,
): ServiceError {
  return new ServiceError("INDEX_UNAVAILABLE", `Cannot list approvals: ${reasonOf(projected)}`);
}

function reasonOf(
  projected: Exclude<Awaited<ReturnType<typeof readProjection>>, { kind: "answer" }>,
): string {
  switch (projected.kind) {
    case "building":
      return `the index is being made${progressOf(projected)}`;
    case "stale":
      return "the index is out of date. An operator must run countersign index rebuild";
    case "none":
      return "this installation keeps no index: it runs on a Resonate Server without INDEX_URL, or APPROVAL_INDEX is off";
  }
}

function progressOf({ done, all }: { readonly done: number; readonly all: number }): string {
  return all === 0 ? "" : `, ${Math.min(99, Math.floor((100 * done) / all))} % of it is there`;
}
