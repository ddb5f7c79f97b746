/** Receivers of callbacks, each with its own habits. */

import type { CallbackEvent } from "../../../src/approval/event.ts";
import { createServer } from "../../../src/lib/http.ts";
import type { Random } from "../../support/seeds.ts";
import type { World } from "../machine/world.ts";
import { RECEIVERS } from "./settings.ts";

export interface Received {
  readonly atMs: number;
  readonly receiver: string;
  readonly messageId: string;
  readonly event: CallbackEvent;
  /** What it answers; 0: too late. */
  readonly status: number;
}

/** The service waits for 15 s. */
const PATIENCE_MS = 14_000;

export interface ReceiversOptions {
  readonly world: World;
  readonly random: Random;
  readonly onCallback: (received: Received) => void;
}

/** Listens at each of `RECEIVERS`: one is steady, one fails every other time, one is slow, one is away for days. */
export function startReceivers({ world, random, onCallback }: ReceiversOptions): void {
  let isAway = false;
  const leave = () => {
    world.time.after((isAway ? 10 : 100) * 3_600_000 * (0.5 + random.below(100) / 100), () => {
      isAway = !isAway;
      leave();
    });
  };
  leave();
  for (const receiver of RECEIVERS) {
    const { hostname, port } = new URL(`${receiver}/`);
    const server = createServer((request, response) => {
      let body = "";
      request.on("data", (chunk: Buffer) => (body += chunk.toString("utf8")));
      request.on("end", () => {
        const delayMs = receiver.includes("slow") ? random.below(20_000) : random.below(20);
        const answers = statusOf(receiver);
        const status = delayMs < PATIENCE_MS ? answers : 0;
        const messageId = String(request.headers["webhook-id"]);
        const event = JSON.parse(body) as CallbackEvent;
        onCallback({ atMs: world.time.now(), receiver, messageId, event, status });
        world.time.after(delayMs, () => response.writeHead(answers).end());
      });
    });
    server.listen({ host: hostname, port: port === "" ? 80 : Number(port) });
  }

  function statusOf(receiver: string): number {
    if (receiver.includes("flaky")) return random.chance(0.5) ? 503 : 204;
    return receiver.includes("away") && isAway ? 500 : 204;
  }
}
