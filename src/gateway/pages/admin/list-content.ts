import type { Entry } from "../../../ledger/entry.ts";
import { CONDITIONS_MAX } from "../../../ledger/parameters.ts";
import { dateText, relativeText } from "../../../lib/date-text.ts";
import type { RelayState } from "../../../lib/relay-state.ts";
import type { Locals } from "../../../lib/templates.ts";
import { oneLine } from "../../../lib/text.ts";
import type { PageContent } from "../page-content.ts";
import { personOf } from "../people.ts";
import { type AdminPage, adminApprovalHref } from "./admin-page.ts";
import { adminShell, leaveForm, tabsAt } from "./admin-shell.ts";

type Data = Extract<AdminPage, { view: "adminList" }>["data"];

export function listContent(data: Data): PageContent {
  const { operator, filter, problems, unavailable, items, total, previous, next, relay } = data;
  const problemOf = (name: string) => problems.find(({ field }) => field === name)?.message;
  const control = (name: "approver" | "requester" | "q", label: string, type: string) => ({
    ...inputOf(name, label, filter[name], type),
    problem: problemOf(name),
  });
  const dates = (from: "createdFrom" | "dueFrom", to: "createdTo" | "dueTo", label: string) => ({
    label,
    from: { ...inputOf(from, "from", filter[from], "date"), problem: problemOf(from) },
    to: { ...inputOf(to, "to", filter[to], "date"), problem: problemOf(to) },
  });
  // One empty control more than there are tags.
  const tags = [...filter.tags, ""].slice(0, CONDITIONS_MAX);
  return {
    template: "admin/list",
    locals: {
      tabs: tabsAt("/admin"),
      leave: leaveForm(operator),
      problems: problems.map(({ field, message }) => `${LABELS[field] ?? field} ${message}.`),
      relay: relay && relayText(relay),
      isRelayBad: relay?.kind === "away" || relay?.kind === "barred",
      unavailable,
      selects: [
        {
          ...inputOf("status", LABELS["status"] ?? "", filter.status, ""),
          options: optionsOf(STATUSES),
        },
        {
          ...inputOf("stands", LABELS["stands"] ?? "", filter.stands, ""),
          options: optionsOf(STANDS),
        },
        { ...inputOf("sort", LABELS["sort"] ?? "", filter.sort, ""), options: optionsOf(SORTS) },
      ],
      words: control("q", LABELS["q"] ?? "", "search"),
      isDetailed: DETAILS.some(
        (name) => filter[name].length > 0 || problemOf(name.replace(/s$/u, "")) !== undefined,
      ),
      inputs: [
        control("approver", LABELS["approver"] ?? "", "email"),
        control("requester", LABELS["requester"] ?? "", "email"),
        ...tags.map((tag, i) => ({
          ...inputOf("tag", i === 0 ? (LABELS["tag"] ?? "") : `Tag ${i + 1}`, tag, "text"),
          id: `filter-tag-${i}`,
          problem: i < filter.tags.length ? problemOf("tag") : undefined,
        })),
      ],
      periods: [dates("createdFrom", "createdTo", "Created"), dates("dueFrom", "dueTo", "Deadline")],
      isFiltered: problems.length > 0 || Object.values(filter).some((value) => value.length > 0),
      count: total && countText(total),
      items: items.map((entry) => shownItem(entry, data)),
      previous,
      next,
    },
    shell: adminShell(operator, "Approvals"),
  };
}

/** Conditions that are folded while none of them is set. */
const DETAILS = ["approver", "requester", "tags", "createdFrom", "createdTo", "dueFrom", "dueTo"] as const;

/** As problems name them. */
const LABELS: Readonly<Record<string, string>> = {
  status: "Status",
  stands: "In force",
  sort: "Order",
  q: "Words of the title or id",
  approver: "Approver",
  requester: "Requester",
  tag: "Tag, as name:value",
  createdFrom: "Created from",
  createdTo: "Created to",
  dueFrom: "Deadline from",
  dueTo: "Deadline to",
};

