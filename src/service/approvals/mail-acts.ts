/**
 * Mails to the approver of an open ballot that somebody orders by hand: a reminder, or the same links once more. Each is a
 * workflow of its own, which sends nothing once the ballot is answered.
 *
 * The mails of one approval to one person have numbers. Creating the next number orders the mail. Two callers
 * who do so at once order one mail, and the time of the last one says when the next is possible.
 */
import type { Delivery } from "../../approval/approval.ts";
import { contentOf } from "../../approval/content.ts";
import { type Course, type CourseBallot, evaluationOf, stageSinceMs } from "../../approval/course.ts";
import { KIND_TAG } from "../../approval/ids.ts";
import {
  byHandKey,
  NOTICE_FUNC,
  NOTICE_KIND,
  NOTICE_LIFE_MS,
  type Notice,
  noticeId,
  type Says,
} from "../../approval/notice.ts";
import { addressKey } from "../../approval/person.ts";
import { ruleOf } from "../../approval/rule.ts";
import { noticeEndOf, noticeOf } from "../../approval/stored-notice.ts";
import type { StoredPromise } from "../../durable/durable.ts";
import { currentTime } from "../../durable/engine-time.ts";
import { canonicalHash } from "../../lib/canonical-hash.ts";
import {
  type Acted,
  type ActOptions,
  type Actor,
  type MailedByHand,
  type OnBallot,
  OUTCOME_WAIT_MS,
  refusalOf,
  stands,
} from "./act.ts";
import { actOf, type BallotNamed, type FoundBallot, findBallot, isOpenBallot } from "./ballot-acts.ts";

/** Time between two mails by hand about one approval to one person. */
const PAUSE_MS = 3_600_000;
/** Of one approval to one person. More would not help. */
const BY_HAND_MAX = 50;

type Mailed = Acted<OnBallot>;

/** Reminds the approver of an open ballot, and says who else is waited for. */
export function remindBallot(options: ActOptions, named: BallotNamed, actor: Actor): Promise<Mailed> {
  return mailByHand(options, named, actor, (course, about, nowMs) => ({
    mail: "reminder",
    ...about,
    dueAtMs: nowMs,
    explanation: evaluationOf(course, nowMs).explanation,
  }));
}

/** Mails the links of an open ballot once more. They are the same, and those that were mailed before stay valid. */
export function resendBallot(options: ActOptions, named: BallotNamed, actor: Actor): Promise<Mailed> {
  return mailByHand(options, named, actor, (_, about, nowMs) => ({ mail: "resend", ...about, atMs: nowMs }));
}

type Order = Extract<Says, { readonly end: string }>;
type AboutBallot = Pick<Order, "n" | "first" | "end" | "deadlineAtMs" | "place">;

async function mailByHand(
  options: ActOptions,
  named: BallotNamed,
  actor: Actor,
  saying: (course: Course, about: AboutBallot, nowMs: number) => Order,
): Promise<Mailed> {
  const found = await findBallot(options, named);
  if (found === undefined) return { kind: "unknown" };
  const { course, ballot } = found;
  const { requester } = ruleOf(course.call.request);
  if (actor.by !== undefined && addressKey(actor.by) !== requester) {
    return { kind: "refused", why: "not-theirs", course };
  }
  const over = refusalOf(course);
  if (over === "version") return { kind: "refused", why: over, course };
  const nowMs = await currentTime(options);
  const says = saying(course, aboutOf(course, ballot), nowMs);
  const orders = await ordersTo(options, found);
  const earlier = orders.find(({ notice }) => notice.order?.nonce === actor.nonce);
  if (earlier !== undefined) {
    const { says: said } = earlier.notice;
    const isSame = said.mail === says.mail && "n" in said && said.n === says.n;
    return isSame ? await toldOf(options, named, earlier.record) : { kind: "other-content" };
  }
  if (over !== undefined || !isOpenBallot(found)) return await closed(options, named);
  const last = orders.at(-1);
  const againAtMs = last === undefined ? nowMs : orderedAtMs(last.notice) + PAUSE_MS;
  if (againAtMs > nowMs) return { kind: "refused", why: "too-soon", course, againAtMs };
  if (orders.length >= BY_HAND_MAX) return { kind: "refused", why: "too-many-mails", course };
  const notice: Notice = {
    kind: "notice",
    approval: named.approval,
    startedAtMs: course.call.terms.startedAtMs,
    ...(course.state.round === 1 ? {} : { content: contentOf(course.request) }),
    says,
    order: actOf(actor),
  };
  const record = await options.durable.start({
    id: orderId(found, orders.length + 1),
    func: NOTICE_FUNC,
    args: [notice],
    timeoutAt: nowMs + NOTICE_LIFE_MS,
    tags: { [KIND_TAG]: NOTICE_KIND },
    isLoose: true,
  });
  const stored = noticeOf(record);
  if (stored?.order?.nonce === actor.nonce) return await toldOf(options, named, record);
  const storedAtMs = stored === undefined ? nowMs : orderedAtMs(stored);
  return { kind: "refused", why: "too-soon", course, againAtMs: storedAtMs + PAUSE_MS };
}

