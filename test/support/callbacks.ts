import { createAddressPolicy } from "../../src/callback/address-policy.ts";
import { type CallbackSender, createCallbackSender } from "../../src/callback/sender.ts";

/** As an installation without settings has it. */
const TARGETS = { ports: [443], allow: { hosts: [], networks: [] } };

export const callbackUrlProblem = createAddressPolicy(TARGETS).problem;

/** No endpoints, and nothing inside may be called. */
export const NO_CALLBACKS: CallbackSender = createCallbackSender({
  targets: TARGETS,
  endpoints: [],
  secrets: [new Uint8Array(32)],
});