const STATUSES = {
  "": "any",
  pending: "open",
  approved: "approved",
  rejected: "rejected",
  expired: "expired",
  cancelled: "cancelled",
  failed: "broken off",
} as const;

/** What holds in advance, without anybody being asked. */
const STANDS = { "": "any", approval: "standing approvals", refusal: "refusals in advance" } as const;

const SORTS = { created: "newest first", due: "open, soonest deadline first" } as const;

function optionsOf(texts: Readonly<Record<string, string>>) {
  return Object.entries(texts).map(([value, text]) => ({ value, text }));
}

function inputOf(name: string, label: string, value: string, type: string) {
  return { id: `filter-${name}`, name, label, value, type };
}

function countText({ count, isExact }: NonNullable<Data["total"]>): string {
  if (!isExact)
    return count === 0
      ? ""
      : `At least ${count.toLocaleString("en-GB")} ${count === 1 ? "approval" : "approvals"}`;
  return count === 1 ? "1 approval" : `${count.toLocaleString("en-GB")} approvals`;
}

/** Undefined before the first mail: then nothing is known. */
function relayText({ kind, sinceMs, lastError, waiting }: RelayState): string | undefined {
  if (kind === "unknown") return undefined;
  const since = dateText(sinceMs).local;
  const mails = waiting === 0 ? "" : ` ${waiting === 1 ? "1 mail waits" : `${waiting} mails wait`}.`;
  if (kind === "up") return `The mail relay takes mails, since ${since}.${mails}`;
  const what = kind === "away" ? "is away" : "does not let us send";
  return `The mail relay ${what}, since ${since}: ${lastError?.reason ?? "unknown reason"}.${mails}`;
}

/** People that a line names; of more it gives the number. */
const WAITING_MAX = 3;

function shownItem(entry: Entry, { nowMs }: Data): Locals {
  const { id, title, requester, status, waitingFor, deadline, createdAt, endedAt, stage, stages, stands } =
    entry;
  const isOpen = status === "pending";
  const more = waitingFor.length - WAITING_MAX;
  return {
    href: adminApprovalHref(id),
    id,
    title: oneLine(title),
    status: entry.revising === true ? "changes requested" : STATUSES[status],
    tone: toneOf(status),
    requester: requester && personOf(requester),
    stage: stage !== undefined && stages !== undefined && isOpen ? `stage ${stage} of ${stages}` : "",
    waitingFor: [...waitingFor.slice(0, WAITING_MAX), ...(more > 0 ? [`${more} more`] : [])].join(", "),
    whenLabel: isOpen ? "Deadline" : "Ended",
    when: dateText(Date.parse(isOpen ? deadline : (endedAt ?? deadline))),
    inTime: isOpen ? inTime(Date.parse(deadline), nowMs) : "",
    standing: stands && standingText(stands, nowMs),
    createdAt: dateText(Date.parse(createdAt)),
    tags: Object.entries(entry.tags).map(([name, value]) => ({
      text: oneLine(`${name}:${value}`),
      href: `/admin?${new URLSearchParams({ tag: `${name}:${value}` }).toString()}`,
    })),
  };
}

const STANDING = { approval: "Can be used until", refusal: "Not to be asked again until" } as const;
const STOOD = { approval: "Could be used until", refusal: "Was not to be asked again until" } as const;

function standingText({ kind, until }: NonNullable<Entry["stands"]>, nowMs: number): Locals {
  const untilMs = Date.parse(until);
  const isOver = nowMs >= untilMs;
  const texts = isOver ? STOOD : STANDING;
  return {
    label: texts[kind],
    until: dateText(untilMs),
    inTime: isOver ? "" : inTime(untilMs, nowMs),
  };
}

function inTime(atMs: number, nowMs: number): string {
  return relativeText(atMs, nowMs, "en-GB") ?? "passed";
}

/** The colour of a status. */
export function toneOf(status: Entry["status"]): "approve" | "reject" | "none" {
  return status === "approved" ? "approve" : status === "rejected" || status === "failed" ? "reject" : "none";
}
