/** What a sender signs, as a template of `{id}`, `{timestamp}`, `{url}` and `{body}`, and where it writes each. */
import { type Head, oneHeader, type Refused, refuse, type TimestampUnit, timeProblem } from "../verify.ts";
import { type HeaderValue, readHeaderValue, writeHeaderValue } from "./header-value.ts";

type Part = "id" | "timestamp" | "url" | "body";

export type Canvas = readonly ({ readonly text: string } | { readonly part: Part })[];

export interface SignedTemplate {
  readonly signed: Canvas;
  /** The header with the signature. */
  readonly header: string;
  /** In front of each signature in the header. */
  readonly prefix: string;
  /** How the header is written, if it contains more than signatures. */
  readonly headerValue: HeaderValue | undefined;
  /** Where the sender writes the two, if not in that header. If one is given, the template must contain it. */
  readonly timestampHeader: string | undefined;
  readonly idHeader: string | undefined;
  readonly timestampUnit: TimestampUnit;
}

export type SignedParts =
  | Refused
  | {
      readonly ok: true;
      /** As they came, without prefix. */
      readonly signatures: readonly string[];
      readonly id: string | undefined;
      /** All that is signed, with the body in its place. */
      around(body: Buffer): Buffer;
    };

/** `{timestamp}.{body}` to its parts; undefined for a name that is no part. */
export function parseCanvas(template: string): Canvas | undefined {
  const canvas = template
    .split(/(\{[^{}]*\})/)
    .filter((piece) => piece !== "")
    .map((piece) => (PARTS.has(piece) ? { part: piece.slice(1, -1) as Part } : { text: piece }));
  return canvas.some((piece) => "text" in piece && /[{}]/.test(piece.text)) ? undefined : canvas;
}

const PARTS = new Set(["{id}", "{timestamp}", "{url}", "{body}"]);

/** Everything that the head says about what is signed; refused if something is missing, or its time is not near now. */
export function signedParts(template: SignedTemplate, head: Head, nowMs: number): SignedParts {
  const { signed, header, headerValue, timestampHeader, idHeader, timestampUnit } = template;
  const value = oneHeader(head, header);
  if (!value.ok) return value;
  const written = headerValue === undefined ? undefined : readHeaderValue(headerValue, value.value);
  if (headerValue !== undefined && written === undefined) {
    return refuse("malformed", `The header ${header} must be written as ${headerValue.source}`);
  }
  const values: { [part in "timestamp" | "id"]: string | undefined } = {
    timestamp: written?.timestamp,
    id: written?.id,
  };
  for (const [part, name] of [
    ["timestamp", timestampHeader],
    ["id", idHeader],
  ] as const) {
    if (name === undefined) continue;
    const found = oneHeader(head, name);
    if (!found.ok) return found;
    values[part] = found.value;
  }
  // No character that could be part of a separator. A time must have its one form.
  if (values.id !== undefined && !/^[A-Za-z0-9_-]{1,256}$/.test(values.id)) {
    return refuse("malformed", "The id in the headers is malformed");
  }
  const late =
    values.timestamp === undefined ? undefined : timeProblem(values.timestamp, nowMs, timestampUnit);
  if (late !== undefined) return late;
  const signatures = written?.signatures ?? signaturesIn(value.value, template.prefix);
  if (signatures.length === 0) {
    return refuse("malformed", `The header ${header} must begin with ${template.prefix}`);
  }
  return {
    ok: true,
    signatures,
    id: values.id,
    around: (body) =>
      Buffer.concat(
        signed.map((piece) => {
          if ("text" in piece) return Buffer.from(piece.text);
          if (piece.part === "body") return body;
          return Buffer.from(piece.part === "url" ? head.url : (values[piece.part] ?? ""));
        }),
      ),
  };
}

/** Several are separated by commas or blanks. */
function signaturesIn(value: string, prefix: string): string[] {
  return value
    .split(/[,\s]+/)
    .flatMap((one) => (one !== "" && one.startsWith(prefix) ? [one.slice(prefix.length)] : []));
}

function timeText(ms: number, unit: TimestampUnit): string {
  switch (unit) {
    case "seconds":
      return String(Math.floor(ms / 1000));
    case "milliseconds":
      return String(ms);
    case "rfc3339":
      return new Date(ms).toISOString();
  }
}

/** The headers of a delivery whose signature is made by `sign` of all that is signed. */
export function signedHeaders(
  template: SignedTemplate,
  { body, url, nowMs, id }: { body: Buffer; url: string; nowMs: number; id: string },
  sign: (signed: Buffer) => string,
): Record<string, string> {
  const { header, prefix, headerValue, timestampHeader, idHeader } = template;
  const time = timeText(nowMs, template.timestampUnit);
  const parts = { timestamp: time, id, url };
  const signature = sign(
    Buffer.concat(
      template.signed.map((piece) => {
        if ("text" in piece) return Buffer.from(piece.text);
        return piece.part === "body" ? body : Buffer.from(parts[piece.part]);
      }),
    ),
  );
  return {
    ...(timestampHeader === undefined ? {} : { [timestampHeader]: time }),
    ...(idHeader === undefined ? {} : { [idHeader]: id }),
    [header]:
      headerValue === undefined
        ? `${prefix}${signature}`
        : writeHeaderValue(headerValue, { signature, timestamp: time, id }),
  };
}
