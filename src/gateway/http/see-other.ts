import type { Response } from "express";

/**
 * Sends a browser on to what came of its POST, by GET (RFC 9110 §15.4.4). Express would first find out in which format its
 * client wants the short note, which nobody sees.
 *
 * @param path on this server, percent-encoded, or an address elsewhere
 */
export function seeOther(res: Response, path: string): void {
  res.statusCode = 303;
  res.setHeader("Location", path);
  res.setHeader("Content-Type", "text/plain; charset=utf-8");
  res.end(`See ${path}`);
}
