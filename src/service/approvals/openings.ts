/** Notes when links were opened first, and by what. */
import type { CourseBallot } from "../../approval/course.ts";
import { KIND_TAG } from "../../approval/ids.ts";
import { OPENING_KIND, type Opener, type Opening, openingId, openingsIn } from "../../approval/opening.ts";
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
  durable: Pick<Durable, "create" | "settle">,
  onFault: (error: unknown) => void,
): Openings {
  const known = new Set<string>();
  const store = async ({ pid, bornAtMs }: Opened, by: Opener, timeoutAt: number) => {
    const id = openingId(pid, bornAtMs);
    const param = { kind: OPENING_KIND, ballot: pid, by };
    const stored = await durable.create({ id, param, timeoutAt, tags: { [KIND_TAG]: OPENING_KIND } });
    const isNews = stored.state === "pending" && openingsIn(stored).every((opening) => opening.by !== by);
    if (isNews) await durable.settle(id, { kind: OPENING_KIND, by });
  };
  return {
    note(opened, by, untilMs) {
      const key = `${openingId(opened.pid, opened.bornAtMs)} ${by}`;
      if (known.has(key)) return;
      const [oldest] = known;
      if (known.size >= KNOWN_MAX && oldest !== undefined) known.delete(oldest);
      known.add(key);
      store(opened, by, untilMs).catch((error: unknown) => {
        known.delete(key);
        onFault(error);
      });
    },
  };
}

/** Ballots whose openings are read at once. */
const TOGETHER = 32;
/** Of an approval, the newest: each takes a read, and there can be hundreds. */
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
      const stored = await durable.read(openingId(record.id, record.createdAt));
      return stored === undefined ? [] : openingsIn(stored).map((each) => ({ ...each, n }));
    });
    openings.push(...(await Promise.all(some)).flat());
  }
  return { openings, truncated: newest.length < ballots.length };
}
