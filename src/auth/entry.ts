/** What an identity provider does for somebody who signs in, whichever library speaks with it. */

/** What one entry is bound to. Only the browser that was sent away has what they follow from. */
interface EntrySecrets {
  readonly state: string;
  readonly nonce: string;
  readonly verifier: string;
}

/** Somebody whom the provider knows. */
export interface ProviderPerson {
  /** Name and address, as far as the provider tells them. */
  readonly name: string;
  /** Undefined: their account has none of the values. */
  readonly role: "operator" | "viewer" | undefined;
}

/** Why nobody is signed in: the provider said no, or what came back is not what this browser was sent for. */
export class EntryRefused extends Error {
  override readonly name = "EntryRefused";
}

export interface Provider {
  /** The address that the browser is sent to. @throws ServiceError IDENTITY_UNAVAILABLE */
  entryUrl(secrets: EntrySecrets): Promise<string>;
  /**
   * @param query of the address by which the browser came back
   * @throws EntryRefused; ServiceError IDENTITY_UNAVAILABLE
   */
  whoCame(query: string, secrets: EntrySecrets): Promise<ProviderPerson>;
}
