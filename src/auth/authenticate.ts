/** The callers of the API, whatever they show: a key, or the token of a person's tool. */
import { EVERYBODY } from "../lib/callers.ts";
import type { StoredKey } from "./key.ts";
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
  /** Mail address of the person who answers for it, if one is named. */
  readonly owner?: string;
  /** The name of the key, which people know it by. */
  readonly name?: string;
  readonly scopes: readonly Scope[];
}

export interface Authenticate {
  /** Who everybody is, as long as nobody needs a key. */
  open(): Caller | undefined;
  /** Whose bearer text this is; undefined if it is nobody's, or no longer. */
  identify(bearer: string): Promise<Caller | undefined>;
  /** The caller of the `id`, as they are now: a key that is still good, or everybody while nobody needs one. */
  again(id: string): Caller | undefined;
}

/** Reads one kind of bearer text; undefined for what it does not know. */
export type ReadBearer = (bearer: string) => Promise<Caller | undefined>;

/** `person` reads what is no key, where people's tools are let in. */
export function createAuthenticate(ring: KeyRing, person?: ReadBearer): Authenticate {
  // Where tokens are asked of people, programs need something as well.
  const open = () => (person === undefined && ring.isOpen() ? ANYBODY : undefined);
  return {
    open,
    async identify(bearer) {
      const key = ring.find(bearer);
      if (key !== undefined) return callerWith(key);
      return bearer.startsWith("apv_") ? undefined : await person?.(bearer);
    },
    again(id) {
      if (id === EVERYBODY) return open();
      const key = id.startsWith(KEY) ? ring.live(id.slice(KEY.length)) : undefined;
      return key && callerWith(key);
    },
  };
}

const KEY = "key:";

function callerWith({ id, client, owner, scopes }: StoredKey): Caller {
  const of = owner === undefined ? {} : { owner };
  return { id: `${KEY}${id}`, client: `client:${client}`, ...of, name: client, scopes };
}

const ANYBODY: Caller = { id: EVERYBODY, scopes: SCOPE_NAMES };
