/**
 * A text as PostgreSQL can keep it: its texts have no character NUL. Terms are only compared, so another character in its
 * place, in rows and in queries, makes no difference that anybody could see.
 */
export function storableText(text: string): string {
  return text.includes("\0") ? text.replaceAll("\0", "\uFFFD") : text;
}
