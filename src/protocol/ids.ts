/**
 * Ids tell where a promise belongs: `origin`, then `:`, then positions separated by `.` (`order:0`, `order:0.1`).
 * Everything that may wait for one another shares one origin, so one workflow tree is one unit.
 */

/** Longer than any lineage a workflow reaches in practice, short enough to be a key in an index. */
export const ID_CHARS_MAX = 1024;

/** The workflow tree an id belongs to: the text before the first `:`. */
export function originOf(id: string): string {
  const separator = id.indexOf(":");
  return separator === -1 ? id : id.slice(0, separator);
}

/** Whether `id` is `ancestor` itself or lies below it. */
export function isWithin(id: string, ancestor: string): boolean {
  if (!id.startsWith(ancestor)) return false;
  if (id.length === ancestor.length) return true;
  return id[ancestor.length] === (ancestor.includes(":") ? "." : ":");
}
