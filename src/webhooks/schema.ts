/** The file of sources as it is written; `load.ts` makes sources of it. */
import { z } from "zod";
import type { Condition, Scalar } from "./condition.ts";
import { type Path, parsePath } from "./path.ts";
import { parseHeaderValue } from "./schemes/header-value.ts";
import { parseCanvas } from "./schemes/signed-template.ts";
import { TOPIC } from "./schemes/sns.ts";
import { parseTemplate } from "./template.ts";

/** Goes into promise ids and addresses. */
export const SOURCE_NAME = /^[a-z][a-z0-9-]{0,31}$/;

/** A secret is never in the file: it says which variable of the environment holds it. */
const reference = z.strictObject({
  env: z.string().regex(/^[A-Za-z_]\w{0,127}$/, { error: "must be the name of an environment variable" }),
});
/** Two while one replaces the other, and a third for senders that sign with several secrets. */
const secrets = z.array(reference).min(1).max(3);
const publicKeys = z
  .array(z.union([z.string().min(1), reference]))
  .min(1)
  .max(3);

const topics = z
  .array(
    z.string().regex(TOPIC, {
      error: "must be the ARN of a topic, such as arn:aws:sns:eu-central-1:123456789012:bounces",
    }),
  )
  .min(1)
  .max(10);

const path = z.string().transform((text, ctx) => {
  const parsed = parsePath(text);
  if (parsed !== undefined) return { path: parsed, source: text };
  ctx.addIssue('must be a path into the event, such as data.object.id, items[0].id or meta["order no"]');
  return z.NEVER;
});

const template = z.string().transform((text, ctx) => {
  const parsed = parseTemplate(text);
  if (parsed !== undefined) return parsed;
  // biome-ignore lint/suspicious/noTemplateCurlyInString: the text shows the syntax
  ctx.addIssue("must be text with places such as ${data.order.id}");
  return z.NEVER;
});

const condition = z.unknown().transform((value, ctx) => {
  const problems: string[] = [];
  const parsed = readCondition(value, "", problems);
  if (parsed !== undefined && problems.length === 0) return parsed;
  ctx.addIssue(problems[0] ?? CONDITION_RULE);
  return z.NEVER;
});

const CONDITION_RULE =
  "must be {path, equals}, {path, in: […]}, {path, exists: true or false}, {all: […]} or {any: […]}";
/** Far more than a rule that people can read. */
const CONDITION_DEPTH_MAX = 8;

function readCondition(value: unknown, where: string, problems: string[], depth = 0): Condition | undefined {
  const fail = (problem: string) => {
    problems.push(where === "" ? problem : `${where} ${problem}`);
    return undefined;
  };
  if (depth > CONDITION_DEPTH_MAX) return fail("is nested too deep");
  if (typeof value !== "object" || value === null || Array.isArray(value)) return fail(CONDITION_RULE);
  const given = value as Record<string, unknown>;
  const names = Object.keys(given).sort().join(",");
  if (names === "all" || names === "any") {
    const list = given[names];
    if (!Array.isArray(list) || list.length === 0) return fail(`${names} must be a list of conditions`);
    const conditions = list.map((one: unknown, i) =>
      readCondition(one, `${where}${names}[${i}]`, problems, depth + 1),
    );
    if (conditions.includes(undefined)) return undefined;
    const read = conditions as Condition[];
    return names === "all" ? { all: read } : { any: read };
  }
  const parsed = typeof given["path"] === "string" ? parsePath(given["path"]) : undefined;
  if (parsed === undefined) return fail(`${CONDITION_RULE}, with a path such as data.object.status`);
  const comparison = readComparison(parsed, names, given);
  if (comparison === undefined) return fail(CONDITION_RULE);
  return holdsInexact(comparison) ? fail(INEXACT_RULE) : comparison;
}

const INEXACT_RULE = "must have whole numbers beyond 2^53 in quotes: without them, another number is read";

