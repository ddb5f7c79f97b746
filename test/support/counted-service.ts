/** Gateway, worker and engine in this process, with every request to the engine written down as it is sent. */

import type { Network, Request, Response } from "@resonatehq/sdk";
import { pino } from "pino";
import { onTestFinished } from "vitest";
import type { RequestMail } from "../../src/channels/mail/mailer.ts";
import { createHttpNetwork } from "../../src/durable/http-network.ts";
import { createDurable } from "../../src/durable/resonate.ts";
import type { Engine } from "../../src/engine/engine.ts";
import { createLinkTokens } from "../../src/tokens/tokens.ts";
import { startWorker } from "../../worker/runtime/worker.ts";
import { WORKFLOWS } from "../../worker/workflows/index.ts";
import { NO_CALLBACKS } from "./callbacks.ts";
import { testEngine, testServer } from "./engine.ts";
import { freezeSharedValues } from "./frozen-values.ts";
import { startTestGateway, TEST_KEYS, type TestGateway } from "./gateway.ts";
import { mailerOf } from "./mailer.ts";

/** `all`: one process. `parts`: each reaches the engine over HTTP. */
export type Layout = "all" | "parts";

export interface CountedRequest {
  readonly from: "gateway" | "worker";
  readonly kind: string;
  /** The promise or task that it is about; of a fenced one, the promise within. */
  readonly id: string;
  /** Of request and reply, as JSON. */
  bytes: number;
}

export interface CountedService {
  readonly gateway: TestGateway;
  /** In the order in which they were sent; of tasks, without signs of life. */
  readonly requests: readonly CountedRequest[];
  readonly mails: readonly RequestMail[];
  /** How often a workflow has come to rest: its suspension is stored. */
  readonly rests: () => number;
}

/** Ends with the test. */
export async function startCountedService(layout: Layout): Promise<CountedService> {
  freezeSharedValues();
  const engine = testEngine();
  const networkOf = await networksOf(layout, engine);
  const requests: CountedRequest[] = [];
  const mails: RequestMail[] = [];
  let rests = 0;

  const forGateway = networkOf("gateway");
  const durable = createDurable(
    counted(forGateway.network, (request) =>
      requests.push(Object.assign(request, { from: "gateway" as const })),
    ),
    {
      isOrdered: layout === "all",
    },
  );
  const gateway = await startTestGateway({ durable });

  const forWorker = networkOf("worker");
  const worker = startWorker({
    network: counted(
      forWorker.network,
      (request) => requests.push(Object.assign(request, { from: "worker" as const })),
      () => (rests += 1),
    ),
    pid: forWorker.pid,
    leaseMs: 60_000,
    concurrency: 100,
    log: pino({ level: "silent" }),
    sharesValues: true,
    workflows: WORKFLOWS,
    services: {
      mailer: mailerOf(async (mail) => {
        mails.push(mail);
        return { status: "sent", messageId: `<${mail.approval}@example.com>` };
      }),
      callbacks: NO_CALLBACKS,
      tokens: createLinkTokens({ keys: TEST_KEYS, issuer: gateway.publicUrl }),
      publicUrl: gateway.publicUrl,
      group: "worker",
    },
  });
  forGateway.start();
  forWorker.start();
  onTestFinished(async () => {
    await worker.stop(1_000);
    await gateway[Symbol.asyncDispose]();
  });
  return { gateway, requests, mails, rests: () => rests };
}

interface Way {
  readonly network: Network;
  readonly pid: string;
  /** Begins deliveries. */
  readonly start: () => void;
}

async function networksOf(layout: Layout, engine: Engine): Promise<(group: string) => Way> {
  if (layout === "all") {
    return (group) => {
      const network = engine.network({ group });
      return { network, pid: network.pid, start: network.start };
    };
  }
  const { url } = await testServer(engine);
  return (group) => {
    const network = createHttpNetwork({ url, token: "token", group, pid: group });
    return { network, pid: group, start: () => undefined };
  };
}

function counted(
  network: Network,
  note: (request: Omit<CountedRequest, "from">) => void,
  onRest: () => void = () => {},
): Network {
  const { send } = network;
  const noting = async (request: Request) => {
    const noted = { ...about(request), bytes: JSON.stringify(request).length };
    if (request.kind !== "task.heartbeat") note(noted);
    const response: Response = await send(request);
    noted.bytes += JSON.stringify(response).length;
    if (request.kind === "task.suspend" && response.head.status === 200) onRest();
    return response;
  };
  network.send = noting as Network["send"];
  return network;
}

function about({ kind, data }: Request): { readonly kind: string; readonly id: string } {
  if (kind === "task.fence") {
    const { action } = data as {
      readonly action: { readonly kind: string; readonly data: { readonly id: string } };
    };
    return { kind: `${kind} ${action.kind}`, id: action.data.id };
  }
  const { id, awaited } = data as { readonly id?: string; readonly awaited?: string };
  return { kind, id: id ?? awaited ?? "" };
}
