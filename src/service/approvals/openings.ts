/** Notes when links were opened first, and by what. */
import type { CourseBallot } from "../../approval/course.ts";
import { KIND_TAG } from "../../approval/ids.ts";
import { OPENERS, OPENING_KIND, type Opener, type Opening, openingId } from "../../approval/opening.ts";
import type { Durable } from "../../durable/durable.ts";

/** A ballot whose link was opened. */
interface Opened {
  /** Promise id of the ballot, and its creation in milliseconds since 1970. */
  readonly pid: string;
  readonly bornAtMs: number;
}

export interface Openings {
  /**
   * Notes it, if it is the first time. Nobody waits for that, and nothing depends on it: what cannot be stored is left out.
   *
   * @param untilMs until when the note is of use
   */
  note(opened: Opened, by: Opener, untilMs: number): void;
}

/** Notes that this gateway need not store again. With more, some are stored twice, which changes nothing. */
const KNOWN_MAX = 10_000;

export function createOpenings(
  durable: Pick<Durable, "create">,
  onFault: (error: unknown) => void,
): Openings {
  const known = new Set<string>();
  return {
    note({ pid, bornAtMs }, by, timeoutAt) {
      const id = openingId(pid, bornAtMs, by);
      if (known.has(id)) return;
      const [oldest] = known;
      if (known.size >= KNOWN_MAX && oldest !== undefined) known.delete(oldest);
      known.add(id);
      const param = { kind: OPENING_KIND, ballot: pid, by };
      durable.create({ id, param, timeoutAt, tags: { [KIND_TAG]: OPENING_KIND } }).catch((error: unknown) => {
        known.delete(id);
        onFault(error);
      });
    },
  };
}

/** Ballots whose openings are read at once. */
const TOGETHER = 16;
/** Of an approval, the newest: each takes two reads, and there can be hundreds. */
const BALLOTS_MAX = 200;

/** Of all ballots of an approval, as far as they are read. */
export async function readAllOpenings(
  durable: Pick<Durable, "read">,
  ballots: readonly CourseBallot[],
): Promise<{
  readonly openings: readonly (Opening & { readonly n: number })[];
  readonly truncated: boolean;
}> {
  const newest = ballots.slice(-BALLOTS_MAX);
  const openings: (Opening & { readonly n: number })[] = [];
  for (let at = 0; at < newest.length; at += TOGETHER) {
    const some = newest.slice(at, at + TOGETHER).map(async ({ record, ballot: { n } }) => {
      const opened = await readOpenings(durable, { pid: record.id, bornAtMs: record.createdAt });
      return opened.map((each) => ({ ...each, n }));
    });
    openings.push(...(await Promise.all(some)).flat());
  }
  return { openings, truncated: newest.length < ballots.length };
}

/** When this ballot's link was first opened by each. */
async function readOpenings(
  durable: Pick<Durable, "read">,
  { pid, bornAtMs }: Opened,
): Promise<readonly Opening[]> {
  const read = await Promise.all(
    OPENERS.map(async (by) => {
      const stored = await durable.read(openingId(pid, bornAtMs, by));
      return stored === undefined ? [] : [{ by, atMs: stored.createdAt }];
    }),
  );
  return read.flat();
}
