/** The key set by which a reader checks what was signed: from the service's address, or from a file. */
import { isLoopback } from "../lib/loopback.ts";
import { readTextFile } from "../lib/text-file.ts";
import { keySetSchema } from "../proof/bundle.ts";
import type { KeySet } from "../signing/verify.ts";
import { UsageError } from "./command.ts";
import { messageOf, parsed, readable } from "./read-json.ts";

export interface TrustedKeys extends KeySet {
  /** Where they came from, if it was an address. */
  readonly origin?: string;
  /** Verifier keys of its log of events. */
  readonly log?: readonly string[];
}

const FETCH_MS = 10_000;
/** A hundred keys have a fifth of this. */
const KEY_SET_BYTES_MAX = 128 * 1024;

/** @throws UsageError */
export async function trustedKeysAt(named: string): Promise<TrustedKeys> {
  if (!/^https?:/iu.test(named)) {
    const text = readable(() => readTextFile(named, KEY_SET_BYTES_MAX));
    return parsed(keySetSchema, text, named);
  }
  const url = URL.parse(named);
  if (url === null) throw new UsageError(`--keys: ${named} is no URL`);
  if (url.protocol === "http:" && !isLoopback(url.hostname)) {
    throw new UsageError(
      `--keys: ${named} is not encrypted, so anybody on the way could put their keys there. Use https, or a file`,
    );
  }
  return { ...parsed(keySetSchema, await fetched(url), named), origin: url.origin };
}

async function fetched(url: URL): Promise<string> {
  try {
    const answer = await fetch(url, { redirect: "error", signal: AbortSignal.timeout(FETCH_MS) });
    if (!answer.ok) throw new Error(`it answers ${answer.status}`);
    const chunks: Uint8Array[] = [];
    let size = 0;
    for await (const chunk of answer.body ?? []) {
      size += chunk.length;
      if (size > KEY_SET_BYTES_MAX) throw new Error(`it has more than ${KEY_SET_BYTES_MAX} bytes`);
      chunks.push(chunk);
    }
    return Buffer.concat(chunks).toString();
  } catch (error) {
    throw new UsageError(`Cannot read ${url.href}: ${messageOf(error)}`, { cause: error });
  }
}
