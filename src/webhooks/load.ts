/** From the text of `WEBHOOKS_FILE` to sources, or to every problem that stands in the way. */
import { createPublicKey, type KeyObject } from "node:crypto";
import { parseDocument } from "yaml";
import { fieldPath, problemsFromIssues } from "../approval/problems.ts";
import type { Aim, Mapping } from "./mapping.ts";
import { SOURCE_NAME, SOURCE_SCHEMAS, type SourceInput } from "./schema.ts";
import { docusign, github } from "./schemes/body-mac.ts";
import { credentials } from "./schemes/credentials.ts";
import { hmac } from "./schemes/hmac.ts";
import { publicKey, sendgrid } from "./schemes/public-key.ts";
import { slack } from "./schemes/slack.ts";
import { standardWebhooks } from "./schemes/standard.ts";
import { stripe } from "./schemes/stripe.ts";
import { twilio } from "./schemes/twilio.ts";
import type { Source, Sources } from "./source.ts";
import type { Scheme } from "./verify.ts";

export type Loaded =
  | { readonly ok: true; readonly sources: Sources }
  | { readonly ok: false; readonly problems: readonly string[] };

/** A value of the environment by its name; undefined if it is not set. */
export type Lookup = (name: string) => string | undefined;

/** @param text YAML, or JSON, which is YAML too: `{sources: {name: {scheme, …}}}` */
export function loadSources(text: string, environment: Lookup): Loaded {
  const document = parseDocument(text);
  const [error] = document.errors;
  if (error !== undefined) return { ok: false, problems: [error.message.split("\n")[0] ?? "is no YAML"] };
  let given: unknown;
  try {
    given = document.toJS({ maxAliasCount: ALIASES_MAX });
  } catch {
    return { ok: false, problems: [`must not have more than ${ALIASES_MAX} aliases`] };
  }
  return readSources(given, environment);
}

/** Enough to write a common part once; a file in which aliases multiply would fill the memory. */
const ALIASES_MAX = 100;

function readSources(given: unknown, environment: Lookup): Loaded {
  if (!isObject(given) || !isObject(given["sources"]) || Object.keys(given).length !== 1) {
    return { ok: false, problems: ["must have one member, sources, with a name for each source"] };
  }
  const problems: string[] = [];
  const sources = new Map<string, Source>();
  for (const [name, input] of Object.entries(given["sources"])) {
    const note = (field: string, message: string) =>
      problems.push(`${fieldPath(["sources", name])}${field === "" ? "" : `.${field}`} ${message}`);
    const source = readSource(name, input, environment, note);
    if (source !== undefined) sources.set(name, source);
  }
  return problems.length === 0 ? { ok: true, sources } : { ok: false, problems };
}

type Note = (field: string, message: string) => void;

function readSource(name: string, input: unknown, environment: Lookup, note: Note): Source | undefined {
  if (!SOURCE_NAME.test(name)) {
    note("", "must be named by 1 to 32 lower-case letters, digits or dashes, beginning with a letter");
  }
  const schemeName = isObject(input) ? input["scheme"] : undefined;
  const schema = typeof schemeName === "string" ? SOURCE_SCHEMAS.get(schemeName) : undefined;
  if (schema === undefined) {
    note("scheme", `must be one of ${[...SOURCE_SCHEMAS.keys()].join(", ")}`);
    return undefined;
  }
  const parsed = schema.safeParse(input);
  if (!parsed.success) {
    for (const { field, message } of problemsFromIssues(parsed.error.issues, input)) note(field, message);
    return undefined;
  }
  const { data } = parsed;
  const scheme = schemeOf(data, environment, note);
  const mapping = mappingOf(data, note);
  if (scheme === undefined || mapping === undefined) return undefined;
  return {
    name,
    schemeName: data.scheme,
    scheme,
    mapping,
    key: data.key?.path ?? defaultKey(data),
    batch: data.batch ?? data.scheme === "sendgrid",
    unknown: data.unknown ?? "retry",
  };
}

/** Where the event's id is signed, and the signature itself is not the same for each retry. */
function defaultKey({ scheme }: SourceInput): readonly string[] | undefined {
  if (scheme === "stripe") return ["id"];
  return scheme === "sendgrid" ? ["sg_event_id"] : undefined;
}

function mappingOf(input: SourceInput, note: Note): Mapping | undefined {
  const aims: Aim[] = [];
  const { promise, match } = input;
  if (promise !== undefined) {
    aims.push("path" in promise ? { kind: "promise-at", ...promise.path } : { kind: "promise", id: promise });
  }
  if (match !== undefined) {
    if (Object.keys(match).length === 0) note("match", "must name at least one value");
    aims.push({ kind: "match", paths: new Map(Object.entries(match)) });
  }
  if (input.scheme === "slack" && input.ballots !== undefined) {
    const { approvers, team } = input.ballots;
    aims.push({ kind: "ballot", approvers: new Map(Object.entries(approvers)), team });
  }
  const [aim, ...others] = aims;
  if (aim === undefined || others.length > 0) {
    const choices = input.scheme === "slack" ? "promise, match and ballots" : "promise and match";
    note("", `must have one of ${choices}: what its events are about`);
    return undefined;
  }
  const { ignore, reject, resolve, value } = input;
  return {
    aim,
    ignore,
    reject,
    resolve,
    value: value === undefined ? undefined : "path" in value ? value.path : value,
  };
}

