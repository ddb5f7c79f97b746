import type { IncomingMessage as NodeRequest } from "node:http";
import type { Express } from "express";
import { IncomingMessage, ServerResponse } from "../../lib/http.ts";

/** The classes that a server makes its requests and responses of, before and after the app is known. */
export interface Messages {
  /** For the server. */
  readonly classes: {
    readonly IncomingMessage: typeof IncomingMessage;
    readonly ServerResponse: typeof ServerResponse;
  };
  /** Makes them the app's, before the first request; returns the app. */
  bornFor(app: Express): Express;
}

/**
 * Requests and responses that are Express's from the start.
 *
 * Express gives each request and response a prototype of its own (`Object.setPrototypeOf` with `app.request` and
 * `app.response`). V8 makes an exception of such an object from then on, which costs more than
 * everything else that Express does for a short answer. An object that has the prototype already stays as it is.
 */
export function createMessages(): Messages {
  class Request extends IncomingMessage {}
  class Response<From extends NodeRequest = NodeRequest> extends ServerResponse<From> {}
  return {
    classes: { IncomingMessage: Request, ServerResponse: Response },
    bornFor(app) {
      Object.setPrototypeOf(Request.prototype, app.request);
      Object.setPrototypeOf(Response.prototype, app.response);
      return Object.assign(app, { request: Request.prototype, response: Response.prototype });
    },
  };
}
