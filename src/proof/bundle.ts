/** Everything about an approval that has ended, in one file, from which a stranger can check how it ended without asking us. */
import { z } from "zod";
import { courseOf } from "../approval/course.ts";
import type { StoredRecord } from "../approval/stored.ts";
import { ServiceError } from "../lib/errors.ts";
import type { KeySet, SignedType } from "../signing/verify.ts";
import { evidenceHash, evidenceOf, evidenceSchema } from "./evidence.ts";
import { decisionReceipt, outcomeReceipt } from "./receipt.ts";
import { useReceipt } from "./use-receipt.ts";

/** Of a bundle as JSON: more than that of any approval that was not made to be large. */
const BUNDLE_BYTES_MAX = 16 * 1024 * 1024;

/** Of a file with a bundle: in an envelope it is in base64, and on disk it may be indented. */
export const FILE_BYTES_MAX = 32 * 1024 * 1024;

/** As many as there can be ballots. */
const RECEIPTS_MAX = 10_000;
const JWS_CHARS_MAX = 512 * 1024;
const jws = z.string().max(JWS_CHARS_MAX);

const key = {
  kty: z.literal("OKP"),
  crv: z.literal("Ed25519"),
  x: z.string().regex(/^[A-Za-z0-9_-]{43}$/u),
  kid: z.string().max(100),
  use: z.literal("sig"),
  alg: z.literal("EdDSA"),
};
const KEYS_MAX = 100;
/** A name is a host and a word. */
const LOG_KEY_CHARS_MAX = 400;

/** What the address of the published keys answers, also in later versions, which may say more. */
export const keySetSchema = z.object({
  keys: z.array(z.object(key)).min(1).max(KEYS_MAX),
  /** Verifier keys of the log of events. */
  log: z.exactOptional(z.array(z.string().max(LOG_KEY_CHARS_MAX)).max(KEYS_MAX)),
});

export const bundleSchema = z.strictObject({
  kind: z.literal("countersign-bundle"),
  v: z.literal(1),
  evidence: evidenceSchema,
  /** Signed receipts: of the outcome, of each answer that stands, and of what became of the action. */
  receipts: z.strictObject({
    outcome: jws,
    decisions: z.array(jws).max(RECEIPTS_MAX),
    uses: z.array(jws).max(RECEIPTS_MAX),
  }),
  /** The published keys of the day. The maker of the bundle may have put any keys there. */
  keys: z.strictObject({
    keys: z
      .array(z.strictObject(key))
      .min(1)
      .max(KEYS_MAX)
      .refine((keys) => new Set(keys.map(({ kid }) => kid)).size === keys.length, "must have a kid each"),
  }),
});

export type Bundle = z.output<typeof bundleSchema>;

interface BundleSigner {
  readonly keySet: KeySet;
  sign(typ: SignedType, claims: Readonly<Record<string, unknown>>): Promise<string>;
}

/**
 * @param children direct children of the approval, by position
 * @param uses promises of uses and revocations
 * @returns undefined while the approval is open, and if it broke off
 * @throws ServiceError if it would be larger than those who check it read
 */
export async function bundleOf(
  root: StoredRecord,
  children: readonly StoredRecord[],
  uses: readonly StoredRecord[],
  signer: BundleSigner,
): Promise<Bundle | undefined> {
  const course = courseOf(root, children);
  const evidence = evidenceOf(root, children);
  const outcome = course && outcomeReceipt(course, evidenceHash(evidence));
  if (course === undefined || outcome === undefined) return undefined;
  const sign = (claims: object) => signer.sign("countersign-receipt+jwt", { ...claims });
  const decisions = course.ballots.flatMap(({ ballot: { n } }) => decisionReceipt(course, n) ?? []);
  const bundle: Bundle = {
    kind: "countersign-bundle",
    v: 1,
    evidence,
    receipts: {
      outcome: await sign(outcome),
      decisions: await Promise.all(decisions.map(sign)),
      uses: await Promise.all(uses.flatMap((record) => useReceipt(root, record) ?? []).map(sign)),
    },
    keys: { keys: [...signer.keySet.keys] },
  };
  const bytes = Buffer.byteLength(JSON.stringify(bundle));
  if (bytes > BUNDLE_BYTES_MAX) {
    const why = `The bundle of ${root.id} would have ${bytes} bytes, and may have ${BUNDLE_BYTES_MAX}`;
    throw new ServiceError("CONFLICT", `${why}: take the receipts of its outcome and ballots one by one`);
  }
  return bundle;
}
