import express, { type Express, type Router } from "express";
import type { Durable } from "../durable/durable.ts";
import type { Logger } from "../lib/log.ts";
import type { LinkTokens } from "../tokens/tokens.ts";
import { approvalRoutes } from "./approvals.ts";
import { requestContext } from "./context.ts";
import { errorHandler, notFound } from "./errors.ts";
import { noCrossSiteWrites, ownNamesOnly, wellFormedAddress } from "./guards.ts";
import { healthRoutes } from "./health.ts";
import type { Pages } from "./pages.ts";
import { reviewRoutes } from "./review.ts";
import { workflowRoutes } from "./workflows.ts";

/** All that routes need, and may know. */
export interface AppOptions {
  readonly durable: Durable;
  readonly tokens: LinkTokens;
  readonly pages: Pages;
  readonly log: Logger;
  /** Origin of every link. */
  readonly publicUrl: string;
  /** What must be different about a callback URL, if something must. */
  readonly callbackUrlProblem: (url: string) => string | undefined;
  /** The development mailbox, where there is one. */
  readonly mailbox: Router | undefined;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
  /** An unguessable id. */
  readonly newId: () => string;
  /** 128 random bits in base64url. */
  readonly newNonce: () => string;
  /** Aborted when the process is asked to stop. */
  readonly draining: AbortSignal;
}

/** Everything the gateway serves, in the order in which a request meets it. */
export function createApp(options: AppOptions): Express {
  const app = express();
  app.disable("x-powered-by");
  app.disable("etag");
  // Addresses in links come from PUBLIC_URL alone; no proxy's header is believed.
  app.set("trust proxy", false);
  app.set("query parser", "simple");

  app.use(requestContext(options));
  app.use(wellFormedAddress);
  app.use(ownNamesOnly(options.publicUrl));
  app.use(healthRoutes(options));

  // For people. Decision pages have their own rule for where a press may come from.
  app.use(options.pages.routes);
  app.use(reviewRoutes(options));
  if (options.mailbox !== undefined) app.use(options.mailbox);

  // For programs. API keys and scopes would be checked here, before any body is read.
  app.use(noCrossSiteWrites);
  app.use(workflowRoutes(options));
  app.use(approvalRoutes(options));

  app.use(notFound);
  app.use(errorHandler(options));
  return app;
}
