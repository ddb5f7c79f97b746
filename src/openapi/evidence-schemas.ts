/** What proves an approval, as the API shows it. */
import { z } from "zod";

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
