import { MIMEType } from "node:util";
import type { Request } from "express";
import { ServiceError } from "../../lib/errors.ts";
import { parseJson } from "../../lib/parse-json.ts";
import { JSON_BODY } from "../../openapi/limits.ts";

export interface BodyLimits {
  readonly bytesMax: number;
  readonly depthMax: number;
}

interface JsonBody {
  /** Any JSON value. */
  readonly value: unknown;
  readonly bytes: Buffer;
}

/**
 * The request's body as JSON, or undefined when there is none.
 * Throws `UNSUPPORTED_MEDIA_TYPE`, `PAYLOAD_TOO_LARGE` or `INVALID_REQUEST`. Nothing is read before a handler asks.
 */
export async function readJson(req: Request, limits: BodyLimits = JSON_BODY): Promise<JsonBody | undefined> {
  if (!hasBody(req)) return undefined;
  assertJson(req);
  assertUncompressed(req);
  const bytes = await readBytes(req, limits.bytesMax);
  return bytes.length === 0 ? undefined : { value: parseJson(bytes, limits.depthMax), bytes };
}

/**
 * Asks a caller who sent `Expect: 100-continue` for the body. Call it once everything else is checked, the body's length
 * included. For other callers this does nothing.
 */
export function askForBody(req: Request, bytesMax: number): void {
  if (req.headers.expect === undefined) return;
  if (Number(req.headers["content-length"] ?? 0) > bytesMax) throw tooLarge(bytesMax);
  req.res?.writeContinue();
}

/** The body as it came, for routes that verify its bytes. Throws like `readJson`. */
export async function readRaw(req: Request, bytesMax: number): Promise<Buffer> {
  assertUncompressed(req);
  return await readBytes(req, bytesMax);
}

function hasBody(req: Request): boolean {
  return req.headers["transfer-encoding"] !== undefined || Number(req.headers["content-length"] ?? 0) > 0;
}

function assertJson(req: Request): void {
  const header = req.headers["content-type"] ?? "";
  // What nearly all callers send needs no reading.
  if (header !== "application/json" && !isJsonInUtf8(header)) {
    throw new ServiceError(
      "UNSUPPORTED_MEDIA_TYPE",
      "The body must be JSON in UTF-8: send Content-Type: application/json",
    );
  }
}

/** By the platform's own reader: parameters may hold anything in quotes, semicolons too. */
function isJsonInUtf8(contentType: string): boolean {
  try {
    const { essence, params } = new MIMEType(contentType);
    return essence === "application/json" && /^utf-?8$/i.test(params.get("charset") ?? "utf-8");
  } catch {
    return false;
  }
}

function assertUncompressed(req: Request): void {
  const encoding = req.headers["content-encoding"] ?? "identity";
  if (encoding.toLowerCase() === "identity") return;
  throw new ServiceError(
    "UNSUPPORTED_MEDIA_TYPE",
    "The body must not be compressed: leave Content-Encoding out",
  );
}

async function readBytes(req: Request, bytesMax: number): Promise<Buffer> {
  askForBody(req, bytesMax);
  const chunks: Buffer[] = [];
  let size = 0;
  // By events: a loop over the stream costs several times as much.
  await new Promise<void>((resolve, reject) => {
    const brokeOff = (cause?: Error) =>
      reject(new ServiceError("INVALID_REQUEST", "The body ended early", { cause }));
    // The caller may have gone before anybody asked for the body; nothing more is heard of it then.
    if (req.destroyed) return brokeOff();
    req.on("data", (chunk: Buffer) => {
      size += chunk.length;
      if (size <= bytesMax) {
        chunks.push(chunk);
      } else if (size > bytesMax * DRAIN_FACTOR) {
        // A caller still sending would not read our answer, so a moderate excess is taken in and dropped. No more:
        // the connection ends with the answer.
        req.pause();
        resolve();
      }
    });
    req.once("end", resolve);
    req.once("error", brokeOff);
  });
  if (size > bytesMax) throw tooLarge(bytesMax);
  return Buffer.concat(chunks, size);
}

function tooLarge(bytesMax: number): ServiceError {
  return new ServiceError("PAYLOAD_TOO_LARGE", `The body must be at most ${bytesMax} bytes`);
}

const DRAIN_FACTOR = 16;
