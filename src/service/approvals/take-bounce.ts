/**
 * Takes a report about a mail that an approver was sent. What is stored is one promise, and creating it is all that
 * happens here: when it is on disk, the report has been taken, and whatever follows (the requester's mail, events) is that
 * promise's own work. A report that comes again finds it there.
 */
import {
  type BounceReport,
  DELAY_KIND,
  type Delay,
  delayId,
  type Returned,
  type ReturnPath,
  returnPathId,
  returnPathOf,
  unreachedId,
} from "../../approval/bounce.ts";
import { KIND_TAG } from "../../approval/ids.ts";
import { NOTICE_FUNC, NOTICE_KIND, NOTICE_LIFE_MS, type Notice } from "../../approval/notice.ts";
import { ballotOf, callOf, type StoredRecord } from "../../approval/stored.ts";
import type { Durable } from "../../durable/durable.ts";

/** What came of a report. */
export type BounceTaken =
  | { readonly kind: "stored"; readonly approval: string; readonly n: number }
  /** The ballot is answered or closed: nothing waits for that mail any more. */
  | { readonly kind: "too-late"; readonly approval: string; readonly n: number }
  /** Nothing is kept under that name, or no longer. */
  | { readonly kind: "unknown" };

/**
 * @param name of a tag whose signature and time were checked
 * @param nowMs the engine's time
 */
export async function takeBounce(
  durable: Durable,
  { name, nowMs }: { readonly name: string; readonly nowMs: number },
  { kind, status }: BounceReport,
): Promise<BounceTaken> {
  const kept = await durable.read(returnPathId(name));
  const path = kept && returnPathOf(kept);
  if (path === undefined) return { kind: "unknown" };
  const { approval, n } = path;
  const [ballot, root] = await durable.readTogether(path.ballot, [approval]);
  const call = root && callOf(root);
  if (root === undefined || call === undefined || !isOf(path, ballot)) return { kind: "unknown" };
  const person = ballotOf(ballot)?.approver;
  if (person === undefined) return { kind: "unknown" };
  if (ballot.state !== "pending" || root.state !== "pending") return { kind: "too-late", approval, n };
  const about = { approval, startedAtMs: call.terms.startedAtMs, n };
  const returned: Returned = { atMs: nowMs, ...(status === undefined ? {} : { status }) };
  if (kind === "delayed") {
    await durable.create({
      id: delayId(about),
      param: { kind: DELAY_KIND, approval, n, ...returned } satisfies Delay,
      // It waits for nothing.
      timeoutAt: nowMs + 1,
      tags: { [KIND_TAG]: DELAY_KIND },
      isLoose: true,
    });
  } else {
    const { startedAtMs } = about;
    const says = { mail: "undeliverable", n, person, bounce: returned } as const;
    await durable.start({
      id: unreachedId(about),
      func: NOTICE_FUNC,
      args: [{ kind: "notice", approval, startedAtMs, says } satisfies Notice],
      timeoutAt: nowMs + NOTICE_LIFE_MS,
      tags: { [KIND_TAG]: NOTICE_KIND },
      isLoose: true,
    });
  }
  return { kind: "stored", approval, n };
}

/** Whether it is the ballot that the return path was made for: its id may be used again. */
function isOf({ bornAtMs }: ReturnPath, ballot: StoredRecord | undefined): ballot is StoredRecord {
  return ballot?.createdAt === bornAtMs;
}
