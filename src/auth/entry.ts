/** What an identity provider does for somebody who signs in, whichever library speaks with it. */

/** What one entry is bound to. Only the browser that was sent away has what they follow from. */
interface EntrySecrets {
  readonly state: string;
  readonly nonce: string;
  readonly verifier: string;
}

/** Somebody whom the provider knows. */
export interface ProviderPerson {
  /** Chosen by themselves, in most places. Undefined if the provider tells none. */
  readonly name: string | undefined;
  /** What is theirs alone: the mail address, unless the provider says that it was not checked, or else the account's name. */
  readonly own: string;
  /** The provider's id of the account, which never changes. */
  readonly subject: string;
  /** Of the claim: those that let somebody in here. */
  readonly values: readonly string[];
}

/** Why nobody is signed in: the provider said no, or what came back is not what this browser was sent for. */
export class EntryRefused extends Error {
  override readonly name = "EntryRefused";
}

export interface Provider {
  /** Names the issuer, this service's account there, and the claim: what another one has said of somebody counts no more. */
  readonly id: string;
  /** What values of the claim let somebody do, as the settings are now; undefined: not even look. */
  roleOf(values: readonly string[]): "operator" | "viewer" | undefined;
  /** The address that the browser is sent to. @throws ServiceError IDENTITY_UNAVAILABLE */
  entryUrl(secrets: EntrySecrets): Promise<string>;
  /**
   * @param query of the address by which the browser came back
   * @throws EntryRefused; ServiceError IDENTITY_UNAVAILABLE
   */
  whoCame(query: string, secrets: EntrySecrets): Promise<ProviderPerson>;
}
