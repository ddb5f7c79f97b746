import type { Response } from "express";

/** Aborts when the caller has disconnected, so that nothing waits for them any longer. */
export function gone(res: Response): AbortSignal {
  const controller = new AbortController();
  res.once("close", () => controller.abort());
  return controller.signal;
}
