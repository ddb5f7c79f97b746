/** The gateway as one thing to start and stop, for whichever process it is part of. */
import { randomBytes, randomUUID } from "node:crypto";
import type { Router } from "express";
import type { Durable } from "../durable/durable.ts";
import type { Logger } from "../lib/log.ts";
import { createLinkTokens, type LinkTokensOptions } from "../tokens/tokens.ts";
import { createApp } from "./app.ts";
import { createPages } from "./pages.ts";
import { listen } from "./server.ts";

export interface GatewayOptions {
  readonly durable: Durable;
  readonly log: Logger;
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  /** Origin of every link; undefined: where the gateway itself listens. */
  readonly publicUrl: string | undefined;
  /** Keys for links: the first signs, all verify. */
  readonly keys: LinkTokensOptions["keys"];
  readonly mailbox: Router | undefined;
  /** What must be different about a callback URL, if something must. */
  readonly callbackUrlProblem: (url: string) => string | undefined;
}

export interface Gateway {
  readonly url: string;
  readonly publicUrl: string;
  /** Answers what is under way, then lets go of the port. The engine stays connected: that is the caller's. */
  close(): Promise<void>;
}

/** Throws when the address is taken, or a template is broken. */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  let publicUrl = options.publicUrl ?? "";
  const server = await listen(options, ({ url, draining }) => {
    publicUrl ||= url;
    return createApp({
      durable: options.durable,
      tokens: createLinkTokens({ keys: options.keys, issuer: publicUrl }),
      pages: createPages({ publicUrl, mailbox: options.mailbox !== undefined }),
      log: options.log,
      publicUrl,
      mailbox: options.mailbox,
      callbackUrlProblem: options.callbackUrlProblem,
      clock: Date.now,
      newId: randomUUID,
      newNonce: () => randomBytes(16).toString("base64url"),
      draining,
    });
  });
  return { url: server.url, publicUrl, close: () => server.close() };
}
