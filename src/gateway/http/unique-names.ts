import { isRecord } from "../../approval/raw-input.ts";
import { ServiceError } from "../../lib/errors.ts";
import { repeatedNames } from "../../lib/repeated-names.ts";

/** Whether a body asks for an approval of actions: people must see what every program reads. */
export function hasActions(body: unknown): boolean {
  return isRecord(body) && ("action" in body || "items" in body);
}

/**
 * Refuses a body in which a name stands twice, of which programs take the first or the last.
 *
 * @param bytes valid JSON
 * @throws ServiceError INVALID_FIELDS with the JSON Pointer of each
 */
export function assertUniqueNames(bytes: Buffer): void {
  const places = repeatedNames(bytes.toString());
  if (places.length === 0) return;
  throw new ServiceError("INVALID_FIELDS", "The body has names that stand twice in one object", {
    problems: places.map((field) => ({
      field,
      message: "must stand once: programs read a name that stands twice in different ways",
    })),
  });
}
