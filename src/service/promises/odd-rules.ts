/**
 * What the product's own promises may be settled with, kind by kind, by the same readers that go on with them; and what
 * follows where another program has settled one with something else. docs/reliability.md has the same rules as a table.
 */
import { CALLBACK_KIND, isCallbackId } from "../../approval/callback.ts";
import { childId, KIND_TAG, parentId } from "../../approval/ids.ts";
import { ATTEMPT_KIND, slotOfAttempt, standingUseEndIn } from "../../approval/limits/use-record.ts";
import { NOTICE_KIND } from "../../approval/notice.ts";
import { PLACE_KIND } from "../../approval/refusal/place.ts";
import { CHECK_SETTLED_BY_OTHERS, parsedRequestIn } from "../../approval/request.ts";
import {
  cancellationOf,
  changeOf,
  closedOf,
  decisionOf,
  extensionOf,
  judgementIn,
  judgementV1In,
  mailResultIn,
  outcomeIn,
  reassignmentOf,
  recusalOf,
  reissueOf,
  undoOf,
  withdrawalOf,
} from "../../approval/stored.ts";
import { parseAttempt, parseCallbackEnd, parseEvent } from "../../approval/stored-callback.ts";
import { noticeEndIn } from "../../approval/stored-notice.ts";
import { USE_KIND } from "../../approval/use-names.ts";
import type { StoredPromise } from "../../durable/durable.ts";
import { isStep } from "../../durable/lineage.ts";
import {
  DELIVERY,
  MEETING,
  readArrival,
  readDeliveryResult,
  readJoined,
  readWebhookAnswer,
  WAIT,
} from "../../webhooks/records.ts";
import { checkedArgumentIn } from "../../workflows/argument.ts";

/** Reads any promise, such as the workflow of a step. */
export type Read = (id: string) => StoredPromise | undefined;

export interface Rule {
  /** What the promise is, for people. */
  readonly kind: string;
  /** Whether the product itself may have settled it so. */
  accepts(promise: StoredPromise): boolean;
  /** What would be right: "which is no …". */
  readonly expected: string;
  /** How the product goes on. */
  readonly means: string;
  /** What an operator can do. */
  readonly remedy: string;
  /** Whether the promise is the product's at all, where its tags do not tell: workflows of users name steps as they like. */
  isOurs?(promise: StoredPromise, read: Read): boolean;
}

const NOTHING_TO_DO = "You need not do anything.";
const ASK_AGAIN = "Ask again under another id.";

