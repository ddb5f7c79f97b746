import { createServer } from "node:net";

/**
 * Below the range that Linux takes for outgoing connections: a port of ours is free again when its process was killed,
 * and no stranger's connection sits on it when the next one wants it.
 */
const RANGE = { from: 18_000, to: 32_000 };

/**
 * Test files that run at the same time take ports of their own: a port may be free only because its process restarts.
 * Vitest numbers the places in which files run, from 1; the project `timed`, which runs beside others, has the last.
 */
const PLACES = 8;
const PLACE =
  process.env["TIMED"] === undefined ? Number(process.env["VITEST_POOL_ID"] ?? 0) % (PLACES - 1) : PLACES - 1;

const given = new Set<number>();

/** A port of the loopback that nobody listens on, and that no test running now was given before. */
export async function freePort(): Promise<number> {
  for (;;) {
    const random = RANGE.from + Math.floor(Math.random() * (RANGE.to - RANGE.from));
    const port = random - (random % PLACES) + PLACE;
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
