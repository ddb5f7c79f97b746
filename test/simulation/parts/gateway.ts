import { SCOPE_NAMES } from "../../../src/auth/scopes.ts";
import { createAddressPolicy } from "../../../src/callback/address-policy.ts";
import { createHttpNetwork } from "../../../src/durable/http-network.ts";
import { createDurable } from "../../../src/durable/resonate.ts";
import { startGateway } from "../../../src/gateway/gateway.ts";
import { createLogger } from "../../../src/lib/log.ts";
import type { SimProcess } from "../machine/virtual-time.ts";
import type { Part } from "../machine/world.ts";
import { ENGINE_PORT, ENGINE_TOKEN } from "./engine.ts";
import { GROUP, KEYS, PUBLIC_URL, SIGNING_KEYS, TARGETS } from "./settings.ts";

/** One of several gateways on one engine. */
export function gatewayPart(n: number): Part & { readonly address: string } {
  const port = 3_000 + n;
  return {
    name: `gateway-${n}`,
    address: `127.0.0.1:${port}`,
    livesMs: 6 * 24 * 3_600_000,
    isSkewed: true,
    async start({ name }: SimProcess) {
      const network = createHttpNetwork({
        url: `http://127.0.0.1:${ENGINE_PORT}`,
        token: ENGINE_TOKEN,
        group: "gateway",
        pid: name,
      });
      const durable = createDurable(network, { group: GROUP });
      await startGateway({
        durable,
        log: createLogger({ level: "silent", part: "gateway", destination: { write: () => {} } }),
        host: "127.0.0.1",
        port,
        publicUrl: PUBLIC_URL,
        keys: KEYS,
        signingKeys: SIGNING_KEYS,
        mailbox: undefined,
        callbackUrlProblem: createAddressPolicy(TARGETS).problem,
        authenticate: { open: () => undefined, identify: async () => PROGRAM, again: () => PROGRAM },
      });
    },
  };
}

/** The program that asks for approvals; it shows any key. */
const PROGRAM = { id: "key:program", client: "client:program", scopes: SCOPE_NAMES };
