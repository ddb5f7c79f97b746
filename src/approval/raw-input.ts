/** Parts of a request that is not checked yet, so that problems between fields are found beside those within them. */
import { addressKey } from "./person.ts";

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The list, or an empty one in place of anything else. */
export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** Key of a person's address, given as address or as object. */
export function addressOf(person: unknown): string | undefined {
  const email = isRecord(person) ? person["email"] : person;
  return typeof email === "string" ? addressKey(email) : undefined;
}
