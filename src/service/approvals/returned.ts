/** What came back of an approval's mails, as it is stored (`src/approval/bounce.ts`). */
import { delayId, delayOf, type Returned, type Returns, unreachedId } from "../../approval/bounce.ts";
import { type Course, courseOf } from "../../approval/course.ts";
import { decisionOf, mailResultOf, type StoredRecord } from "../../approval/stored.ts";
import { noticeOf } from "../../approval/stored-notice.ts";
import type { Durable } from "../../durable/durable.ts";

type Reader = Pick<Durable, "read">;

/**
 * By the numbers of ballots. Only what can have something is read: ballots without an answer, whose mail had a return path of
 * its own.
 *
 * @param children of the approval `root`
 */
export async function readReturns(
  durable: Reader,
  root: StoredRecord,
  children: readonly StoredRecord[],
): Promise<ReadonlyMap<number, Returns>> {
  const sent = new Set(
    children.flatMap((child) => {
      const result = mailResultOf(child);
      return result?.delivery.status === "sent" && result.delivery.canBounce === true ? [result.n] : [];
    }),
  );
  const course = sent.size === 0 ? undefined : courseOf(root, children);
  if (course === undefined) return new Map();
  const { startedAtMs } = course.call.terms;
  const read = course.ballots
    .filter(({ ballot, record }) => sent.has(ballot.n) && decisionOf(record) === undefined)
    .map(async ({ ballot: { n } }): Promise<[number, Returns]> => {
      const about = { approval: root.id, startedAtMs, n };
      const [notice, late] = await Promise.all([
        durable.read(unreachedId(about)),
        durable.read(delayId(about)),
      ]);
      const bounce = notice && bounceOf(notice);
      const delay = late && delayOf(late);
      return [n, { ...(bounce && { bounce }), ...(delay && { delay }) }];
    });
  return new Map(await Promise.all(read));
}

/** Numbers of the open ballots whose mail cannot be delivered, as far as the requester was told, or would have been. */
export async function unreachedBallots(durable: Reader, course: Course): Promise<ReadonlySet<number>> {
  const { startedAtMs } = course.call.terms;
  const open = course.ballots.filter(({ record }) => record.state === "pending");
  const found = await Promise.all(
    open.map(async ({ ballot: { n } }) => {
      const notice = await durable.read(unreachedId({ approval: course.root.id, startedAtMs, n }));
      return notice === undefined ? [] : [n];
    }),
  );
  return new Set(found.flat());
}

function bounceOf(record: StoredRecord): Returned | undefined {
  const says = noticeOf(record)?.says;
  return says?.mail === "undeliverable" ? says.bounce : undefined;
}
