/** What proves an approval, as the API shows it. */
import { z } from "zod";
import { keySet } from "./schemas.ts";

export const signedReceipt = z
  .strictObject({
    receipt: z.string().meta({
      description: "Compact JWS with `typ` `countersign-receipt+jwt`. The same each time that you ask.",
    }),
    claims: z
      .record(z.string(), z.unknown())
      .meta({ description: "What it says, for those who need not verify it." }),
  })
  .meta({ id: "SignedReceipt", description: "A signed receipt; `docs/evidence.md` lists its claims." });
export type SignedReceipt = z.infer<typeof signedReceipt>;

/** `src/proof/bundle.ts` has the whole form, which is for `countersign verify` and not for programs to take apart. */
export const bundle = z
  .strictObject({
    kind: z.literal("countersign-bundle"),
    v: z.literal(1),
    evidence: z
      .record(z.string(), z.unknown())
      .meta({ description: "The approval's promises as they are stored." }),
    receipts: z
      .strictObject({
        outcome: z.string(),
        decisions: z.array(z.string()),
        uses: z.array(z.string()),
      })
      .meta({ id: "BundleReceipts" }),
    keys: keySet,
  })
  .meta({ id: "Bundle", description: "Everything about an approval that has ended, signed." });

const envelopeSignature = z
  .strictObject({
    keyid: z.string().meta({ description: "The `kid` of one of the published keys." }),
    sig: z.string().meta({ description: "In base64." }),
  })
  .meta({ id: "EnvelopeSignature" });

export const envelope = z
  .strictObject({
    payloadType: z.string(),
    payload: z.string().meta({ description: "In base64." }),
    signatures: z.array(envelopeSignature),
  })
  .meta({ id: "Envelope", description: "An envelope as DSSE 1.0.2 has it." });
