/** Sessions as a gateway sees them: what was read a moment ago is not read again. */
import type { Durable } from "../../durable/durable.ts";
import { readSession, type SessionName } from "./session.ts";

/**
 * For so long another gateway may still take a session that has ended elsewhere. Without this, each page would cost two
 * reads more.
 */
const KNOWN_MS = 5_000;
/** Sessions that are remembered at once; with more, the oldest are read again. */
const KNOWN_MAX = 10_000;

export interface Sessions {
  /** The session's person; undefined if it is over, or never was. */
  personOf(session: SessionName): Promise<string | undefined>;
  /** Forgets what is known: somebody has just signed out here. */
  forget(): void;
}

export function createSessions({
  durable,
  clock,
}: {
  readonly durable: Durable;
  readonly clock: () => number;
}): Sessions {
  // In the order in which they were read, so that the first is the oldest.
  const known = new Map<string, { readonly email: string; readonly untilMs: number }>();
  let forgotten = 0;
  return {
    async personOf(session) {
      const key = `${session.name} ${session.nonce}`;
      const found = known.get(key);
      if (found !== undefined && clock() < found.untilMs) return found.email;
      known.delete(key);
      const before = forgotten;
      const read = await readSession(durable, session);
      if (read === undefined) return undefined;
      // Somebody signed out since this look began: it may have seen what is over now.
      if (forgotten !== before) return read.email;
      const [oldest] = known.keys();
      if (known.size >= KNOWN_MAX && oldest !== undefined) known.delete(oldest);
      known.set(key, { email: read.email, untilMs: clock() + KNOWN_MS });
      return read.email;
    },
    forget() {
      forgotten += 1;
      known.clear();
    },
  };
}
