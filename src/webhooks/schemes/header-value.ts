/**
 * A header that holds more than a signature, as a template of `{signature}`, `{timestamp}` and `{id}`:
 *
 * - names and values in any order, `t={timestamp},v1={signature}`: other names are looked over, a name that comes again
 *   is another signature;
 * - or just these pieces in this order, `{timestamp}.{signature}`.
 */
type Part = "signature" | "timestamp" | "id";

type Piece = { readonly text: string } | { readonly part: Part };

export type HeaderValue = {
  /** As it is written in the configuration. */
  readonly source: string;
  readonly pieces: readonly Piece[];
} & (
  | { readonly kind: "list"; readonly separator: string; readonly names: ReadonlyMap<string, Part> }
  | { readonly kind: "fixed"; readonly pattern: RegExp; readonly order: readonly Part[] }
);

export interface HeaderParts {
  readonly signatures: readonly string[];
  readonly timestamp: string | undefined;
  readonly id: string | undefined;
}

const PIECES = /(\{signature\}|\{timestamp\}|\{id\})/;
const ENTRY = /^([A-Za-z0-9_.-]+)=\{(signature|timestamp|id)\}$/;
/** What each part may be made of. A time is looked at more closely where it is compared. */
const CONTENT = {
  signature: "([A-Za-z0-9+/_-]+={0,2})",
  timestamp: "(\\d{1,14}|\\d{4}-[\\dT:+.-]{1,36}Z?)",
  id: "([A-Za-z0-9_-]{1,256})",
};

/** Undefined if it is no such template, or if the end of a part would be ambiguous. */
export function parseHeaderValue(source: string): HeaderValue | undefined {
  const pieces = source
    .split(PIECES)
    .filter((piece) => piece !== "")
    .map((piece): Piece => (PIECES.test(piece) ? { part: piece.slice(1, -1) as Part } : { text: piece }));
  if (pieces.some((piece) => "text" in piece && /[{}]|[^\x20-\x7e]/.test(piece.text))) return undefined;
  const order = pieces.flatMap((piece) => ("part" in piece ? [piece.part] : []));
  const count = (part: Part) => order.filter((each) => each === part).length;
  if (count("signature") === 0 || count("timestamp") > 1 || count("id") > 1) return undefined;

  for (const separator of [",", ";", "&", " "]) {
    const entries = source.split(separator).map((entry) => ENTRY.exec(entry.trim()));
    if (entries.length < 2 || entries.includes(null)) continue;
    const names = new Map(entries.map((entry) => [entry?.[1] ?? "", entry?.[2] as Part] as const));
    return names.size === entries.length ? { kind: "list", source, pieces, separator, names } : undefined;
  }
  const isTight = pieces.some((piece, i) => "part" in piece && "part" in (pieces[i + 1] ?? { text: "" }));
  if (count("signature") !== 1 || isTight) return undefined;
  const pattern = pieces
    .map((piece) => ("part" in piece ? CONTENT[piece.part] : piece.text.replace(/[^\w ]/g, "\\$&")))
    .join("");
  return { kind: "fixed", source, pieces, pattern: new RegExp(`^${pattern}$`), order };
}

/** Undefined if the header is not written so. */
export function readHeaderValue(template: HeaderValue, header: string): HeaderParts | undefined {
  const found: { [part in Part]: string[] } = { signature: [], timestamp: [], id: [] };
  if (template.kind === "list") {
    for (const entry of header.split(template.separator)) {
      const at = entry.indexOf("=");
      const part = template.names.get(entry.slice(0, Math.max(at, 0)).trim());
      if (part !== undefined) found[part].push(entry.slice(at + 1).trim());
    }
  } else {
    const [, ...texts] = template.pattern.exec(header) ?? [];
    for (const [i, part] of template.order.entries()) found[part].push(texts[i] ?? "");
  }
  const isOnce = (part: "timestamp" | "id") => found[part].length === (has(template, part) ? 1 : 0);
  const isWhole = isOnce("timestamp") && isOnce("id") && found.signature.some((text) => text !== "");
  if (!isWhole) return undefined;
  return { signatures: found.signature, timestamp: found.timestamp[0], id: found.id[0] };
}

/** The header with these values; a signature under each of its names. */
export function writeHeaderValue(template: HeaderValue, values: Readonly<Record<Part, string>>): string {
  return template.pieces.map((piece) => ("part" in piece ? values[piece.part] : piece.text)).join("");
}

export function has({ pieces }: HeaderValue, part: Part): boolean {
  return pieces.some((piece) => "part" in piece && piece.part === part);
}
