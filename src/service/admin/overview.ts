/**
 * What operators look at rather than read: how old the open approvals are, how long decisions took, and what became of mails.
 * Each figure is of a bounded number of approvals, so the page costs the same whatever is stored.
 */
import { KIND_TAG } from "../../approval/ids.ts";
import { summarize } from "../../approval/view.ts";
import type { Durable } from "../../durable/durable.ts";
import { knownTime } from "../../durable/engine-time.ts";
import type { Entry } from "../../ledger/entry.ts";
import type { Ledger, ListQuery, Range } from "../../ledger/ledger.ts";
import { readReturns } from "../approvals/returned.ts";
import { fullPage } from "../ledger/full-page.ts";

export interface OverviewOptions {
  readonly durable: Durable;
  readonly ledger: Pick<Ledger, "list">;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
}

/** One bar of a chart. */
export interface Bar {
  readonly label: string;
  readonly count: number;
  /** There are at least so many. */
  readonly isLeast?: boolean;
}

export interface Overview {
  /** Open approvals by the time since they were requested. */
  readonly openByAge: readonly Bar[];
  /** Of the newest approvals that people decided. */
  readonly timeToDecide: readonly Bar[];
  readonly decided: number;
  /** What became of the mails that ask, of the newest approvals. */
  readonly mails: readonly Bar[];
  readonly mailed: number;
  /** What holds in advance, without anybody being asked. */
  readonly stands: { readonly approvals: Count; readonly refusals: Count };
}

type Count = Pick<Bar, "count" | "isLeast">;

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

const AGES = [
  { label: "under 1 hour", belowMs: HOUR_MS },
  { label: "1 hour to 1 day", belowMs: DAY_MS },
  { label: "1 to 3 days", belowMs: 3 * DAY_MS },
  { label: "3 to 7 days", belowMs: 7 * DAY_MS },
  { label: "7 to 30 days", belowMs: 30 * DAY_MS },
  { label: "30 days and more", belowMs: Number.POSITIVE_INFINITY },
] as const;

const TIMES = [
  { label: "under 5 minutes", belowMs: 5 * MINUTE_MS },
  { label: "5 minutes to 1 hour", belowMs: HOUR_MS },
  { label: "1 to 8 hours", belowMs: 8 * HOUR_MS },
  { label: "8 hours to 1 day", belowMs: DAY_MS },
  { label: "1 to 3 days", belowMs: 3 * DAY_MS },
  { label: "3 to 7 days", belowMs: 7 * DAY_MS },
  { label: "7 days and more", belowMs: Number.POSITIVE_INFINITY },
] as const;

const MAILS = {
  sent: "accepted by the relay",
  pending: "not sent yet",
  deferred: "tried again later",
  undeliverable: "cannot be delivered",
  skipped: "not needed any more",
} as const;

/** Approvals that were approved, and as many that were rejected. */
const DECIDED_MAX = 100;
const MAILED_MAX = 50;
/** Reads at once. */
const TOGETHER = 10;
/** So long, everybody sees the same figures. */
const KNOWN_MS = 15_000;

/** @returns what reads the figures; errors are those of the read model and the durable port */
export function createOverview(options: OverviewOptions): () => Promise<Overview> {
  let known: { readonly overview: Promise<Overview>; readonly untilMs: number } | undefined;
  return async () => {
    const nowMs = knownTime(options);
    if (known === undefined || nowMs >= known.untilMs) {
      known = { overview: readOverview(options, nowMs), untilMs: nowMs + KNOWN_MS };
    }
    const { overview } = known;
    try {
      return await overview;
    } catch (error) {
      if (known?.overview === overview) known = undefined;
      throw error;
    }
  };
}

async function readOverview(options: OverviewOptions, nowMs: number): Promise<Overview> {
  const { ledger } = options;
  const newest = (status: "approved" | "rejected") =>
    fullPage(ledger, { status, sort: "created", limit: DECIDED_MAX });
  const standing = (kind: "approval" | "refusal") =>
    countOf(ledger, { stands: kind, nowMs, sort: "created" });
  const [openByAge, approvals, refusals, approved, rejected, recent] = await Promise.all([
    Promise.all(AGES.map((_, i) => openBar(ledger, i, nowMs))),
    standing("approval"),
    standing("refusal"),
    newest("approved"),
    newest("rejected"),
    ledger.list({ sort: "created", limit: MAILED_MAX }),
  ]);
  const decided = [...approved.items, ...rejected.items].flatMap(timeToDecide);
  const mails = await mailStates(options.durable, recent.items);
  return {
    openByAge,
    timeToDecide: TIMES.map(({ label, belowMs }, i) => {
      const fromMs = TIMES[i - 1]?.belowMs ?? 0;
      return { label, count: decided.filter((ms) => ms >= fromMs && ms < belowMs).length };
    }),
    decided: decided.length,
    mails: Object.entries(MAILS).map(([status, label]) => ({
      label,
      count: mails.filter((each) => each === status).length,
    })),
    mailed: recent.items.length,
    stands: { approvals, refusals },
  };
}

async function openBar(ledger: Pick<Ledger, "list">, i: number, nowMs: number): Promise<Bar> {
  const { label = "", belowMs = 0 } = AGES[i] ?? {};
  const fromMs = AGES[i - 1]?.belowMs;
  const created: Range = {
    ...(belowMs === Number.POSITIVE_INFINITY ? {} : { from: nowMs - belowMs + 1 }),
    ...(fromMs === undefined ? {} : { before: nowMs - fromMs + 1 }),
  };
  return { label, ...(await countOf(ledger, { status: "pending", created, sort: "created" })) };
}

async function countOf(ledger: Pick<Ledger, "list">, query: Omit<ListQuery, "limit">): Promise<Count> {
  const { total } = await ledger.list({ ...query, limit: 1, total: true });
  return { count: total?.count ?? 0, ...(total?.isExact === false ? { isLeast: true } : {}) };
}

/** Nothing for an approval that silence ended: nobody decided it. */
function timeToDecide({ createdAt, endedAt, ballots }: Entry): number[] {
  const isByPeople = ballots.some(({ decidedAt }) => decidedAt !== undefined);
  return endedAt === undefined || !isByPeople ? [] : [Date.parse(endedAt) - Date.parse(createdAt)];
}

/** Of each ballot of these approvals. */
async function mailStates(durable: Durable, entries: readonly Entry[]): Promise<readonly string[]> {
  const states: string[] = [];
  for (let at = 0; at < entries.length; at += TOGETHER) {
    const some = entries.slice(at, at + TOGETHER);
    const read = await Promise.all(some.map(({ id }) => statesOf(durable, id)));
    states.push(...read.flat());
  }
  return states;
}

async function statesOf(durable: Durable, id: string): Promise<readonly string[]> {
  const root = await durable.read(id);
  if (root?.tags[KIND_TAG] !== "approval") return [];
  const children = await durable.children(id);
  const view = summarize(root, children, () => undefined, await readReturns(durable, root, children));
  return view?.ballots.map(({ mail }) => mail.status) ?? [];
}
