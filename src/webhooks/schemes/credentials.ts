/**
 * Senders that sign nothing and show a credential instead. Their word is as good as the channel: anyone who reads one
 * request knows the credential and can send any event. Use these schemes for senders in your own network, and for senders
 * that offer nothing better.
 */
import { type BodyFormat, knownByBody, oneHeader, refuse, type Scheme, sameText } from "../verify.ts";

export interface CredentialOptions {
  /** The whole value of the header, one for each secret. */
  readonly accepted: readonly string[];
  readonly header: string;
  readonly format: BodyFormat;
}

export function credentials({ accepted, header, format }: CredentialOptions): Scheme {
  return {
    format,
    verify(head) {
      const given = oneHeader(head, header);
      if (!given.ok) return given;
      let isGood = false;
      for (const one of accepted) if (sameText(one, given.value)) isGood = true;
      if (!isGood) return refuse("credentials", "The credentials are not those of this source");
      return { ok: true, check: knownByBody };
    },
    sign: () => ({ headers: { [header]: accepted[0] as string } }),
  };
}
