/** The callers of the API, whatever they show: a key, or the token of a person's tool. */
import type { KeyRing } from "./key-ring.ts";
import { SCOPE_NAMES, type Scope } from "./scopes.ts";

export interface Caller {
  /** For logs and records: `key:` and the key's id, `person:` and a hash, or `open`. */
  readonly id: string;
  /**
   * Whose approvals its approvals are: `client:` and the name that all keys of a client have, or the `id` of a person.
   * Undefined as long as nobody needs a key.
   */
  readonly client?: string;
  readonly scopes: readonly Scope[];
}

export interface Authenticate {
  /** Who everybody is, as long as nobody needs a key. */
  open(): Caller | undefined;
  /** Whose bearer text this is; undefined if it is nobody's, or no longer. */
  identify(bearer: string): Promise<Caller | undefined>;
}

/** Reads one kind of bearer text; undefined for what it does not know. */
export type ReadBearer = (bearer: string) => Promise<Caller | undefined>;

/** `person` reads what is no key, where people's tools are let in. */
export function createAuthenticate(ring: KeyRing, person?: ReadBearer): Authenticate {
  return {
    // Where tokens are asked of people, programs need something as well.
    open: () => (person === undefined && ring.isOpen() ? EVERYBODY : undefined),
    async identify(bearer) {
      const key = ring.find(bearer);
      if (key !== undefined)
        return { id: `key:${key.id}`, client: `client:${key.client}`, scopes: key.scopes };
      return bearer.startsWith("apv_") ? undefined : await person?.(bearer);
    },
  };
}

const EVERYBODY: Caller = { id: "open", scopes: SCOPE_NAMES };
