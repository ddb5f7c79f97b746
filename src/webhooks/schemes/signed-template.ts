/** What a sender signs, as a template of `{id}`, `{timestamp}` and `{body}`. */
import { type Head, oneHeader, type Refused, refuse } from "../verify.ts";

export type Canvas = readonly ({ readonly text: string } | { readonly part: "id" | "timestamp" | "body" })[];

export interface SignedTemplate {
  readonly signed: Canvas;
  /** Where the sender writes the two; each stands in the template if it is given. */
  readonly timestampHeader: string | undefined;
  readonly idHeader: string | undefined;
}

export type SignedParts =
  | Refused
  | {
      readonly ok: true;
      readonly time: string | undefined;
      readonly id: string | undefined;
      /** All that is signed, with the body in its place. */
      around(body: Buffer): Buffer;
    };

/** `{timestamp}.{body}` to its parts; undefined for a name that is no part. */
export function parseCanvas(template: string): Canvas | undefined {
  const canvas = template
    .split(/(\{[^}]*\})/)
    .filter((piece) => piece !== "")
    .map((piece) =>
      piece === "{id}" || piece === "{timestamp}" || piece === "{body}"
        ? { part: piece.slice(1, -1) as "id" | "timestamp" | "body" }
        : { text: piece },
    );
  return canvas.some((piece) => "text" in piece && /[{}]/.test(piece.text)) ? undefined : canvas;
}

export function signedParts({ signed, timestampHeader, idHeader }: SignedTemplate, head: Head): SignedParts {
  const values = { timestamp: "", id: "" };
  for (const [part, header] of [
    ["timestamp", timestampHeader],
    ["id", idHeader],
  ] as const) {
    if (header === undefined) continue;
    const value = oneHeader(head, header);
    if (!value.ok) return value;
    // Nothing that could be taken for what stands between the parts.
    if (!/^[A-Za-z0-9_-]{1,256}$/.test(value.value)) {
      return refuse("malformed", `The header ${header} is malformed`);
    }
    values[part] = value.value;
  }
  return {
    ok: true,
    time: timestampHeader === undefined ? undefined : values.timestamp,
    id: idHeader === undefined ? undefined : values.id,
    around: (body) =>
      Buffer.concat(
        signed.map((piece) => {
          if ("text" in piece) return Buffer.from(piece.text);
          return piece.part === "body" ? body : Buffer.from(values[piece.part]);
        }),
      ),
  };
}
