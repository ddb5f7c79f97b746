/** From the verified bytes of a delivery to its events, each with the key by which a repetition is known. */
import { canonicalJson } from "../lib/canonical-json.ts";
import { ServiceError } from "../lib/errors.ts";
import { parseExactJson } from "../lib/exact-json.ts";
import { parseJson } from "../lib/parse-json.ts";
import { plan } from "./mapping.ts";
import { type Path, scalarText, valueAt, without } from "./path.ts";
import type { Source } from "./source.ts";
import { type BodyFormat, beginsAsJson, jsonIn, sha256Hex } from "./verify.ts";

export interface WebhookEvent {
  /** JSON, with every number as `parseExactJson` gives it. */
  readonly event: unknown;
  readonly replayKey: string;
  /** Why it cannot be taken: it has no id where the configuration says. */
  readonly problem?: ServiceError;
}

/** Nested as deep as providers' events are, with room. */
const DEPTH_MAX = 64;
/** SendGrid sends at most some hundred events at once. */
const BATCH_MAX = 1_000;
/** Twilio has dozens of fields, Slack one. */
const FIELDS_MAX = 500;

/** @throws ServiceError INVALID_REQUEST if the body is not what the scheme sends */
export function readEvents(source: Source, body: Buffer, replayKey: string): readonly WebhookEvent[] {
  const read = readBody(body, source.scheme.format);
  const wrapped = source.scheme.unwrap?.(read);
  const content = wrapped === undefined ? read : unwrapped(wrapped, read);
  if (!source.batch) return [keyed(source, content, replayKey)];
  if (!Array.isArray(content) || content.length > BATCH_MAX) {
    throw new ServiceError("INVALID_REQUEST", `The body must be a list of at most ${BATCH_MAX} events`);
  }
  return content.map((event: unknown, index) => keyed(source, event, `${replayKey}#${index}`));
}

/**
 * The event with its key, which is `fallback` where the configuration names none. Also where the event has nothing at
 * the place that it names, if the event is to be ignored: a sender's test, or a kind that no workflow waits for. What
 * is left without a key is a problem of that event alone, and not of the others that came with it, nor of a sender's
 * question whether the address is ours.
 */
function keyed(source: Source, event: unknown, fallback: string): WebhookEvent {
  try {
    return { event, replayKey: keyOf(source, event) ?? fallback };
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error;
    const isIgnored = plan(source.mapping, event).kind === "ignore";
    return { event, replayKey: fallback, ...(isIgnored ? {} : { problem: error }) };
  }
}

/** By the event's own id or ids, or by all of its content but what changes between tries; else undefined. */
function keyOf({ key, keyIgnores }: Source, event: unknown): string | undefined {
  if (key !== undefined) {
    const parts = key.map((path) => keyPart(path, event));
    return parts.length === 1 ? parts[0] : JSON.stringify(parts);
  }
  if (keyIgnores.length === 0) return undefined;
  return `content:${sha256Hex(canonicalJson(without(event, keyIgnores)))}`;
}

function keyPart(path: Path, event: unknown): string {
  const text = scalarText(valueAt(event, path));
  if (text !== undefined && text !== "" && text.length <= KEY_CHARS_MAX) return text;
  throw new ServiceError("INVALID_FIELDS", "The event has no id", {
    problems: [{ field: path.join("."), message: "must be the event's id, a text or whole number" }],
  });
}

const KEY_CHARS_MAX = 1_024;

function readBody(body: Buffer, format: BodyFormat): unknown {
  const isJson = format === "json" || (format === "form-or-json" && beginsAsJson(body));
  return isJson ? parseJson(body, DEPTH_MAX, parseExactJson) : readForm(body);
}

/** What is wrapped, read like a body; the whole where that is no JSON, as in a sender's test. */
function unwrapped(text: string, whole: unknown): unknown {
  const bytes = Buffer.from(text);
  return jsonIn(bytes) === undefined ? whole : parseJson(bytes, DEPTH_MAX, parseExactJson);
}

/**
 * Fields by name; one that comes several times is a list. Slack's interactions, and all of GitHub's events where its
 * content type was left as it is, are JSON in the one field `payload`.
 */
function readForm(body: Buffer): unknown {
  const form = new URLSearchParams(body.toString("utf8"));
  if (form.size > FIELDS_MAX) {
    throw new ServiceError("INVALID_REQUEST", `The form must have at most ${FIELDS_MAX} fields`);
  }
  const names = [...new Set(form.keys())];
  const payload = form.get("payload");
  if (names.length === 1 && names[0] === "payload" && payload !== null) {
    return parseJson(Buffer.from(payload), DEPTH_MAX, parseExactJson);
  }
  const event = new Map<string, unknown>();
  for (const name of names) {
    const values = form.getAll(name);
    event.set(name, values.length === 1 ? values[0] : values);
  }
  return Object.fromEntries(event);
}