/** By the tag `countersign:kind`. */
const TAGGED: ReadonlyMap<string, Rule> = new Map<string, Rule>([
  [
    "approval",
    {
      kind: "approval",
      accepts: (promise) => isResult(promise, outcomeIn),
      expected: "outcome of an approval (approval, outcome, reason, decisions, metadata)",
      means: "The approval's state is failed. A workflow that asked for it got an error",
      remedy: `The links that were mailed no longer decide anything. ${ASK_AGAIN}`,
    },
  ],
  [
    "end",
    {
      kind: "end of an approval",
      accepts: (promise) =>
        isDue(promise) ||
        [cancellationOf, closedOf, extensionOf, changeOf].some((read) => read(promise) !== undefined),
      expected: "verdict (kind, outcome, reason), cancellation, extension or change (kind, nonce)",
      means: "It ended the approval like a cancellation, or like the deadline if it is empty",
      remedy: `Look at the approval's outcome. ${ASK_AGAIN}`,
    },
  ],
  [
    "ballot",
    {
      kind: "ballot",
      accepts: (promise) =>
        promise.state === "timedout" ||
        [decisionOf, withdrawalOf, reassignmentOf, recusalOf, reissueOf].some(
          (read) => read(promise) !== undefined,
        ),
      expected: "decision (kind, choice, by, door, nonce), and nothing else that closes a ballot",
      means:
        "It does not count as an answer, and its approver can no longer give one. The approval waits for the other ballots; if none is left, for its deadline or a cancellation",
      remedy: `If the approval cannot be decided without this answer, cancel it (POST /approvals/:id/cancel). ${ASK_AGAIN}`,
    },
  ],
  [
    "undo",
    {
      kind: "undo of a ballot",
      accepts: (promise) => promise.state === "timedout" || undoOf(promise) !== undefined,
      expected: "mark that an answer was taken back, or no longer can be (kind)",
      means: "The answer on its ballot counts, and can no longer be taken back",
      remedy: NOTHING_TO_DO,
    },
  ],
  [
    "alarm",
    {
      kind: "timer of an approval",
      accepts: (promise) => isDue(promise) || isNull(promise),
      expected: "time that is over",
      means: "The approval was looked at once more than needed",
      remedy: NOTHING_TO_DO,
    },
  ],
  [
    "retry",
    {
      kind: "retry timer",
      // The judgement of an approval that is over ends the timer that it no longer needs.
      accepts: (promise) => isDue(promise) || (isNull(promise) && !isCallbackId(promise.id)),
      expected: "time that is over",
      means: "The next try was made at once",
      remedy: NOTHING_TO_DO,
    },
  ],
  [
    USE_KIND,
    {
      kind: "use of an approved action",
      // It is all that there is to say when it is created, unless people are told of it.
      accepts: (promise) => promise.state === "timedout" || isResult(promise, standingUseEndIn),
      expected: "end of its time, or of the workflow that tells people of it (kind, mails)",
      means: "It stays what it was: consumed, or revoked",
      remedy: NOTHING_TO_DO,
    },
  ],
  [
    ATTEMPT_KIND,
    {
      kind: "attempt to use a standing approval",
      accepts: (promise) => promise.state === "timedout" || slotOfAttempt(promise) !== undefined,
      expected: "number of its use, or end of its time",
      means: "Whoever makes the attempt again looks for its use from the first one that it can be",
      remedy: NOTHING_TO_DO,
    },
  ],
  [
    PLACE_KIND,
    {
      kind: "place of a standing refusal",
      accepts: (promise) => promise.state === "timedout",
      expected: "end of its time",
      means: "Requests no longer find the refusal, and people are asked again",
      remedy: NOTHING_TO_DO,
    },
  ],
  [
    NOTICE_KIND,
    {
      kind: "mail of an approval",
      accepts: (promise) => isResult(promise, noticeEndIn),
      expected: "end of a mail (kind, delivery, attempts)",
      means: "The mail is not tried again",
      remedy: NOTHING_TO_DO,
    },
  ],
  [
    CALLBACK_KIND,
    {
      kind: "callback",
      accepts: (promise) => isResult(promise, parseCallbackEnd),
      expected: "end of a callback (kind, status, attempts, result)",
      means: "The callback counts as failed and is not tried again",
      remedy: "Send it again: countersign callbacks replay ID.",
    },
  ],
  [
    WAIT,
    {
      kind: "wait for a webhook",
      // A wait that cannot be had is closed with null, and its workflow is told why.
      accepts: (promise) => isDue(promise) || isNull(promise) || isValue(promise, readWebhookAnswer),
      expected: 'event (kind "webhook", outcome)',
      means: "The wait is over, with the outcome timeout. The event goes to the next wait",
      remedy: "See what the workflow did without the event; begin it again under another id if need be.",
    },
  ],
  [
    MEETING,
    {
      kind: "meeting of an event and a wait",
      accepts: (promise) => promise.state === "timedout" || isValue(promise, readArrival),
      expected: "event (kind, delivery, answer) and no wait (kind, waiter)",
      means: "It is skipped: event and wait meet at the next one. An event that was kept in it is lost",
      remedy: "Have the sender send its event again under another id if a workflow still waits for it.",
    },
  ],
  [
    DELIVERY,
    {
      kind: "delivery of a webhook",
      accepts: (promise) => promise.state === "timedout" || isValue(promise, readDeliveryResult),
      expected: "result of a delivery (result, effective)",
      means: "It counts as processed, with the result ignored. If the sender repeats it, nothing happens",
      remedy: "Have the sender send the event again under another id.",
    },
  ],
]);

/** Steps, by the function that they ran. */
const STEPS: ReadonlyMap<string, Rule> = new Map<string, Rule>([
  [
    "mail_ballot",
    {
      kind: "step that mails",
      accepts: (promise) => isResult(promise, mailResultIn),
      expected: 'result of a mail (kind "mail", n, delivery)',
      means: "It is not known whether the mail went out, so the same mail is sent again, with the same links",
      remedy: NOTHING_TO_DO,
      isOurs: isInApproval,
    },
  ],
  [
    "judge",
    {
      kind: "step that judges",
      accepts: (promise) => isResult(promise, judgementIn) || isResult(promise, judgementV1In),
      expected: "judgement (kind, verdict, state, decisions)",
      means: "The judgement runs again",
      remedy: NOTHING_TO_DO,
      isOurs: isInApproval,
    },
  ],
  [
    "check_request",
    {
      kind: "step that checks a request",
      accepts: (promise) => isResult(promise, parsedRequestIn),
      expected: "checked request (ok, value, deadlineAtMs)",
      means: "Nobody was asked. The workflow got an error",
      remedy: "Begin it again under another id.",
      isOurs: (promise, read) => {
        const workflow = workflowOf(promise, read);
        return isCallOf(workflow, "approval") || saysCheckWasSettled(workflow);
      },
    },
  ],
  [
    "attempt_callback",
    {
      kind: "step that attempts a callback",
      accepts: (promise) => isResult(promise, parseAttempt),
      expected: 'attempt (kind "attempt", n, at, ms, result, next)',
      means: "It counts as an attempt, and the next one follows",
      remedy: NOTHING_TO_DO,
      isOurs: ({ id }) => isCallbackId(id),
    },
  ],
  [
    "read_completion",
    {
      kind: "step that reads a workflow's end for a callback",
      accepts: (promise) => isResult(promise, parseEvent),
      expected: "event (type, timestamp, data)",
      means: "The callback has failed",
      remedy: "Tell the receiver yourself.",
      isOurs: ({ id }) => isCallbackId(id),
    },
  ],
  [
    "join_meeting",
    {
      kind: "step that brings a wait to its meeting",
      accepts: (promise) => isResult(promise, readJoined),
      expected: 'joining (kind "joined" or "refused")',
      means: "The wait is brought to its meeting again",
      remedy: NOTHING_TO_DO,
      // The step that made it, or the same step again, stands right before it.
      isOurs: (promise, read) => {
        const before = siblingOf(promise, -1, read);
        return before?.tags[KIND_TAG] === WAIT || isCallOf(before, "join_meeting");
      },
    },
  ],
  [
    "check_argument",
    {
      kind: "step that checks an argument",
      accepts: (promise) => isResult(promise, checkedArgumentIn),
      expected: "checked argument (ok, value or problems)",
      means: "The argument is checked again",
      remedy: NOTHING_TO_DO,
      // Only the product's is made a second time for that.
      isOurs: (promise, read) => isCallOf(siblingOf(promise, 1, read), "check_argument"),
    },
  ],
]);

