/**
 * What must be true, by the promises of the README and of docs/reliability.md. It knows only what people, programs,
 * mailboxes and receivers saw, and at the end what the service says about each approval; it has no code of the product.
 */
import type { Received } from "./parts/receivers.ts";
import type { SimMail } from "./parts/relay.ts";
import type { Plan } from "./people/plans.ts";

/** What `GET /approvals/:id` answers, as far as it is looked at. */
export interface Shown {
  readonly id: string;
  readonly status: string;
  readonly deadline: string;
  readonly endedAt?: string;
  readonly round?: number;
  readonly outcome?: { readonly outcome: string; readonly decisions: readonly unknown[] };
  readonly error?: string;
  readonly ballots: readonly {
    readonly n: number;
    readonly approver: { readonly email: string };
    readonly state: string;
    readonly choice?: string;
    readonly decidedAt?: string;
    readonly undoUntil?: string;
    readonly round?: number;
    readonly mail: { readonly status: string };
  }[];
  readonly callbacks?: readonly unknown[];
}

/** What a page told somebody about their press. */
export interface Told {
  readonly approval: string;
  readonly ballot: number;
  readonly choice: string;
  readonly isEffective: boolean;
  readonly atMs: number;
}

export interface OracleOptions {
  readonly now: () => number;
  /** Whether something went wrong in that time that may make a process repeat itself. */
  readonly wasDisturbed: (fromMs: number, toMs: number) => boolean;
  /** Gets each broken promise, in words. */
  readonly onBreach: (rule: string, what: string) => void;
}

const MINUTE_MS = 60_000;
/** A copy may follow so long after what went wrong: leases, pauses after failures and long waits are over by then. */
const AFTERMATH_MS = 45 * MINUTE_MS;
/** So long after its deadline, every approval has ended, whatever is down. */
const STUCK_MS = 6 * 60 * MINUTE_MS;

interface Known {
  readonly plan: Plan;
  acknowledgedAt?: number;
  isCancelSent: boolean;
  isCancelled: boolean;
  isActedOn: boolean;
  isExtended: boolean;
  end?: { readonly status: string; readonly text: string };
  readonly told: Told[];
  readonly mails: SimMail[];
  readonly received: Received[];
}

const FINAL = new Set(["approved", "rejected", "expired", "cancelled", "failed"]);

export class Oracle {
  readonly #options: OracleOptions;
  readonly #known = new Map<string, Known>();
  readonly #copies = new Map<string, SimMail>();
  readonly #events = new Map<string, Received>();
  /** How often something was looked at, so that a simulation that checks nothing is seen. */
  readonly checked = new Map<string, number>();

  constructor(options: OracleOptions) {
    this.#options = options;
  }

