/** What a witness says of a log's head: c2sp.org/tlog-cosignature, version 1, with Ed25519. */
import type { VerifierKey } from "../../lib/verifier-key.ts";
import { isBy, isSignature, partsOf, type SignatureLine } from "../note.ts";

/** A witness's clock may differ from ours by so much. */
export const CLOCKS_DIFFER_MS = 5 * 60_000;
const TIME_BYTES = 8;
/** As times in ms, whole numbers are exact up to here. */
const SECONDS_MAX = 8_640_000_000_000n;

export type Cosigned =
  /** The witness has seen this head at that time, as the newest of a log that only grew. */
  | { readonly result: "holds"; readonly atMs: number; readonly line: string }
  /** There is no line of this key. */
  | { readonly result: "missing" }
  | { readonly result: "wrong"; readonly why: string };

/**
 * Whether the witness with this key has cosigned the head.
 *
 * @param note a checkpoint, with signatures of others beside those of witnesses
 * @param nowMs no cosignature is of a later time
 */
export function cosignedBy(key: VerifierKey, note: string, nowMs: number): Cosigned {
  const parts = partsOf(note);
  const all = parts?.lines.filter((line) => isBy(line, key)) ?? [];
  let found: Cosigned = { result: "missing" };
  for (const line of all) {
    found = readCosignature(key, parts?.text ?? "", line, nowMs);
    if (found.result === "holds") return found;
  }
  return found;
}

/** @param text of the checkpoint, with its last line break */
export function readCosignature(
  key: VerifierKey,
  text: string,
  { line, signature }: SignatureLine,
  nowMs: number,
): Cosigned {
  if (signature.length <= TIME_BYTES) return { result: "wrong", why: "it is too short" };
  const seconds = signature.readBigUInt64BE();
  if (seconds === 0n || seconds > SECONDS_MAX) return { result: "wrong", why: "it has no time" };
  const message = `cosignature/v1\ntime ${seconds}\n${text}`;
  if (!isSignature(key, message, signature.subarray(TIME_BYTES)))
    return { result: "wrong", why: "its signature is not one of this head" };
  const atMs = Number(seconds) * 1_000;
  if (atMs > nowMs + CLOCKS_DIFFER_MS)
    return { result: "wrong", why: `it is of ${new Date(atMs).toISOString()}, which is to come` };
  return { result: "holds", atMs, line };
}

/** The same head with all the lines, each once. */
export function withLines(note: string, lines: readonly string[]): string {
  const has = new Set(note.split("\n"));
  const added = [...new Set(lines)].filter((line) => !has.has(line));
  return `${note}${added.map((line) => `${line}\n`).join("")}`;
}
