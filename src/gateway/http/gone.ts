import type { Response } from "express";

/** Aborts when the caller has gone, so that nobody waits for them. */
export function gone(res: Response): AbortSignal {
  const controller = new AbortController();
  res.once("close", () => controller.abort());
  return controller.signal;
}
