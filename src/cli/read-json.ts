/** JSON that somebody else made, and what is wrong with it, for a command line. */
import type { z } from "zod";
import { parseInteroperableJson } from "../lib/exact-json.ts";
import { repeatedNames } from "../lib/repeated-names.ts";
import { UsageError } from "./command.ts";

/**
 * A name that stands twice is refused: another reader may take the one that was not checked (RFC 7493, section 2.3).
 *
 * @throws UsageError
 */
export function jsonIn(text: string, from: string): unknown {
  const value = usable(() => parseInteroperableJson(text), from);
  const [name] = repeatedNames(text);
  if (name !== undefined) throw new UsageError(`Cannot use ${from}: ${name} stands there twice`);
  return value;
}

/** @throws UsageError */
export function parsed<T>(schema: z.ZodType<T>, text: string, from: string): T {
  const read = schema.safeParse(jsonIn(text, from));
  if (read.success) return read.data;
  const [issue] = read.error.issues;
  throw new UsageError(`Cannot use ${from}: ${issue?.path.join(".") || "the whole"}: ${issue?.message}`);
}

function usable<T>(read: () => T, from: string): T {
  try {
    return read();
  } catch (error) {
    throw new UsageError(`Cannot use ${from}: it is not JSON (${messageOf(error)})`, { cause: error });
  }
}

/** @throws UsageError for whatever `read` throws */
export function readable<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw new UsageError(messageOf(error), { cause: error });
  }
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