  planned(plan: Plan): void {
    this.#known.set(plan.id, {
      plan,
      isCancelSent: false,
      isCancelled: false,
      isActedOn: false,
      isExtended: false,
      told: [],
      mails: [],
      received: [],
    });
  }

  /** Approvals whose begin was acknowledged. */
  acknowledged(id: string): void {
    this.#of(id).acknowledgedAt ??= this.#options.now();
  }

  cancelSent(id: string): void {
    this.#of(id).isCancelSent = true;
  }

  cancelled(id: string): void {
    this.#of(id).isCancelled = true;
  }

  /** A program did something that changes who is asked, until when, or what counts. */
  actedOn(id: string): void {
    this.#of(id).isActedOn = true;
  }

  /** Somebody asked for a later deadline. */
  extended(id: string): void {
    this.#of(id).isExtended = true;
  }

  told(told: Told): void {
    const { told: before } = this.#of(told.approval);
    if (told.isEffective) {
      const other = before.find(({ ballot, isEffective }) => isEffective && ballot === told.ballot);
      this.#hold(
        "one decision of a ballot counts",
        other === undefined,
        () => `${words(told)}, and ${words(other)}`,
      );
    }
    before.push(told);
  }

  mail(mail: SimMail, approval: string | undefined): void {
    if (approval !== undefined) this.#known.get(approval)?.mails.push(mail);
    const first = this.#copies.get(mail.messageId);
    if (first === undefined) {
      this.#copies.set(mail.messageId, mail);
      return;
    }
    const isSame =
      first.to === mail.to &&
      first.subject === mail.subject &&
      first.text === mail.text &&
      first.html === mail.html;
    // A mail that is sent again after the deadline was moved names the new one.
    const isMoved = approval !== undefined && this.#known.get(approval)?.isExtended === true;
    this.#hold(
      "copies of a mail are the same",
      isSame || isMoved,
      () => `${mail.messageId} to ${mail.to}: ${firstDifference(first.text, mail.text)}`,
    );
    this.#copies.set(mail.messageId, mail);
    this.#hold(
      "a mail comes twice only after a crash or a loss",
      this.#options.wasDisturbed(first.atMs - AFTERMATH_MS, mail.atMs) &&
        this.#options.wasDisturbed(first.atMs - AFTERMATH_MS, first.atMs + AFTERMATH_MS),
      () =>
        `${mail.messageId} to ${mail.to}, ${new Date(first.atMs).toISOString()} and ${new Date(mail.atMs).toISOString()}`,
    );
  }

  received(received: Received): void {
    const { event, receiver, messageId, atMs } = received;
    const about = "approval" in event.data ? event.data.approval : "";
    const known = this.#known.get(about);
    this.#hold("callbacks are about approvals", known !== undefined, () => JSON.stringify(event));
    known?.received.push(received);
    const ballot = "ballot" in event.data ? event.data.ballot : 0;
    const key = JSON.stringify([event.type, about, ballot, receiver]);
    const first = this.#events.get(key);
    if (first !== undefined) {
      this.#hold(
        "a callback has the same id at every attempt",
        first.messageId === messageId,
        () => `${key}: ${first.messageId}, ${messageId}`,
      );
      this.#hold(
        "a callback says the same at every attempt",
        JSON.stringify(first.event) === JSON.stringify(event),
        () => `${JSON.stringify(first.event)}, ${JSON.stringify(event)}`,
      );
      if (isTaken(first)) {
        this.#hold(
          "a callback that was delivered comes again only after a crash or a loss",
          this.#options.wasDisturbed(first.atMs - AFTERMATH_MS, first.atMs + AFTERMATH_MS),
          () => `${key} at ${new Date(first.atMs).toISOString()} and ${new Date(atMs).toISOString()}`,
        );
      }
    }
    if (first === undefined || !isTaken(first)) this.#events.set(key, received);
  }

  /** What the service says about an approval now; undefined: it does not know it. */
  shown(id: string, shown: Shown | undefined): void {
    const known = this.#of(id);
    if (known.acknowledgedAt !== undefined) {
      this.#hold("what was acknowledged is there", shown !== undefined, () => id);
    }
    if (shown === undefined) return;
    const isEnd = FINAL.has(shown.status);
    const text = JSON.stringify([shown.status, shown.outcome ?? null, shown.endedAt ?? null]);
    if (known.end === undefined) {
      if (isEnd) {
        known.end = { status: shown.status, text };
        this.#prompt(shown);
      }
    } else
      this.#hold(
        "an end never changes",
        known.end.text === text,
        () => `${id}: ${known.end?.text}, then ${text}`,
      );
    if (!isEnd) {
      const lateMs = this.#options.now() - Date.parse(shown.deadline);
      this.#hold(
        "no approval gets stuck",
        lateMs < STUCK_MS,
        () => `${id} is ${shown.status} after ${shown.deadline}`,
      );
    }
  }

  #prompt({ id, status, deadline, endedAt = "" }: Shown): void {
    const [deadlineMs, endedMs] = [Date.parse(deadline), Date.parse(endedAt)];
    const isPrompt =
      endedMs - deadlineMs < MINUTE_MS || this.#options.wasDisturbed(deadlineMs - AFTERMATH_MS, endedMs);
    this.#hold(
      "deadlines take effect in time",
      isPrompt,
      () => `${id} (${status}): ${endedAt} after ${deadline}`,
    );
  }

  /** Everything about an approval that is over, and whose mails and callbacks are. */
  over(id: string, shown: Shown): void {
    const known = this.#of(id);
    this.shown(id, shown);
    const { plan } = known;
    const { status } = shown;
    const say = (what: string) => () => `${id} (${status}): ${what}`;
    this.#hold("an approval's workflow never breaks off", status !== "failed", say(shown.error ?? ""));
    this.#hold(
      "the outcome is the status",
      shown.outcome?.outcome === status,
      say(JSON.stringify(shown.outcome)),
    );
    const endedMs = Date.parse(shown.endedAt ?? "");
    const deadlineMs = Date.parse(shown.deadline);
    if (status === "expired")
      this.#hold(
        "nothing expires early",
        endedMs >= deadlineMs,
        say(`${shown.endedAt} before ${shown.deadline}`),
      );
    if (known.isCancelled)
      this.#hold("a cancellation that was confirmed stands", status === "cancelled", say("confirmed"));
    if (status === "cancelled") {
      const isExplained = known.isCancelSent;
      this.#hold("nothing is cancelled that nobody cancelled", isExplained, say("nobody asked for it"));
    }
    for (const { n, decidedAt, state } of shown.ballots) {
      if (decidedAt === undefined || state === "withdrawn") continue;
      this.#hold(
        "no answer counts after the deadline",
        Date.parse(decidedAt) < deadlineMs,
        say(`ballot ${n} ${decidedAt}`),
      );
    }
    this.#decisions(known, shown, say);
    this.#rule(known, shown, say);
    this.#mails(known, shown, say);
    this.#callbacks(plan, known, shown, say);
  }

  #decisions(known: Known, shown: Shown, say: (what: string) => () => string): void {
    for (const told of known.told) {
      const ballot = shown.ballots.find(({ n }) => n === told.ballot);
      const stands = ballot?.choice ?? CHOICE_OF[ballot?.state ?? ""];
      if (told.isEffective) {
        const isThere = stands === told.choice || ballot?.state === "undone";
        this.#hold(
          "who was told that their answer counts is right",
          isThere,
          say(`${words(told)}; ballot: ${JSON.stringify(ballot)}`),
        );
      }
    }
  }

  /** Of the plain rules: what the outcome needs. */
  #rule({ plan, isActedOn }: Known, shown: Shown, say: (what: string) => () => string): void {
    if (plan.need === undefined || isActedOn) return;
    const count = (state: string) => shown.ballots.filter((ballot) => ballot.state === state).length;
    const [approved, rejected] = [count("approved"), count("rejected")];
    const counts = say(`${approved} approved, ${rejected} rejected, ${plan.need} needed`);
    if (shown.status === "approved")
      this.#hold("an approval has its approvals", approved >= plan.need, counts);
    if (shown.status === "rejected") {
      const byDeadline =
        plan.body["onDeadline"] === "reject" && Date.parse(shown.endedAt ?? "") >= Date.parse(shown.deadline);
      this.#hold("a rejection has its reason", rejected > 0 || byDeadline, counts);
    }
    if (shown.status === "expired")
      this.#hold("nothing expires that was decided", approved < plan.need, counts);
  }

  #mails({ mails }: Known, shown: Shown, say: (what: string) => () => string): void {
    for (const { n, approver, mail } of shown.ballots) {
      const got = mails.some(({ to }) => to === approver.email);
      const what = say(`ballot ${n} of ${approver.email}: ${mail.status}`);
      if (mail.status === "sent") this.#hold("a mail that is shown as sent was sent", got, what);
      const isSettled = mail.status !== "pending" && mail.status !== "deferred";
      this.#hold(
        "each approver gets a mail, or is shown as undeliverable",
        isSettled || shown.status !== "approved" || got,
        what,
      );
    }
  }

  #callbacks(plan: Plan, { received }: Known, shown: Shown, say: (what: string) => () => string): void {
    if (plan.body["callbackUrl"] === undefined) return;
    const ends = received.filter(({ event }) => END_EVENTS.has(event.type));
    this.#hold("a callback reports the end", ends.length > 0, say(`${received.length} callbacks`));
    for (const { event } of ends) {
      const outcome = "outcome" in event.data ? event.data.outcome : "";
      this.#hold("callbacks report the true end", outcome === shown.status, say(JSON.stringify(event)));
    }
    const answered = shown.ballots
      .filter(({ state }) => state === "approved" || state === "rejected")
      .map(({ n }) => n);
    for (const n of answered) {
      const isTold = received.some(
        ({ event: { type, data } }) => type === "ballot.decided" && "ballot" in data && data.ballot === n,
      );
      this.#hold("a callback reports each answer", isTold, say(`ballot ${n}`));
    }
  }

  /** A link that is opened after the end. `outcome`: what its page says. */
  lateLink(id: string, outcome: string | undefined, isForm: boolean): void {
    const { end } = this.#of(id);
    if (end === undefined) return;
    this.#hold("a late link asks nothing", !isForm, () => `${id} ended as ${end.status}`);
    if (outcome !== undefined)
      this.#hold(
        "a late link tells the truth",
        outcome === end.status,
        () => `${id}: ${outcome}, not ${end.status}`,
      );
  }

  /** When nothing goes wrong any more: what has not ended. */
  open(): string[] {
    return [...this.#known.values()].flatMap(({ acknowledgedAt, end, plan }) =>
      acknowledgedAt !== undefined && end === undefined ? [plan.id] : [],
    );
  }

  endOf(id: string): string | undefined {
    return this.#known.get(id)?.end?.status;
  }

  /** Approvals that were acknowledged. */
  get begun(): number {
    return [...this.#known.values()].filter(({ acknowledgedAt }) => acknowledgedAt !== undefined).length;
  }

  breach(rule: string, what: string): void {
    this.#options.onBreach(rule, what);
  }

  #hold(rule: string, isTrue: boolean, what: () => string): void {
    this.checked.set(rule, (this.checked.get(rule) ?? 0) + 1);
    if (!isTrue) this.#options.onBreach(rule, what());
  }

  #of(id: string): Known {
    const known = this.#known.get(id);
    if (known === undefined) throw new Error(`Nothing was planned as ${id}`);
    return known;
  }
}

const CHOICE_OF: Readonly<Record<string, string>> = {
  approved: "approve",
  rejected: "reject",
  changes_requested: "later",
};

const END_EVENTS: ReadonlySet<string> = new Set([
  "approval.decided",
  "approval.expired",
  "approval.cancelled",
]);

function isTaken({ status }: Received): boolean {
  return status >= 200 && status < 300;
}

function words(told: Told | undefined): string {
  if (told === undefined) return "nobody";
  return `${told.choice} on ballot ${told.ballot} of ${told.approval} was told that it counts at ${new Date(told.atMs).toISOString()}`;
}

function firstDifference(one: string, other: string): string {
  const lines = other.split("\n");
  const at = one.split("\n").findIndex((line, i) => line !== lines[i]);
  return `${one.split("\n")[at] ?? ""} / ${lines[at] ?? ""}`;
}
