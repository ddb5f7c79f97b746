/** The log's head as a checkpoint: c2sp.org/tlog-checkpoint. */
import { HASH_BYTES } from "./leaf.ts";

export interface Checkpoint {
  /** Names the log: the host of `PUBLIC_URL`, and `/log`. */
  readonly origin: string;
  readonly size: number;
  readonly root: Buffer;
}

export function originOf(publicUrl: string): string {
  return `${new URL(publicUrl).host}/log`;
}

export function checkpointText({ origin, size, root }: Checkpoint): string {
  return `${origin}\n${size}\n${root.toString("base64")}\n`;
}

/**
 * The signed note in a text that may have more around it, such as a mail: lines may be indented.
 * @returns undefined if there is none
 */
export function noteIn(text: string): string | undefined {
  const lines = text.split(/\r?\n/u).map((line) => line.trim());
  for (const [at, line] of lines.entries()) {
    if (line !== "" || !BODY.every((pattern, i) => pattern.test(lines[at - BODY.length + i] ?? ""))) continue;
    const after = lines.slice(at + 1);
    const end = after.findIndex((each) => !SIGNATURE.test(each));
    const signatures = end === -1 ? after : after.slice(0, end);
    if (signatures.length > 0)
      return [...lines.slice(at - BODY.length, at), "", ...signatures, ""].join("\n");
  }
  return undefined;
}

/** Origin, size and head. An empty line and the signatures follow. */
const BODY = [/^[^\s+]+$/u, /^\d+$/u, /^[A-Za-z0-9+/]{43}=$/u];
const SIGNATURE = /^— [^\s+]+ [A-Za-z0-9+/]+={0,2}$/u;

/** Undefined if it is no checkpoint. Lines after the first three are left out. */
export function readCheckpoint(text: string): Checkpoint | undefined {
  const [origin = "", written = "", encoded = ""] = text.split("\n");
  const size = Number(written);
  const root = Buffer.from(encoded, "base64");
  const isRight = origin !== "" && /^(?:0|[1-9]\d*)$/u.test(written) && Number.isSafeInteger(size);
  return isRight && root.length === HASH_BYTES ? { origin, size, root } : undefined;
}
