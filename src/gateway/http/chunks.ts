import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { Response } from "express";

/**
 * How often Node looks whether a caller has read anything. It takes what goes into the buffers in between for reading, so a caller
 * is cut off after two or three times as long.
 */
const STALL_MS = 30_000;

/**
 * Answers with the chunks as fast as the caller reads them. What the first chunk throws is refused like any other request;
 * what a later one throws breaks the connection, which tells the caller that the answer is not whole. A caller who reads
 * nothing for a minute or two is cut off, too: they would keep the connection for ever. That time begins again with each chunk,
 * and stands still while the next one is being made.
 */
export async function sendChunks(
  res: Response,
  chunks: AsyncGenerator<string, void, undefined>,
  stallMs = STALL_MS,
): Promise<void> {
  const first = await chunks.next().catch((error: unknown) => {
    for (const name of ["Content-Type", "Content-Disposition"]) res.removeHeader(name);
    throw error;
  });
  if (res.req.method === "HEAD") {
    // A caller who wants the headers alone does not wait for all the rest.
    await chunks.return();
    return void res.end();
  }
  const all = async function* () {
    try {
      for (let next = first; next.done !== true; ) {
        yield next.value;
        res.setTimeout(0);
        next = await chunks.next();
        res.setTimeout(stallMs);
      }
    } finally {
      await chunks.return();
    }
  };
  res.once("timeout", () => res.destroy());
  res.setTimeout(stallMs);
  try {
    await pipeline(Readable.from(all()), res);
  } catch (error) {
    res.destroy();
    if (!isGone(error)) throw error;
  }
}

/** Whether an answer could not be sent because the caller went away. */
export function isGone(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ERR_STREAM_PREMATURE_CLOSE";
}
