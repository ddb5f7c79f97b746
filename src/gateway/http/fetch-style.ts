/** For libraries that take a `Request` of the Fetch standard and return a `Response`. */
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { Request as Incoming, Response as Outgoing } from "express";
import { isGone } from "./chunks.ts";

/** The request without its body and without its credential. Aborted by `signal`. */
export function fetchRequest(req: Incoming, url: string, signal: AbortSignal): Request {
  const headers = new Headers();
  for (const [name, value] of Object.entries(req.headers)) {
    if (name !== "authorization" && typeof value === "string") headers.set(name, value);
  }
  return new Request(url, { method: req.method, headers, signal });
}

/** Sends the response as it comes: it may be a stream. Ends early when the caller goes away. */
export async function sendFetched(res: Outgoing, response: Response): Promise<void> {
  res.status(response.status);
  for (const [name, value] of response.headers) {
    // Whether the connection stays is for our server to say.
    if (name !== "connection") res.setHeader(name, value);
  }
  if (response.body === null) return void res.end();
  try {
    await pipeline(Readable.fromWeb(response.body), res);
  } catch (error) {
    res.destroy();
    if (!isGone(error)) throw error;
  }
}
