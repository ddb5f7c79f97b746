import { createServer } from "node:net";

/**
 * Below the range that Linux takes for outgoing connections: a port of ours is free again when its process was killed,
 * and no stranger's connection sits on it when the next one wants it.
 */
const RANGE = { from: 18_000, to: 32_000 };

const given = new Set<number>();

/** A port of the loopback that nobody listens on, and that this test process was not given before. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = RANGE.from + Math.floor(Math.random() * (RANGE.to - RANGE.from));
    if (given.has(port) || !(await isFree(port))) continue;
    given.add(port);
    return port;
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}
