import { type Request, Router } from "express";
import type { Durable } from "../../../../src/durable/durable.ts";
import { type Gateway, type GatewayOptions, startGateway as start } from "../../../../src/gateway/gateway.ts";
import { readJson } from "../../../../src/gateway/http/body.ts";

export * from "../../../../src/gateway/gateway.ts";

/** Starts it with `POST /decide` where the development mailbox would be: behind all that every request passes. */
export function startGateway(options: GatewayOptions): Promise<Gateway> {
  return start({ ...options, mailbox: decideRoute(options.durable) });
}

function decideRoute(durable: Durable): Router {
  return Router().post("/decide", async (req: Request, res) => {
    const body = await readJson(req);
    const record = await durable.settle(req.query["id"] as string, body?.value);
    res.json({ status: record?.state });
  });
}
