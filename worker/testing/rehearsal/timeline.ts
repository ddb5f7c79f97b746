/** What happened in a rehearsal, in order, for programs and for people. */
import type { OutcomeKind } from "../../../src/approval/approval.ts";
import type { Evaluation } from "../../../src/approval/evaluate/evaluation.ts";
import type { EventType } from "../../../src/approval/event.ts";
import { explanationText } from "../../../src/approval/wording.ts";
import { messagesFor } from "../../../src/lib/messages.ts";
import type { MailKind, RehearsedMail } from "./mails.ts";
import type { Instead } from "./reaction.ts";

export type TimelineEntry = Happening & {
  /** ISO 8601 instant. */
  readonly at: string;
  /** Since the beginning, in milliseconds. */
  readonly afterMs: number;
};

export type Happening =
  | { readonly what: "begun"; readonly approval: string; readonly deadline: string }
  | {
      readonly what: "mail";
      /** Number of the mail. */
      readonly mail: number;
      readonly to: string;
      readonly kind: MailKind;
      readonly subject: string;
    }
  | {
      readonly what: "answer";
      readonly who: string;
      readonly choice: string;
      readonly comment?: string;
      /** Whether it is the answer that is recorded. */
      readonly effective: boolean;
      /** The heading of the page that they saw then. */
      readonly told: string;
    }
  | {
      readonly what: "act";
      readonly who: string;
      /** `cancel`, `reassign` and others: what a script calls `do`. */
      readonly did: Instead["do"];
      readonly comment?: string;
      readonly effective: boolean;
      /** Why it took no effect. */
      readonly told?: string;
    }
  /** How the approval stands, each time that this has changed. */
  | { readonly what: "stands"; readonly explanation: Evaluation["explanation"] }
  | { readonly what: "callback"; readonly event: EventType; readonly to: string }
  | { readonly what: "ended"; readonly outcome: OutcomeKind; readonly reason: string };

export class Timeline {
  readonly #places: (TimelineEntry | undefined)[] = [];
  readonly #startMs: number;

  /** @param startMs milliseconds since 1970 */
  constructor(startMs: number) {
    this.#startMs = startMs;
  }

  note(atMs: number, happening: Happening): void {
    this.begin(atMs)(happening);
  }

  /** Keeps the place of something that begins now, and whose result comes after what it causes. */
  begin(atMs: number): (happening: Happening) => void {
    const place = this.#places.length;
    this.#places.push(undefined);
    return (happening) => {
      this.#places[place] = {
        at: new Date(atMs).toISOString(),
        afterMs: atMs - this.#startMs,
        ...happening,
      };
    };
  }

  /** In order of time; at one time, in the order in which they began. */
  entries(): readonly TimelineEntry[] {
    const entries = this.#places.filter((entry) => entry !== undefined);
    return entries.toSorted((a, b) => a.afterMs - b.afterMs);
  }
}

export interface TimelineLine {
  /** Since the beginning: `+2d 3h`. */
  readonly after: string;
  /** `Tue 2030-01-01 09:00:00`, in UTC. */
  readonly at: string;
  readonly text: string;
}

export function timelineLines(entries: readonly TimelineEntry[]): TimelineLine[] {
  return entries.map((entry) => ({
    after: `+${durationText(entry.afterMs)}`,
    at: instantText(entry.at),
    text: happeningText(entry),
  }));
}

function happeningText(entry: Happening): string {
  switch (entry.what) {
    case "begun":
      return `${entry.approval} begins; deadline ${instantText(entry.deadline)}`;
    case "mail":
      return `mail ${entry.mail} to ${entry.to} (${entry.kind}): ${entry.subject}`;
    case "answer": {
      const answer = `${entry.who} answers ${entry.choice}${quoted(entry.comment)}`;
      return `${answer}${entry.effective ? "" : ", which does not count"}. The page says: ${entry.told}`;
    }
    case "act": {
      const act = `${entry.who} ${DEED_TEXTS[entry.did]}${quoted(entry.comment)}`;
      return entry.effective ? act : `${act}, which does not count: ${entry.told}`;
    }
    case "stands":
      return standsText(entry.explanation);
    case "callback":
      return `callback ${entry.event} to ${entry.to}`;
    case "ended":
      return `ends as ${entry.outcome}: ${entry.reason}`;
  }
}

const DEED_TEXTS = {
  cancel: "cancels",
  reassign: "hands the question on",
  recuse: "takes no part",
  undo: "takes the answer back",
  change: "changes the request",
  extend: "moves the deadline",
} as const satisfies Record<Instead["do"], string>;

/** How the approval stands, in English and with times in UTC. */
export function standsText(explanation: Evaluation["explanation"]): string {
  return explanationText(explanation, messagesFor("en"), {});
}

function quoted(text: string | undefined): string {
  return text === undefined ? "" : ` ("${text.replaceAll(/\s+/gu, " ")}")`;
}

const UNITS = [
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["min", 60_000],
  ["s", 1_000],
  ["ms", 1],
] as const;

/** `2d 3h`, `15min`, `0`. */
export function durationText(ms: number): string {
  const parts: string[] = [];
  let left = ms;
  for (const [unit, size] of UNITS) {
    const count = Math.floor(left / size);
    left -= count * size;
    if (count > 0) parts.push(`${count}${unit}`);
  }
  return parts.length === 0 ? "0" : parts.join(" ");
}

const WEEKDAYS = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"] as const;

/** Milliseconds are shown if there are any. */
export function instantText(iso: string): string {
  const time = iso.slice(11, -1);
  return `${WEEKDAYS[new Date(iso).getUTCDay()]} ${iso.slice(0, 10)} ${time.replace(/\.000$/u, "")}`;
}

/** How often each person got a mail of each kind. */
export function countMails(mails: readonly RehearsedMail[]): Map<string, Map<MailKind, number>> {
  const counts = new Map<string, Map<MailKind, number>>();
  for (const { to, kind } of mails) {
    const own = counts.get(to) ?? new Map<MailKind, number>();
    own.set(kind, (own.get(kind) ?? 0) + 1);
    counts.set(to, own);
  }
  return counts;
}
