/** A signed receipt as a file, for people: on the page after a press, and on the requester's page. */
import type { Response } from "express";
import { courseOf } from "../../approval/course.ts";
import type { Durable, StoredPromise } from "../../durable/durable.ts";
import { ServiceError } from "../../lib/errors.ts";
import { pageHeaders } from "../../lib/page-headers.ts";
import { evidenceHash, evidenceOf } from "../../proof/evidence.ts";
import { outcomeReceipt } from "../../proof/receipt.ts";
import type { Signer } from "../../signing/signer.ts";

export interface ReceiptFileOptions {
  readonly signer: Signer;
  readonly publicUrl: string;
}

/**
 * @param claims of the receipt
 * @param about names the file: the approval's id, and the number of a ballot
 */
export async function sendReceiptFile(
  { signer, publicUrl }: ReceiptFileOptions,
  res: Response,
  claims: object,
  about: readonly (string | number)[],
): Promise<void> {
  const receipt = await signer.sign("countersign-receipt+jwt", { ...claims });
  const name = ["receipt", ...about].join("-").replaceAll(/[^A-Za-z0-9._-]/g, "-");
  res.set({
    ...pageHeaders({ https: publicUrl.startsWith("https:") }),
    // RFC 7515, section 9.2.1.
    "Content-Type": "application/jose",
    "Content-Disposition": `attachment; filename="${name}.jws"`,
  });
  res.end(receipt);
}

/** @param root of the approval, as stored now */
export async function sendOutcomeReceipt(
  options: ReceiptFileOptions & { readonly durable: Durable },
  res: Response,
  root: StoredPromise,
): Promise<void> {
  const children = await options.durable.children(root.id);
  const course = courseOf(root, children);
  const claims = course && outcomeReceipt(course, evidenceHash(evidenceOf(root, children)));
  if (claims === undefined) throw new ServiceError("CONFLICT", "There is no outcome to sign yet");
  await sendReceiptFile(options, res, claims, [root.id]);
}