/** A promise that hangs below one of the product's own workflows, and is none of what that would have created there. */
const STRAY: Rule = {
  kind: "promise in the place of one of the product's own",
  accepts: () => false,
  expected: "promise of the product's: another program created it",
  means: "The workflow takes it for its own, and reads its value by the rule of that place",
  remedy: "Look at the workflow: countersign tree ID.",
  isOurs: ({ id }, read) => {
    const parent = parentId(id);
    if (parent === undefined) return false;
    return isCallbackId(parent) || read(parent)?.tags[KIND_TAG] === "approval";
  },
};

/** The rule for a promise; undefined for one that is none of the product's. */
export function ruleFor(promise: StoredPromise, read: Read): Rule | undefined {
  const kind = promise.tags[KIND_TAG];
  if (kind !== undefined) return TAGGED.get(kind);
  const rule = isStep(promise.tags) ? STEPS.get(funcOf(promise) ?? "") : STRAY;
  return rule?.isOurs?.(promise, read) === true ? rule : undefined;
}

/** Whether such a promise can have a rule: most have none, and need not be read. */
export function mayHaveRule({ id, tags }: Pick<StoredPromise, "id" | "tags">): boolean {
  const kind = tags[KIND_TAG];
  return kind === undefined ? id.includes(":") : TAGGED.has(kind);
}

/**
 * Of what a worker runs: a result of that shape, or an end that a worker or the clock brings about. Workers reject with
 * an error; another program that does the same cannot be told from them.
 */
function isResult(promise: StoredPromise, reader: (value: unknown) => unknown): boolean {
  if (promise.state === "timedout") return true;
  if (promise.state === "rejected") return promise.value instanceof Error;
  return isValue(promise, reader);
}

function isValue({ state, value }: StoredPromise, reader: (value: unknown) => unknown): boolean {
  return state === "resolved" && reader(value) !== undefined;
}

/** A timer whose time was over: it resolves by itself, with nothing. */
function isDue({ state, value, unreadable, settledAt, timeoutAt }: StoredPromise): boolean {
  if (state === "timedout") return true;
  const isBare = state === "resolved" && value === undefined && unreadable !== "value";
  return isBare && settledAt !== undefined && settledAt >= timeoutAt;
}

function isNull({ state, value }: StoredPromise): boolean {
  return state === "resolved" && value === null;
}

function isInApproval(step: StoredPromise, read: Read): boolean {
  return workflowOf(step, read)?.tags[KIND_TAG] === "approval";
}

function workflowOf({ id }: StoredPromise, read: Read): StoredPromise | undefined {
  const workflow = parentId(id);
  return workflow === undefined ? undefined : read(workflow);
}

function siblingOf({ id }: StoredPromise, by: number, read: Read): StoredPromise | undefined {
  const parent = parentId(id);
  const position = Number(parent === undefined ? Number.NaN : id.slice(parent.length + 1));
  return parent === undefined || !Number.isInteger(position + by) || position + by < 0
    ? undefined
    : read(childId(parent, position + by));
}

function isCallOf(promise: StoredPromise | undefined, func: string): boolean {
  return promise !== undefined && funcOf(promise) === func;
}

function funcOf({ param }: StoredPromise): string | undefined {
  if (typeof param !== "object" || param === null || !("func" in param)) return undefined;
  return typeof param.func === "string" ? param.func : undefined;
}

/** What only the product says, of a workflow that asked: a step of its own may have the same name. */
function saysCheckWasSettled(workflow: StoredPromise | undefined): boolean {
  if (workflow?.state !== "rejected" || !(workflow.value instanceof Error)) return false;
  return workflow.value.message.includes(CHECK_SETTLED_BY_OTHERS);
}
