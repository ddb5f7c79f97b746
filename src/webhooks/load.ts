/** From the text of `WEBHOOKS_FILE` to sources, or to every problem in it. */
import { fieldPath, problemsFromIssues } from "../approval/problems.ts";
import { parseYamlDocument } from "../lib/yaml.ts";
import type { Lookup, Note } from "./keys.ts";
import type { Aim, Mapping } from "./mapping.ts";
import { SOURCE_NAME, SOURCE_SCHEMAS, type SourceInput } from "./schema.ts";
import { schemeOf } from "./scheme-of.ts";
import type { Source, Sources } from "./source.ts";

export type Loaded =
  | { readonly ok: true; readonly sources: Sources }
  | { readonly ok: false; readonly problems: readonly string[] };

/** @param text YAML, or JSON, which is YAML too: `{sources: {name: {scheme, …}}}` */
export function loadSources(text: string, environment: Lookup): Loaded {
  const document = parseYamlDocument(text);
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
    ...replayKeyOf(data, note),
    batch: data.batch ?? data.scheme === "sendgrid",
    unknown: data.unknown ?? "retry",
  };
}

/** By what a repetition is known: as the configuration says, or else as the sender's own events have it. */
function replayKeyOf(
  { scheme, key, keyIgnores }: SourceInput,
  note: Note,
): Pick<Source, "key" | "keyIgnores"> {
  if (key !== undefined) {
    if (keyIgnores !== undefined) note("keyIgnores", "has no use beside key: give one of the two");
    const parts = "path" in key ? [key] : key;
    return { key: parts.map(({ path }) => path), keyIgnores: [] };
  }
  if (keyIgnores !== undefined) return { key: undefined, keyIgnores: keyIgnores.map(({ path }) => path) };
  const { id, ignores = [] } = REPLAY_KEYS[scheme] ?? {};
  return { key: id === undefined ? undefined : [[id]], keyIgnores: ignores.map((name) => [name]) };
}

/**
 * Where the event's id is signed, and the signature itself is not the same for each retry; or else what a retry changes
 * in the body.
 */
const REPLAY_KEYS: Partial<
  Record<SourceInput["scheme"], { readonly id?: string; readonly ignores?: readonly string[] }>
> = {
  stripe: { id: "id" },
  sendgrid: { id: "sg_event_id" },
  docusign: { ignores: ["retryCount"] },
};

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
  const isMail = "format" in input && input.format === "mail";
  if (isMail) aims.push({ kind: "bounce", fields: undefined });
  if (input.bounce !== undefined) {
    const { address, status, failed, delayed } = input.bounce;
    aims.push({ kind: "bounce", fields: { address, status, failed, delayed } });
  }
  const [aim, ...others] = aims;
  if (aim === undefined || others.length > 0) {
    if (isMail) {
      note("format", "mail is for reports about mails: it leaves no use for promise, match and bounce");
      return undefined;
    }
    const choices =
      input.scheme === "slack" ? "promise, match, bounce and ballots" : "promise, match and bounce";
    note("", `must have one of ${choices}: what its events are about`);
    return undefined;
  }
  if (input.scheme === "mailgun" && input.bounce === undefined) {
    note(
      "bounce",
      "must be given: Mailgun signs no event, so its events settle nothing but reports about mails",
    );
    return undefined;
  }
  const { ignore, reject, resolve, value } = input;
  if (aim.kind === "bounce") noteUseless(input, isMail, note);
  return {
    aim,
    ignore,
    reject,
    resolve,
    value: value === undefined ? undefined : "path" in value ? value.path : value,
  };
}

/** A report settles no promise with a value, and a whole mail is one event that is known by its bytes. */
function noteUseless(input: SourceInput, isMail: boolean, note: Note): void {
  const useless = ["resolve", "reject", "value", ...(isMail ? ["ignore", "key", "keyIgnores", "batch"] : [])];
  for (const field of useless) {
    if (field in input) note(field, `has no use ${isMail ? "with format: mail" : "beside bounce"}`);
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
