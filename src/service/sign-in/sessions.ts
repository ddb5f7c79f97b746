/** Sessions as a gateway sees them: what was read a moment ago is not read again. */

/**
 * For so long another gateway may still take a session that has ended elsewhere. Without this, each page would cost two
 * reads more.
 */
const KNOWN_MS = 5_000;
/** Sessions that are remembered at once; with more, the oldest are read again. */
const KNOWN_MAX = 10_000;

/** A session as its cookie names it. */
interface SessionKey {
  readonly name: string;
  readonly nonce: string;
}

export interface Sessions<Who> {
  /** Whose session it is; undefined if it is over, or never was. */
  whoseIs(session: SessionKey): Promise<Who | undefined>;
  /** Forgets what is known: somebody has just signed out here. */
  forget(): void;
}

export function createSessions<Who extends object>({
  read,
  clock,
}: {
  readonly read: (session: SessionKey) => Promise<Who | undefined>;
  readonly clock: () => number;
}): Sessions<Who> {
  // In the order in which they were read, so that the first is the oldest.
  const known = new Map<string, { readonly who: Who; readonly untilMs: number }>();
  let forgotten = 0;
  return {
    async whoseIs(session) {
      const key = `${session.name} ${session.nonce}`;
      const found = known.get(key);
      if (found !== undefined && clock() < found.untilMs) return found.who;
      known.delete(key);
      const before = forgotten;
      const who = await read(session);
      if (who === undefined) return undefined;
      // Somebody signed out since this look began: it may have seen what is over now.
      if (forgotten !== before) return who;
      const [oldest] = known.keys();
      if (known.size >= KNOWN_MAX && oldest !== undefined) known.delete(oldest);
      known.set(key, { who, untilMs: clock() + KNOWN_MS });
      return who;
    },
    forget() {
      forgotten += 1;
      known.clear();
    },
  };
}
