import type { Network, Request, Response } from "@resonatehq/sdk";
import type { Signal } from "../load/signals.ts";

/**
 * Signals each time that a workflow has come to rest: when the engine has taken its suspension.
 *
 * @param linkOf what else there is to tell of it
 */
export function tapped(
  send: Network["send"],
  signal: Signal,
  linkOf: (id: string) => string = () => "",
): Network["send"] {
  const tap = async (request: Request): Promise<Response> => {
    const response = await send(request);
    if (request.kind === "task.suspend" && response.head.status === 200) {
      const { id } = request.data;
      signal("rest", id, linkOf(id));
    }
    return response;
  };
  return tap as Network["send"];
}
