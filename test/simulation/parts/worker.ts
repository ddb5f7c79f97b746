import type { Network } from "@resonatehq/sdk";
import { type CallbackSender, createCallbackSender } from "../../../src/callback/sender.ts";
import { createMailer } from "../../../src/channels/mail/mailer.ts";
import { createHttpNetwork } from "../../../src/durable/http-network.ts";
import { startWorker } from "../../../worker/runtime/worker.ts";
import { PRODUCT_WORKFLOWS } from "../../../worker/workflows/index.ts";
import type { SimProcess } from "../machine/virtual-time.ts";
import type { Part, World } from "../machine/world.ts";
import { ENGINE_PORT, ENGINE_TOKEN } from "./engine.ts";
import { CALLBACK_SECRETS, GROUP, PUBLIC_URL, TARGETS, TOKENS } from "./settings.ts";

const LEASE_MS = 15_000;

/** What a planted fault puts between the worker and the rest. */
export interface WorkerSeams {
  readonly network?: (network: Network) => Network;
  readonly callbacks?: (callbacks: CallbackSender) => CallbackSender;
}

/** One of several workers on one engine. */
export function workerPart(n: number, world: World, seams: WorkerSeams = {}): Part {
  return {
    name: `worker-${n}`,
    livesMs: 3 * 24 * 3_600_000,
    isSkewed: true,
    async start({ name }: SimProcess) {
      const network = createHttpNetwork({
        url: `http://127.0.0.1:${ENGINE_PORT}`,
        token: ENGINE_TOKEN,
        group: GROUP,
        pid: name,
      });
      const callbacks = createCallbackSender({
        targets: TARGETS,
        endpoints: [],
        secrets: CALLBACK_SECRETS,
        post: { resolve: async () => [{ address: "192.0.2.7", family: 4 }] },
      });
      startWorker({
        network: seams.network?.(network) ?? network,
        pid: name,
        leaseMs: LEASE_MS,
        concurrency: 50,
        log: {
          info: () => {},
          warn: (_, message) => world.log(`${name} warns: ${message}`),
          error: (_, message) => world.log(`${name} fails: ${message}`),
        },
        workflows: PRODUCT_WORKFLOWS,
        services: {
          mailer: createMailer({
            smtpUrl: "smtp://127.0.0.1:25",
            from: "Countersign <approvals@countersign.test>",
            publicUrl: PUBLIC_URL,
          }),
          callbacks: seams.callbacks?.(callbacks) ?? callbacks,
          tokens: TOKENS,
          publicUrl: PUBLIC_URL,
          group: GROUP,
        },
      });
    },
  };
}
