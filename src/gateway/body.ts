import type { Request } from "express";
import { ServiceError } from "../lib/errors.ts";

export interface BodyLimits {
  readonly bytesMax: number;
  /** Levels of arrays and objects: far more than data needs, far less than what overflows a recursive reader. */
  readonly depthMax: number;
}

/** Arguments and approvals are small; files belong elsewhere, with a link to them. */
const API_LIMITS: BodyLimits = { bytesMax: 64 * 1024, depthMax: 32 };

/**
 * The request's body as JSON: `{ value }`, any JSON value, or undefined when there is none.
 * Throws `UNSUPPORTED_MEDIA_TYPE`, `PAYLOAD_TOO_LARGE` or `INVALID_REQUEST`. Nothing is read before a handler asks.
 */
export async function readJson(
  req: Request,
  limits: BodyLimits = API_LIMITS,
): Promise<{ readonly value: unknown } | undefined> {
  if (!hasBody(req)) return undefined;
  assertJson(req);
  const bytes = await readBytes(req, limits.bytesMax);
  return bytes.length === 0 ? undefined : { value: parseJson(bytes, limits.depthMax) };
}

function hasBody(req: Request): boolean {
  return req.headers["transfer-encoding"] !== undefined || Number(req.headers["content-length"] ?? 0) > 0;
}

function assertJson(req: Request): void {
  const [type = "", ...parameters] = (req.headers["content-type"] ?? "").toLowerCase().split(";");
  const charset = parameters.map((p) => p.trim()).find((p) => p.startsWith("charset="));
  const isUtf8 = charset === undefined || /^charset="?utf-?8"?$/.test(charset);
  if (type.trim() !== "application/json" || !isUtf8) {
    throw new ServiceError(
      "UNSUPPORTED_MEDIA_TYPE",
      "The body must be JSON in UTF-8: send Content-Type: application/json",
    );
  }
  const encoding = req.headers["content-encoding"] ?? "identity";
  if (encoding.toLowerCase() !== "identity") {
    throw new ServiceError(
      "UNSUPPORTED_MEDIA_TYPE",
      "The body must not be compressed: leave Content-Encoding out",
    );
  }
}

async function readBytes(req: Request, bytesMax: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of req as AsyncIterable<Buffer>) {
      size += chunk.length;
      // A caller still sending would not read our answer, so a moderate excess is taken in and dropped.
      if (size > bytesMax * DRAIN_FACTOR) break;
      if (size <= bytesMax) chunks.push(chunk);
    }
  } catch (cause) {
    throw new ServiceError("INVALID_REQUEST", "The body broke off before its end", { cause });
  }
  if (size > bytesMax) {
    throw new ServiceError("PAYLOAD_TOO_LARGE", `The body must be at most ${bytesMax} bytes`);
  }
  return Buffer.concat(chunks, size);
}

const DRAIN_FACTOR = 16;

function parseJson(bytes: Buffer, depthMax: number): unknown {
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new ServiceError("INVALID_REQUEST", "The body is not valid UTF-8");
  }
  if (isDeeperThan(depthMax, text)) {
    throw new ServiceError("INVALID_REQUEST", `The body must not be nested deeper than ${depthMax} levels`);
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    const place = /at position (\d+)/.exec(error instanceof Error ? error.message : "")?.[1];
    const where = place === undefined ? "" : `: something is wrong at character ${Number(place) + 1}`;
    throw new ServiceError("INVALID_REQUEST", `The body is not valid JSON${where}`);
  }
}

/** Counted on the text, before a parser recurses into it. */
function isDeeperThan(depthMax: number, text: string): boolean {
  let depth = 0;
  let inString = false;
  for (let i = 0; i < text.length; i += 1) {
    const c = text.charCodeAt(i);
    if (inString) {
      if (c === BACKSLASH) i += 1;
      else if (c === QUOTE) inString = false;
    } else if (c === QUOTE) {
      inString = true;
    } else if (c === OPEN_BRACKET || c === OPEN_BRACE) {
      depth += 1;
      if (depth > depthMax) return true;
    } else if (c === CLOSE_BRACKET || c === CLOSE_BRACE) {
      depth -= 1;
    }
  }
  return false;
}

const [QUOTE, BACKSLASH, OPEN_BRACKET, CLOSE_BRACKET, OPEN_BRACE, CLOSE_BRACE] = [34, 92, 91, 93, 123, 125];
