import { readFileSync, statSync } from "node:fs";
import type { z } from "zod";
import { parseInteroperableJson } from "../lib/exact-json.ts";
import { repeatedNames } from "../lib/repeated-names.ts";
import { readTextFile } from "../lib/text-file.ts";
import { BUNDLE_BYTES_MAX, bundleSchema, keySetSchema } from "../proof/bundle.ts";
import { type Checked, checkBundle } from "../proof/check.ts";
import { bundleIn, STATEMENT_TYPE } from "../proof/statement.ts";
import { envelopeSchema, opened } from "../signing/dsse.ts";
import { type KeySet, verifySigned } from "../signing/verify.ts";
import { type Cli, type Command, EXIT, type ExitCode, parseWords, UsageError } from "./command.ts";

export const verify: Command = {
  help: `Usage: countersign verify FILE [--keys URL|FILE] [--json]

Checks a bundle, which GET /approvals/ID/bundle and countersign approvals bundle make: that it was signed, that nothing of it is
changed, and that the rule, the answers and their times come to the recorded outcome. It needs no service and no settings. Says
line by line what it has checked, and what it could not check. FILE may also be a bundle in a DSSE envelope, or a
signed receipt or a grant alone.

Options:
  --keys URL|FILE   The key set of the service that you trust: its address, such as
                    https://approvals.example.com/.well-known/countersign-keys.json, or a file with it. Without it, the
                    bundle's own keys are used, which anybody can have put there
  --json            Print JSON, even on a terminal

Exits 0 when nothing is wrong; 1 when something is; 2 when FILE or the key set cannot be read.

Example:
  countersign verify po-4711.json --keys https://approvals.example.com/.well-known/countersign-keys.json
`,
  async run(args, cli) {
    const { positionals, values } = parseWords(args, { keys: { type: "string" } });
    const [file, ...others] = positionals;
    if (file === undefined || file === "") throw new UsageError("FILE is missing");
    if (others.length > 0) throw new UsageError(`One FILE only: what is ${others.join(" ")}?`);
    const text = textOf(file).trim();
    const keys = values.keys === undefined ? undefined : await keySetAt(values.keys);
    if (/^[\w-]+\.[\w-]+\.[\w-]+$/u.test(text)) return await verifyToken(cli, text, keys, values);
    const checked = await checkedIn(text, file, keys);
    cli.print(checked, () => report(checked), values);
    return checked.lines.some(({ result }) => result === "wrong") ? EXIT.failed : EXIT.ok;
  },
};

/** A bundle as it is, or in an envelope. */
async function checkedIn(text: string, file: string, keys: KeySet | undefined): Promise<Checked> {
  const sealed = envelopeSchema.safeParse(jsonIn(text, file));
  if (!sealed.success) return await checkBundle(parsed(bundleSchema, text, file), keys);
  if (keys === undefined) throw new UsageError("--keys is missing: an envelope has no keys of its own");
  const read = opened(keys, sealed.data);
  if (read === undefined)
    return { about: {}, lines: [wrong("The envelope is not signed by any of these keys")] };
  const statement = jsonIn(read.payload.toString(), file);
  const bundle = sealed.data.payloadType === STATEMENT_TYPE ? bundleIn(statement) : undefined;
  if (bundle === undefined)
    return { about: {}, lines: [wrong("The envelope holds no statement about its own bundle")] };
  const { about, lines } = await checkBundle(bundle, keys);
  const first = { result: "ok", what: `The envelope is signed by the key ${read.kid}` } as const;
  return { about, lines: [first, ...lines] };
}

function wrong(what: string): Checked["lines"][number] {
  return { result: "wrong", what };
}

