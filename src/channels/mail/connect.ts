/** The way to the relay: a connection, and the name that we give ourselves on it. */
import { connect, isIP, type Socket } from "node:net";

export interface RelayConnection {
  readonly connection: Socket;
  /** What EHLO says. */
  readonly name: string;
}

/**
 * Connects, looking the name up and trying one address after the other, within `withinMs` in all. Apart from the
 * library, which counts connecting and the wait for the greeting as one: a server may take its time to greet us, but a
 * host that is not there should be noticed soon.
 *
 * @param publicHost host of `PUBLIC_URL`
 * @param done once. Errors have the library's codes: ETIMEDOUT, EDNS (the name is not known), ESOCKET (refused, no route)
 */
export function connectToRelay(
  { host, port }: { readonly host: string; readonly port: number },
  { publicHost, withinMs }: { readonly publicHost: string; readonly withinMs: number },
  done: (error: Error | null, connected: RelayConnection | false) => void,
): void {
  const socket = connect({ host, port, autoSelectFamily: true });
  const fail = (code: string, cause?: Error) => {
    clearTimeout(timer);
    socket.destroy();
    const error = new Error("Cannot connect to the mail server", { cause });
    done(Object.assign(error, { code, command: "CONN" }), false);
  };
  const failed = (error: NodeJS.ErrnoException) =>
    fail(error.syscall === "getaddrinfo" ? "EDNS" : "ESOCKET", error);
  const timer = setTimeout(() => fail("ETIMEDOUT"), withinMs);
  socket.once("error", failed);
  socket.once("connect", () => {
    clearTimeout(timer);
    socket.off("error", failed);
    done(null, { connection: socket, name: ehloName(publicHost) ?? literal(socket.localAddress ?? "") });
  });
}

/** RFC 5321 §4.1.1.1: a name that is known everywhere, or an address in brackets; undefined if the host is neither. */
function ehloName(publicHost: string): string | undefined {
  const host = publicHost.replace(/\.$/u, "").replace(/^\[(.*)\]$/u, "$1");
  if (isIP(host) !== 0) return literal(host);
  return FULL_NAME.test(host) ? host : undefined;
}

/** A domain of at least two labels, as RFC 5321 §4.1.2 writes them: no underscore, which URLs allow. */
const FULL_NAME = /^(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$/iu;

/** RFC 5321 §4.1.3. */
function literal(address: string): string {
  return isIP(address) === 6 ? `[IPv6:${address}]` : `[${address}]`;
}
