/** Which members of a request's metadata approvals are found by. */

/** More would make each approval dearer to store than to find. */
const TAGS_MAX = 16;
const VALUE_CHARS_MAX = 128;
const NAME_CHARS_MAX = 64;

/**
 * The first 16 members whose values are short texts, numbers or booleans, as texts. Lists, objects and longer values are
 * data, which nobody filters by.
 */
export function tagsOf(metadata: Readonly<Record<string, unknown>>): Record<string, string> {
  const tags: Record<string, string> = {};
  let count = 0;
  for (const [name, value] of Object.entries(metadata)) {
    if (count === TAGS_MAX) break;
    if (typeof value !== "string" && typeof value !== "number" && typeof value !== "boolean") continue;
    const text = String(value);
    if (name.length > NAME_CHARS_MAX || text.length > VALUE_CHARS_MAX) continue;
    tags[name] = text;
    count += 1;
  }
  return tags;
}