function holdsInexact(comparison: Condition): boolean {
  const values = "equals" in comparison ? [comparison.equals] : "in" in comparison ? comparison.in : [];
  return values.some((value) => Number.isInteger(value) && !Number.isSafeInteger(value));
}

function readComparison(
  path: Path,
  names: string,
  given: Readonly<Record<string, unknown>>,
): Condition | undefined {
  const { equals, in: list, exists } = given;
  if (names === "equals,path" && isScalar(equals)) return { path, equals };
  if (names === "in,path" && Array.isArray(list) && list.length > 0 && list.every(isScalar)) {
    return { path, in: list };
  }
  if (names === "exists,path" && typeof exists === "boolean") return { path, exists };
  return undefined;
}

function isScalar(value: unknown): value is Scalar {
  return value === null || ["string", "number", "boolean"].includes(typeof value);
}

const header = z
  .string()
  .regex(/^[A-Za-z0-9-]{1,64}$/, { error: "must be a header's name" })
  .transform((name) => name.toLowerCase());

/** Far more than any sender's event has of them. */
const KEY_PARTS_MAX = 16;

const mapping = {
  promise: z.exactOptional(z.union([template, z.strictObject({ path })])),
  match: z.exactOptional(z.record(z.string().regex(/^[A-Za-z_]\w{0,63}$/), path)),
  resolve: z.exactOptional(condition),
  reject: z.exactOptional(condition),
  ignore: z.exactOptional(condition),
  value: z.exactOptional(z.union([z.strictObject({ path }), z.strictObject({ template })])),
  /** Where an event says its own id, or the parts of it. */
  key: z.exactOptional(z.union([path, z.array(path).min(1).max(KEY_PARTS_MAX)])),
  /** Without an id of its own: what changes between the sender's tries. */
  keyIgnores: z.exactOptional(z.array(path).min(1).max(KEY_PARTS_MAX)),
  /** For a provider's events about mails: where they say which mail, and what became of it. */
  bounce: z.exactOptional(
    z.strictObject({
      address: path,
      status: z.exactOptional(path),
      failed: condition,
      delayed: z.exactOptional(condition),
    }),
  ),
  batch: z.exactOptional(z.boolean()),
  unknown: z.exactOptional(z.enum(["retry", "acknowledge"])),
};

/** Slack user ids to the addresses of approvers. */
const ballots = z.strictObject({
  approvers: z.record(z.string().regex(/^[A-Z0-9]{2,32}$/), z.email()),
  team: z.exactOptional(z.string().regex(/^[A-Z0-9]{2,32}$/)),
});

const signed = z.string().transform((text, ctx) => {
  const canvas = parseCanvas(text);
  const bodies = canvas?.filter((piece) => "part" in piece && piece.part === "body").length;
  if (canvas !== undefined && bodies === 1) return canvas;
  ctx.addIssue(
    "must be what the sender signs, made of {body}, {timestamp}, {id} and {url}, with {body} once",
  );
  return z.NEVER;
});

const headerValue = z
  .string()
  .max(256)
  .transform((text, ctx) => {
    const parsed = parseHeaderValue(text);
    if (parsed !== undefined) return parsed;
    ctx.addIssue(
      "must be how the header is written, with {signature}, and {timestamp} and {id} if they stand there: t={timestamp},v1={signature} or {timestamp}.{signature}",
    );
    return z.NEVER;
  });

const format = z.enum(["json", "form", "form-or-json", "mail"]).default("json");

const template_signature = {
  header,
  prefix: z.string().max(32).default(""),
  headerValue: z.exactOptional(headerValue),
  encoding: z.enum(["hex", "base64", "base64url"]),
  signed,
  timestampHeader: z.exactOptional(header),
  timestampUnit: z.enum(["seconds", "milliseconds", "rfc3339"]).default("seconds"),
  idHeader: z.exactOptional(header),
  format,
};

const secretSchemes = ["github", "stripe", "twilio", "docusign", "zoom", "mailgun"] as const;
const standardSchemes = ["standard-webhooks", "svix"] as const;
const publicKeySchemes = ["sendgrid", "discord"] as const;

