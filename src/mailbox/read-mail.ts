import PostalMime from "postal-mime";
import { receivedAtMs } from "./store.ts";

/** A stored mail, taken apart for reading. */
export interface ReadMail {
  readonly id: string;
  readonly receivedAtMs: number;
  /** Recipients of the envelope. */
  readonly to: readonly string[];
  /** The sender as the mail names it. */
  readonly from: string;
  readonly subject: string;
  readonly html: string | undefined;
  readonly text: string | undefined;
  readonly headers: readonly { readonly name: string; readonly value: string }[];
}

export async function readMail(id: string, raw: Uint8Array): Promise<ReadMail> {
  const mail = await PostalMime.parse(raw, { maxNestingDepth: 20 });
  const header = (name: string) => mail.headers.filter(({ key }) => key === name).map(({ value }) => value);
  return {
    id,
    receivedAtMs: receivedAtMs(id),
    to: header("delivered-to"),
    from: mail.from?.name
      ? `${mail.from.name} <${mail.from.address ?? ""}>`
      : (mail.from?.address ?? "nobody"),
    subject: mail.subject || "(no subject)",
    html: mail.html || undefined,
    text: mail.text || undefined,
    headers: mail.headers.map(({ originalKey, value }) => ({ name: originalKey, value })),
  };
}
