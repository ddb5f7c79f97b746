/** A bundle as a statement of in-toto (version 1 of the framework), which tools for attestations read out of a DSSE envelope. */
import { z } from "zod";
import { canonicalText } from "../lib/canonical-hash.ts";
import { type Bundle, bundleSchema } from "./bundle.ts";
import { evidenceHash } from "./evidence.ts";

export const STATEMENT_TYPE = "application/vnd.in-toto+json";
const KIND = "https://in-toto.io/Statement/v1";
/** Ours; it names the form of the predicate, and is no address. */
const PREDICATE = "urn:countersign:approval:v1";

/** In the form of RFC 8785, so that the same bundle is the same text. */
export function statementOf(bundle: Bundle): string {
  const [root] = bundle.evidence.promises;
  return canonicalText({
    _type: KIND,
    // The file that an attestation is about: the evidence, as `evidenceHash` has it.
    subject: [{ name: `${root?.id}.evidence.json`, digest: { sha256: evidenceHash(bundle.evidence) } }],
    predicateType: PREDICATE,
    predicate: bundle,
  });
}

const statementSchema = z.strictObject({
  _type: z.literal(KIND),
  subject: z
    .array(z.strictObject({ name: z.string(), digest: z.strictObject({ sha256: z.string() }) }))
    .length(1),
  predicateType: z.literal(PREDICATE),
  predicate: bundleSchema,
});

/** The bundle in a statement; undefined if it is none, or about another file. */
export function bundleIn(statement: unknown): Bundle | undefined {
  const read = statementSchema.safeParse(statement);
  if (!read.success) return undefined;
  const { predicate, subject } = read.data;
  return subject[0]?.digest.sha256 === evidenceHash(predicate.evidence) ? predicate : undefined;
}
