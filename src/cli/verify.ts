import { readTextFile } from "../lib/text-file.ts";
import { bundleSchema, FILE_BYTES_MAX } from "../proof/bundle.ts";
import { type Checked, checkBundle } from "../proof/check.ts";
import { bundleIn, STATEMENT_TYPE } from "../proof/statement.ts";
import { envelopeSchema, opened } from "../signing/dsse.ts";
import { verifySigned } from "../signing/verify.ts";
import { type Cli, type Command, EXIT, type ExitCode, parseWords, UsageError } from "./command.ts";
import { jsonIn, parsed, readable } from "./read-json.ts";
import { type TrustedKeys, trustedKeysAt } from "./trusted-keys.ts";
import { type CheckedHead, checkHead } from "./verify-head.ts";
import { quorumIn, WITNESS_OPTIONS } from "./witnesses.ts";

export const verify: Command = {
  help: `Usage: countersign verify FILE [--keys URL|FILE] [--witness KEY… [--quorum N]] [--json]

Checks a bundle, which GET /approvals/ID/bundle and countersign approvals bundle make: that it was signed, that nothing of it is
changed, and that the rule, the answers and their times come to the recorded outcome. It needs no service and no settings. Says
line by line what it has checked, and what it could not check. FILE may also be a bundle in a DSSE envelope, a
signed receipt or a grant alone, or a head of the log of events, also as it was mailed.

Options:
  --keys URL|FILE   The key set of the service that you trust: its address, such as
                    https://approvals.example.com/.well-known/countersign-keys.json, or a file with it. Plain http is
                    for this machine alone. Without it, the bundle's own keys are used, which anybody can have put
                    there: that shows only whether the file contradicts itself
  --witness KEY     Of a head of the log: the verifier key of a witness that must have cosigned it; may be given several times
  --quorum N        How many of these witnesses must have. Default: all of them
  --json            Print JSON, even on a terminal

Exits 0 when nothing is wrong and --keys says whose keys count; 1 when something is wrong, or without --keys, so that no
script takes a file for trusted that brought its own keys; 2 when FILE or the key set cannot be read.

Example:
  countersign verify po-4711.json --keys https://approvals.example.com/.well-known/countersign-keys.json
`,
  async run(args, cli) {
    const { positionals, values } = parseWords(args, { keys: { type: "string" }, ...WITNESS_OPTIONS });
    const [file, ...others] = positionals;
    if (file === undefined || file === "") throw new UsageError("FILE is missing");
    if (others.length > 0) throw new UsageError(`One FILE only: what is ${others.join(" ")}?`);
    const text = textOf(file).trim();
    const quorum = quorumIn(values);
    const keys = values.keys === undefined ? undefined : await trustedKeysAt(values.keys);
    const head = checkHead(text, { keys, quorum, nowMs: cli.clock() });
    if (head !== undefined) {
      cli.print(head, () => headReport(head), values);
      return keys === undefined || isWrong(head) ? EXIT.failed : EXIT.ok;
    }
    if (quorum !== undefined)
      throw new UsageError(`--witness is for a head of the log of events, and ${file} is none`);
    if (/^[\w-]+\.[\w-]+\.[\w-]+$/u.test(text)) return await verifyToken(cli, text, keys, values);
    const { about, lines } = await checkedIn(text, file, keys);
    const checked: Verified = {
      keys: keys === undefined ? "from-the-file" : "given",
      about,
      lines: lines.toSpliced(1, 0, ...originLines(about.issuer, keys)),
    };
    cli.print(checked, () => report(checked), values);
    return isWrong(checked) || keys === undefined ? EXIT.failed : EXIT.ok;
  },
};

interface Verified extends Checked {
  /** Whose keys it was checked with: those that the reader gave, or those that came with the file. */
  readonly keys: "given" | "from-the-file";
}

type Line = Checked["lines"][number];

/** Whether the service that is named is the one that the keys came from, as far as they came from an address. */
function originLines(issuer: string | undefined, keys: TrustedKeys | undefined): Line[] {
  if (keys?.origin === undefined || issuer === undefined) return [];
  if (issuer === keys.origin)
    return [{ result: "ok", what: `It is signed for ${issuer}, where your keys came from` }];
  const what = `Whether ${issuer}, for which it is signed, is the service that you trust: your keys came from ${keys.origin}`;
  return [{ result: "not-checked", what }];
}

/** A bundle as it is, or in an envelope. */
async function checkedIn(text: string, file: string, keys: TrustedKeys | undefined): Promise<Checked> {
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

function wrong(what: string): Line {
  return { result: "wrong", what };
}

async function verifyToken(
  cli: Cli,
  token: string,
  keys: TrustedKeys | undefined,
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
  const lines: Line[] = [
    { result: "ok", what: `It is a ${type}, signed by the key ${kid}` },
    ...originLines(String(claims["iss"]), keys),
    ...(isOther ? grantLimits(claims, cli.clock()) : []),
  ];
  const notChecked = lines.flatMap(({ result, what }) => (result === "not-checked" ? [what] : []));
  const text = () => [...lines.map(printed), JSON.stringify(claims, null, 2)].join("\n");
  cli.print({ ok: true, type, kid, notChecked, claims }, text, values);
  return EXIT.ok;
}

/** What the executor has to check of a grant, and a signature does not say. */
function grantLimits({ exp }: Readonly<Record<string, unknown>>, nowMs: number): readonly Line[] {
  const endMs = Number(exp) * 1_000;
  const end = Number.isNaN(new Date(endMs).getTime())
    ? "a time that cannot be read"
    : new Date(endMs).toISOString();
  return [
    `Whether it is still of use: it ends at ${end}, which ${endMs > nowMs ? "is to come" : "is over"}`,
    "Whether it is for you (aud), and whether it was used before (jti)",
  ].map((what) => ({ result: "not-checked", what }));
}

const LABELS = { ok: "ok", wrong: "WRONG", "not-checked": "not checked" } as const;

function printed({ result, what }: Line): string {
  return `${LABELS[result].padEnd(11)}  ${what}`;
}

function report({ keys, about, lines }: Verified): string {
  const { approval = "no approval", outcome = "without a signed outcome", issuer } = about;
  const isOwn = keys === "from-the-file";
  const signed = isOwn ? "signed by keys that came with the file, as if for" : "signed for";
  const wrong = lines.filter(({ result }) => result === "wrong").length;
  const fine = isOwn
    ? "Nothing in the file contradicts the rest of it, but anybody can have made it: give --keys"
    : "Nothing is wrong";
  return [
    `${approval}  ${outcome}${issuer === undefined ? "" : `  ${signed} ${issuer}`}`,
    ...lines.map(printed),
    wrong === 0 ? fine : `${wrong} ${wrong === 1 ? "thing is" : "things are"} wrong`,
  ].join("\n");
}

function headReport(head: CheckedHead): string {
  const { log, size, root, lines } = head;
  return [
    `head of ${log}  ${size} events, ${root}`,
    ...lines.map(printed),
    isWrong(head) ? "It is not what it should be" : "Nothing is wrong",
  ].join("\n");
}

function isWrong({ lines }: Pick<Checked, "lines">): boolean {
  return lines.some(({ result }) => result === "wrong");
}

function textOf(file: string): string {
  return readable(() => readTextFile(file, FILE_BYTES_MAX));
}
