/** What all parts of the simulated service have in common. */
import { createLinkTokens } from "../../../src/tokens/tokens.ts";

export const PUBLIC_URL = "http://countersign.test";
export const GROUP = "worker";
/** No link of a simulation leads anywhere, so the key need not be secret. */
export const KEYS = [{ kid: "simulation", secret: Buffer.alloc(32, "simulation") }];
export const SIGNING_KEYS = { sign: [Buffer.alloc(32, "signing")] } as const;
export const RECEIVERS = [
  "http://steady.test:80",
  "http://flaky.test:80",
  "http://slow.test:80",
  "http://away.test:80",
];
export const CALLBACK_SECRETS = [Buffer.alloc(32, "callbacks")];
export const TARGETS = {
  ports: [443],
  allow: { hosts: RECEIVERS.map((url) => url.slice("http://".length)), networks: [] },
};
export const TOKENS = createLinkTokens({ keys: KEYS, issuer: PUBLIC_URL });