function aboutOf(course: Course, { ballot }: CourseBallot): AboutBallot {
  const { ballots, end, deadlineAtMs, state } = course;
  const { stage, escalations } = state;
  const sinceMs = stageSinceMs(course);
  const key = addressKey(ballot.approver.email);
  const first = ballots.find((each) => addressKey(each.ballot.approver.email) === key);
  return {
    n: ballot.n,
    first: first?.ballot.n ?? ballot.n,
    end: end?.id ?? "",
    deadlineAtMs,
    ...(sinceMs === undefined ? {} : { place: { stage, escalations, sinceMs } }),
  };
}

interface Ordered {
  readonly record: StoredPromise;
  readonly notice: Notice;
}

/** What was ordered for the person of this ballot before, in order. */
async function ordersTo({ durable }: ActOptions, found: FoundBallot): Promise<Ordered[]> {
  const orders: Ordered[] = [];
  while (orders.length < BY_HAND_MAX) {
    const record = await durable.read(orderId(found, orders.length + 1));
    const notice = record && noticeOf(record);
    if (record === undefined || notice === undefined) break;
    orders.push({ record, notice });
  }
  return orders;
}

function orderId({ course: { root, call }, ballot: { ballot } }: FoundBallot, nth: number): string {
  const { startedAtMs } = call.terms;
  const key = byHandKey({ approval: root.id, startedAtMs }, addressKey(ballot.approver.email), nth);
  return noticeId(root.id, canonicalHash(key).slice(0, 32));
}

function orderedAtMs({ says }: Notice): number {
  if (says.mail === "reminder") return says.dueAtMs;
  return says.mail === "resend" ? says.atMs : 0;
}

/** Waits a moment for the mail, and tells what became of it. */
async function toldOf(options: ActOptions, named: BallotNamed, record: StoredPromise): Promise<Mailed> {
  const { durable, signal, outcomeWaitMs = OUTCOME_WAIT_MS } = options;
  const sent = (await durable.waitFor(record.id, { timeoutMs: outcomeWaitMs, signal })) ?? record;
  const delivery = noticeEndOf(sent)?.delivery;
  // It was answered, or otherwise closed, before the mail's turn came.
  if (delivery?.status === "skipped") return await closed(options, named);
  const result = await stands({ ...options, outcomeWaitMs: 0 }, named.approval, named.n, true);
  if (result.kind !== "stands") return result;
  const notice = noticeOf(record);
  const againAtMs = (notice === undefined ? record.createdAt : orderedAtMs(notice)) + PAUSE_MS;
  return { ...result, isDone: sent.state !== "pending", mailed: { ...mailedOf(delivery), againAtMs } };
}

/** As programs and operators see it. */
export function mailView({ status, reason, againAtMs }: MailedByHand) {
  return {
    status,
    ...(reason === undefined ? {} : { reason }),
    possibleAgainAt: new Date(againAtMs).toISOString(),
  };
}

function mailedOf(delivery: Delivery | undefined): Omit<MailedByHand, "againAtMs"> {
  if (delivery?.status === "undeliverable") return { status: delivery.status, reason: delivery.reason };
  return { status: delivery?.status === "sent" ? "sent" : "pending" };
}

/** No mail is sent: the answer tells how the ballot is stored. */
function closed(options: ActOptions, { approval, n }: BallotNamed): Promise<Mailed> {
  return stands({ ...options, outcomeWaitMs: 0 }, approval, n, false);
}