async function verifyToken(
  cli: Cli,
  token: string,
  keys: KeySet | undefined,
  values: { readonly json?: boolean | undefined },
): Promise<ExitCode> {
  if (keys === undefined)
    throw new UsageError("--keys is missing: a receipt or grant has no keys of its own");
  const receipt = await verifySigned(keys, "countersign-receipt+jwt", token);
  // Only what is another type by its header may be a grant.
  const isOther = !receipt.ok && receipt.reason === "header";
  const read = isOther ? await verifySigned(keys, "countersign-grant+jwt", token) : receipt;
  if (!read.ok) {
    const { reason } = read;
    cli.print(
      { ok: false, reason },
      () => `WRONG        It is not signed by any of these keys: ${reason}`,
      values,
    );
    return EXIT.failed;
  }
  const { kid, claims } = read;
  const type = isOther ? "grant" : "receipt";
  const notChecked = isOther ? grantLimits(claims, cli.clock()) : [];
  const text = () =>
    [
      `ok           It is a ${type}, signed by the key ${kid}`,
      ...notChecked.map((what) => `not checked  ${what}`),
      JSON.stringify(claims, null, 2),
    ].join("\n");
  cli.print({ ok: true, type, kid, notChecked, claims }, text, values);
  return EXIT.ok;
}

/** What the executor has to check of a grant, and a signature does not say. */
function grantLimits({ exp }: Readonly<Record<string, unknown>>, nowMs: number): readonly string[] {
  const endMs = Number(exp) * 1_000;
  const end = Number.isNaN(new Date(endMs).getTime())
    ? "a time that cannot be read"
    : new Date(endMs).toISOString();
  return [
    `Whether it is still of use: it ends at ${end}, which ${endMs > nowMs ? "is to come" : "is over"}`,
    "Whether it is for you (aud), and whether it was used before (jti)",
  ];
}

const LABELS = { ok: "ok", wrong: "WRONG", "not-checked": "not checked" } as const;

function report({ about, lines }: Checked): string {
  const { approval = "no approval", outcome = "without a signed outcome", issuer } = about;
  const wrong = lines.filter(({ result }) => result === "wrong").length;
  return [
    `${approval}  ${outcome}${issuer === undefined ? "" : `  signed for ${issuer}`}`,
    ...lines.map(({ result, what }) => `${LABELS[result].padEnd(11)}  ${what}`),
    wrong === 0 ? "Nothing is wrong" : `${wrong} ${wrong === 1 ? "thing is" : "things are"} wrong`,
  ].join("\n");
}

function textOf(file: string): string {
  return readable(() => {
    const { size } = statSync(file);
    if (size > BUNDLE_BYTES_MAX)
      throw new Error(`${file} has ${size} bytes, and a bundle at most ${BUNDLE_BYTES_MAX}`);
    return readTextFile(file);
  });
}

const FETCH_MS = 10_000;
/** A hundred keys have a fifth of this. */
const KEY_SET_BYTES_MAX = 128 * 1024;

async function keySetAt(named: string): Promise<KeySet> {
  const isAddress = /^https?:/u.test(named);
  const text = isAddress ? await fetched(named) : readable(() => readFileSync(named, "utf8"));
  return parsed(keySetSchema, text, named);
}

async function fetched(address: string): Promise<string> {
  try {
    const answer = await fetch(address, { redirect: "error", signal: AbortSignal.timeout(FETCH_MS) });
    if (!answer.ok) throw new Error(`it answers ${answer.status}`);
    const bytes = await answer.arrayBuffer();
    if (bytes.byteLength > KEY_SET_BYTES_MAX) throw new Error(`it has ${bytes.byteLength} bytes`);
    return new TextDecoder().decode(bytes);
  } catch (error) {
    throw new UsageError(`Cannot read ${address}: ${messageOf(error)}`, { cause: error });
  }
}

/** A name that stands twice is refused: another reader may take the one that was not checked (RFC 7493, section 2.3). */
function jsonIn(text: string, from: string): unknown {
  const value = usable(() => parseInteroperableJson(text), from);
  const [name] = repeatedNames(text);
  if (name !== undefined) throw new UsageError(`Cannot use ${from}: ${name} stands there twice`);
  return value;
}

function parsed<T>(schema: z.ZodType<T>, text: string, from: string): T {
  const read = schema.safeParse(jsonIn(text, from));
  if (read.success) return read.data;
  const [issue] = read.error.issues;
  throw new UsageError(`Cannot use ${from}: ${issue?.path.join(".") || "the whole"}: ${issue?.message}`);
}

function usable<T>(read: () => T, from: string): T {
  try {
    return read();
  } catch (error) {
    throw new UsageError(`Cannot use ${from}: it is not JSON (${messageOf(error)})`, { cause: error });
  }
}

function readable<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw new UsageError(messageOf(error), { cause: error });
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
