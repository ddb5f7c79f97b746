import type { IncomingMessage } from "node:http";
import { isLoopback } from "./loopback.ts";

/** The name that a request was sent to. */
export interface HostName {
  /** Undefined: the header holds none. */
  readonly name: string | undefined;
  /** Whether it can only mean this machine. */
  readonly isLocal: boolean;
}

let last: HostName & { readonly header: string } = { header: "", name: undefined, isLocal: false };

/** Of the `Host` header. Nearly all callers send the same one, so the last one is remembered. */
export function hostNameOf(req: Pick<IncomingMessage, "headers">): HostName {
  const header = req.headers.host ?? "";
  if (header !== last.header) last = { header, ...read(header) };
  return last;
}

function read(header: string): HostName {
  const name = URL.parse(`http://${header}`)?.hostname;
  return { name, isLocal: name !== undefined && (isLoopback(name) || name.endsWith(".localhost")) };
}
