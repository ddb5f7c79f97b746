/** What `countersign dev` prints: where to click, the steps of each approval in one line, and what went wrong. */
import type { ApprovalRequest, OutcomeKind } from "../approval/approval.ts";
import { type CallbackEvent, subjectOf } from "../approval/event.ts";
import type { AskMail } from "../channels/mail/mailer.ts";

/** Approvals that are remembered; the line of an older one begins in the middle. */
const WAYS_MAX = 1_000;

interface Way {
  readonly asked: Set<string>;
  readonly steps: string[];
}

/** The steps of each approval so far: who was asked, who answered what, how it ended. */
export class Ways {
  readonly #ways = new Map<string, Way>();
  readonly #mailbox: string;

  /** @param mailbox where mails are read, a URL */
  constructor(mailbox: string) {
    this.#mailbox = mailbox;
  }

  /** The line for a mail that went out; undefined if it was printed before. */
  mail({
    approval,
    request,
    approver,
  }: Pick<AskMail, "approval" | "request" | "approver">): string | undefined {
    const way = this.#wayOf(approval);
    if (way.asked.has(approver.email)) return undefined;
    way.asked.add(approver.email);
    way.steps.push(`asked ${approver.email}`);
    return `${lineOf(approval, request, way)} · decide in ${this.#mailbox}`;
  }

  /** The line for an event; undefined if it was printed before, or if people need not know of it. */
  event(event: CallbackEvent, request: ApprovalRequest): string | undefined {
    const approval = subjectOf(event);
    const way = this.#wayOf(approval);
    const step = stepOf(event, request);
    if (step === undefined || way.steps.includes(step)) return undefined;
    way.steps.push(step);
    return lineOf(approval, request, way);
  }

  #wayOf(approval: string): Way {
    const known = this.#ways.get(approval);
    if (known !== undefined) return known;
    const way: Way = { asked: new Set(), steps: [] };
    this.#ways.set(approval, way);
    const [oldest] = this.#ways.keys();
    if (this.#ways.size > WAYS_MAX && oldest !== undefined) this.#ways.delete(oldest);
    return way;
  }
}

function lineOf(approval: string, { title }: ApprovalRequest, { steps }: Way): string {
  // As JSON, so that no title writes to the terminal anything but text.
  return `${approval} ${JSON.stringify(title)}: ${steps.join(" → ")}`;
}

const ENDS: Readonly<Record<OutcomeKind, string>> = {
  approved: "APPROVED",
  rejected: "REJECTED",
  expired: "EXPIRED",
  cancelled: "CANCELLED",
};

function stepOf({ type, data }: CallbackEvent, { approvers }: ApprovalRequest): string | undefined {
  const who = (ballot: number) => approvers[ballot - 1]?.email ?? `approver ${ballot}`;
  switch (type) {
    case "ballot.decided":
      return `${who(data.ballot)} ${data.choice === "approve" ? "approved" : "rejected"}`;
    case "approval.delivery_failed":
      return `no mail reaches ${who(data.ballot)}`;
    case "approval.decided":
    case "approval.expired":
    case "approval.cancelled":
      return ENDS[data.outcome];
    case "approval.requested":
    case "workflow.completed":
      return undefined;
  }
}

export interface DevStart {
  readonly url: string;
  /** Names of the folder's workflows, at least one. */
  readonly workflows: readonly string[];
  /** An argument that the first accepts; undefined if none is known. */
  readonly sample: { readonly value: unknown } | undefined;
}

/** What is printed when the service is ready. */
export function devWelcome({ url, workflows, sample }: DevStart): string {
  const [first = ""] = workflows;
  const begin = `curl ${shellWord(`${url}/begin?func=${first}`)} -H 'content-type: application/json' -d`;
  const start =
    sample === undefined
      ? `curl ${url}/workflows shows the argument that each takes; POST it to ${url}/begin?func=${first}`
      : `${begin} ${shellWord(JSON.stringify(sample.value))}`;
  return `
  Countersign is ready at ${url}
  Read mails and decide:  ${url}/mailbox
  Workflows:              ${workflows.join(", ")}
  Start one:              ${start}

`;
}

/** A line of the log for people; undefined for what they need not know while they work on workflows. */
export function logText(line: string): string | undefined {
  const { level, msg, err, error, ...fields } = JSON.parse(line) as Readonly<Record<string, unknown>>;
  if (level !== "warn" && level !== "error" && level !== "fatal") return undefined;
  const cause = messageOf(err) ?? messageOf(error);
  const { part: _, time: __, ...rest } = fields;
  const details = Object.entries(rest)
    .filter(([, value]) => typeof value === "string" || typeof value === "number")
    .map(([name, value]) => `${name} ${String(value)}`);
  return [`${level}: ${String(msg)}`, ...(cause === undefined ? [] : [cause]), ...details].join(" · ");
}

function messageOf(fault: unknown): string | undefined {
  if (typeof fault === "string") return fault;
  if (typeof fault !== "object" || fault === null || !("message" in fault)) return undefined;
  return String(fault.message);
}

/** One word of a POSIX shell, whatever it contains. */
function shellWord(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