/** The fields of a source, by its scheme. */
export const SOURCE_SCHEMAS = new Map<string, z.ZodType<SourceInput>>([
  ...standardSchemes.map(
    (scheme) =>
      [
        scheme,
        z.strictObject({
          scheme: z.literal(scheme),
          secrets: z.exactOptional(secrets),
          publicKeys: z.exactOptional(publicKeys),
          ...mapping,
        }),
      ] as const,
  ),
  ...secretSchemes.map(
    (scheme) => [scheme, z.strictObject({ scheme: z.literal(scheme), secrets, ...mapping })] as const,
  ),
  [
    "slack",
    z.strictObject({ scheme: z.literal("slack"), secrets, ballots: z.exactOptional(ballots), ...mapping }),
  ],
  ["sns", z.strictObject({ scheme: z.literal("sns"), topics, ...mapping })],
  ...publicKeySchemes.map(
    (scheme) => [scheme, z.strictObject({ scheme: z.literal(scheme), publicKeys, ...mapping })] as const,
  ),
  [
    "hmac",
    z.strictObject({
      scheme: z.literal("hmac"),
      secrets,
      algorithm: z.enum(["sha1", "sha256", "sha384", "sha512"]).default("sha256"),
      secretEncoding: z.enum(["utf8", "base64", "hex"]).default("utf8"),
      ...template_signature,
      ...mapping,
    }),
  ],
  [
    "ed25519",
    z.strictObject({ scheme: z.literal("ed25519"), publicKeys, ...template_signature, ...mapping }),
  ],
  [
    "ecdsa",
    z.strictObject({
      scheme: z.literal("ecdsa"),
      publicKeys,
      algorithm: z.enum(["sha256", "sha384", "sha512"]).default("sha256"),
      dsaEncoding: z.enum(["der", "ieee-p1363"]).default("der"),
      ...template_signature,
      ...mapping,
    }),
  ],
  [
    "basic",
    z.strictObject({
      scheme: z.literal("basic"),
      username: z
        .string()
        .regex(/^[^:\s]{1,128}$/, { error: "must be 1 to 128 characters without ':' and blanks" }),
      secrets,
      format,
      ...mapping,
    }),
  ],
  ["bearer", z.strictObject({ scheme: z.literal("bearer"), secrets, format, ...mapping })],
]);

type Given<S extends z.ZodRawShape> = z.output<z.ZodObject<S, z.core.$strict>>;
type Common = Given<typeof mapping>;
type Signature = Given<typeof template_signature>;
interface WithSecrets {
  readonly secrets: z.output<typeof secrets>;
}
interface WithPublicKeys {
  readonly publicKeys: z.output<typeof publicKeys>;
}
type Format = { readonly format: z.output<typeof format> };

export type SourceInput = Common &
  (
    | ({ readonly scheme: (typeof secretSchemes)[number] } & WithSecrets)
    | ({ readonly scheme: "slack"; readonly ballots?: z.output<typeof ballots> } & WithSecrets)
    | ({ readonly scheme: (typeof standardSchemes)[number] } & Partial<WithSecrets & WithPublicKeys>)
    | { readonly scheme: "sns"; readonly topics: z.output<typeof topics> }
    | ({ readonly scheme: (typeof publicKeySchemes)[number] } & WithPublicKeys)
    | ({
        readonly scheme: "hmac";
        readonly algorithm: "sha1" | "sha256" | "sha384" | "sha512";
        readonly secretEncoding: "utf8" | "base64" | "hex";
      } & WithSecrets &
        Signature)
    | ({ readonly scheme: "ed25519" } & WithPublicKeys & Signature)
    | ({
        readonly scheme: "ecdsa";
        readonly algorithm: "sha256" | "sha384" | "sha512";
        readonly dsaEncoding: "der" | "ieee-p1363";
      } & WithPublicKeys &
        Signature)
    | ({ readonly scheme: "basic"; readonly username: string } & WithSecrets & Format)
    | ({ readonly scheme: "bearer" } & WithSecrets & Format)
  );