function schemeOf(input: SourceInput, environment: Lookup, note: Note): Scheme | undefined {
  switch (input.scheme) {
    case "standard-webhooks":
    case "svix": {
      const keys = secretsOf(input, environment, note, standardKey);
      const prefix = input.scheme === "svix" ? "svix" : "webhook";
      return keys && standardWebhooks(keys, prefix);
    }
    case "github":
    case "docusign":
    case "stripe":
    case "twilio":
    case "slack": {
      const keys = secretsOf(input, environment, note, utf8Key);
      return keys && BY_TEXT_SECRET[input.scheme](keys);
    }
    case "hmac": {
      const keys = secretsOf(input, environment, note, encodedKey(input.secretEncoding));
      return signsItsTime(input, note) && keys ? hmac({ ...input, ...headersOf(input), keys }) : undefined;
    }
    case "sendgrid": {
      const keys = publicKeysOf(input, environment, note, "ec");
      return keys && sendgrid(keys);
    }
    case "ed25519":
    case "ecdsa": {
      const isEcdsa = input.scheme === "ecdsa";
      const keys = publicKeysOf(input, environment, note, isEcdsa ? "ec" : "ed25519");
      const hash = isEcdsa ? input.algorithm : null;
      const dsaEncoding = isEcdsa ? input.dsaEncoding : "der";
      return signsItsTime(input, note) && keys
        ? publicKey({ ...input, ...headersOf(input), keys, hash, dsaEncoding })
        : undefined;
    }
    case "basic":
    case "bearer": {
      const secrets = secretsOf(input, environment, note, credential);
      const accepted = secrets?.map((secret) =>
        input.scheme === "bearer"
          ? `Bearer ${secret.toString()}`
          : `Basic ${Buffer.from(`${input.username}:${secret.toString()}`).toString("base64")}`,
      );
      return accepted && credentials({ accepted, header: "authorization", format: input.format });
    }
  }
}

const BY_TEXT_SECRET = { github, docusign, stripe, twilio, slack };

function headersOf(input: { timestampHeader?: string; idHeader?: string }) {
  return { timestampHeader: input.timestampHeader, idHeader: input.idHeader };
}

/** A time or id that is sent but not signed proves nothing, and one that is signed must be sent. */
function signsItsTime(
  input: Extract<SourceInput, { scheme: "hmac" | "ed25519" | "ecdsa" }>,
  note: Note,
): boolean {
  let isSound = true;
  for (const [part, header] of [
    ["timestamp", "timestampHeader"],
    ["id", "idHeader"],
  ] as const) {
    const count = input.signed.filter((piece) => "part" in piece && piece.part === part).length;
    if (count === (input[header] === undefined ? 0 : 1)) continue;
    note(header, `and {${part}} in signed belong together: give both, once, or neither`);
    isSound = false;
  }
  return isSound;
}

/** A key of a secret's text, or what is wrong with it. */
type ToKey = (secret: string) => Buffer | string;

function secretsOf(
  { secrets }: { readonly secrets: readonly { readonly env: string }[] },
  environment: Lookup,
  note: Note,
  toKey: ToKey,
): Buffer[] | undefined {
  const keys: Buffer[] = [];
  for (const [index, { env }] of secrets.entries()) {
    const secret = environment(env) ?? "";
    // The text is never repeated.
    const key =
      secret.trim() === ""
        ? "is not set, or empty"
        : secret !== secret.trim()
          ? "must not begin or end with blanks"
          : toKey(secret);
    if (typeof key === "string") note(`secrets[${index}]`, `(the environment's ${env}) ${key}`);
    else keys.push(key);
  }
  return keys.length === secrets.length ? keys : undefined;
}

const utf8Key: ToKey = (secret) => Buffer.from(secret);

/** Under 128 bits, guessing begins to pay. */
const STANDARD_KEY_BYTES = { min: 16, max: 64 };

const standardKey: ToKey = (secret) => {
  const text = secret.replace(/^whsec_/, "");
  const key = Buffer.from(text, "base64");
  if (key.toString("base64") !== text) return "must be base64, with or without whsec_ in front";
  const { min, max } = STANDARD_KEY_BYTES;
  return key.length >= min && key.length <= max ? key : `must have ${min} to ${max} bytes, not ${key.length}`;
};

function encodedKey(encoding: "utf8" | "base64" | "hex"): ToKey {
  return (secret) => {
    const key = Buffer.from(secret, encoding);
    const isSame = key.toString(encoding) === (encoding === "hex" ? secret.toLowerCase() : secret);
    return isSame && key.length > 0 ? key : `must be ${encoding}`;
  };
}

/** It is sent along each time and all there is to it: long enough that it was made by a machine. */
const CREDENTIAL_CHARS_MIN = 16;

const credential: ToKey = (secret) =>
  secret.length >= CREDENTIAL_CHARS_MIN
    ? Buffer.from(secret)
    : `must have at least ${CREDENTIAL_CHARS_MIN} characters`;

function publicKeysOf(
  { publicKeys }: { readonly publicKeys: readonly (string | { readonly env: string })[] },
  environment: Lookup,
  note: Note,
  type: "ec" | "ed25519",
): KeyObject[] | undefined {
  const keys: KeyObject[] = [];
  for (const [index, given] of publicKeys.entries()) {
    const text = typeof given === "string" ? given : (environment(given.env) ?? "");
    const key = readPublicKey(text.trim());
    if (key?.asymmetricKeyType === type) keys.push(key);
    else note(`publicKeys[${index}]`, `must be a public key for ${type}, as PEM or as base64 of its SPKI`);
  }
  return keys.length === publicKeys.length ? keys : undefined;
}

function readPublicKey(text: string): KeyObject | undefined {
  try {
    return text.startsWith("-----BEGIN PUBLIC KEY-----")
      ? createPublicKey(text)
      : createPublicKey({ key: Buffer.from(text, "base64"), format: "der", type: "spki" });
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
