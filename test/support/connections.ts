import { readFileSync } from "node:fs";
import { connect, type Socket } from "node:net";

/** How many connections this kernel keeps for a server that does not accept them, at most. */
export function kernelBacklog(): number {
  return Number(readFileSync("/proc/sys/net/core/somaxconn", "utf8"));
}

/**
 * Connects so many times to a server of this process, which has no time to accept any meanwhile. Returns how many stand in
 * the kernel's queue, and how many found no room there.
 */
export async function rushOfConnections(
  port: number,
  count: number,
): Promise<{ established: number; waiting: number }> {
  const sockets: Socket[] = [];
  for (let i = 0; i < count; i += 1) {
    const socket = connect(port, "127.0.0.1");
    socket.on("error", () => undefined);
    sockets.push(socket);
  }
  // Node connects at the next tick and accepts later, so all of them stand in the kernel's queue here.
  await new Promise((resolve) => process.nextTick(resolve));
  try {
    return connectionsTo(port);
  } finally {
    for (const socket of sockets) socket.destroy();
  }
}

/** Of this machine's sockets: those connected to `port`, and those whose connection was not taken yet (proc_net_tcp(5)). */
function connectionsTo(port: number): { established: number; waiting: number } {
  const remote = `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  const states = readFileSync("/proc/net/tcp", "utf8")
    .split("\n")
    .map((line) => line.trim().split(/\s+/))
    .flatMap(([, , to, state]) => (to?.endsWith(remote) ? [state] : []));
  const count = (wanted: string) => states.filter((state) => state === wanted).length;
  return { established: count("01"), waiting: count("02") };
}
