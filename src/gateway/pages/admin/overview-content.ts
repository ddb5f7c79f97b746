import type { Bar, Overview } from "../../../service/admin/overview.ts";
import type { PageContent } from "../page-content.ts";
import { type AdminPage, adminApprovalHref } from "./admin-page.ts";
import { adminShell, leaveForm, tabsAt } from "./admin-shell.ts";

type Data<View extends AdminPage["view"]> = Extract<AdminPage, { view: View; data: unknown }>["data"];

export function overviewContent({
  operator,
  overview,
  unavailable,
  halted,
  witnesses,
}: Data<"adminOverview">): PageContent {
  return {
    template: "admin/overview",
    locals: {
      tabs: tabsAt("/admin/overview"),
      leave: leaveForm(operator),
      unavailable,
      charts: overview && [
        {
          title: "Open approvals, by age",
          note: "Since they were requested.",
          bars: barsOf(overview.openByAge),
        },
        {
          title: "Time to decide",
          note: `Of the newest ${overview.decided} that were approved or rejected by somebody’s answer.`,
          bars: barsOf(overview.timeToDecide),
        },
        {
          title: "Mails that ask, by state",
          note: `Of the newest ${overview.mailed} approvals.`,
          bars: barsOf(overview.mails),
        },
      ],
      standing: overview && [
        {
          href: "/admin?stands=approval",
          text: countText(overview.stands.approvals, ["standing approval", "standing approvals"]),
          note: "actions that programs can run without asking, within limits",
        },
        {
          href: "/admin?stands=refusal",
          text: countText(overview.stands.refusals, ["refusal in advance", "refusals in advance"]),
          note: "actions that programs are not to ask for again",
        },
      ],
      halted: halted?.named.map(({ id, isApproval }) => ({
        id,
        href: isApproval ? adminApprovalHref(id) : undefined,
      })),
      haltedAreLeast: halted?.isLeast,
      witnesses: witnesses?.map(({ name, last, failing }) => ({
        name,
        last:
          last &&
          `It cosigned the head of ${last.size.toLocaleString("en-GB")} events at ${instant(last.atMs)}.`,
        failing: failing && `Since ${instant(failing.sinceMs)} it does not cosign: ${failing.why}.`,
      })),
    },
    shell: adminShell(operator, "Overview"),
  };
}

function instant(ms: number): string {
  return new Date(ms).toISOString();
}

function countText(
  { count, isLeast = false }: Overview["stands"]["approvals"],
  [one, many]: [string, string],
) {
  return `${count.toLocaleString("en-GB")}${isLeast ? "+" : ""} ${count === 1 ? one : many}`;
}

/** Bars as long as their share of the longest, in per cent. */
function barsOf(bars: readonly Bar[]) {
  const most = Math.max(1, ...bars.map(({ count }) => count));
  return bars.map(({ label, count, isLeast = false }) => ({
    label,
    text: `${count.toLocaleString("en-GB")}${isLeast ? "+" : ""}`,
    width: count === 0 ? 0 : Math.max(1, Math.round((100 * count) / most)),
  }));
}

export function failedCallbacksContent({
  operator,
  callbacks,
  lookedAt,
}: Data<"adminCallbacks">): PageContent {
  return {
    template: "admin/callbacks",
    locals: {
      tabs: tabsAt("/admin/overview"),
      leave: leaveForm(operator),
      lookedAt: lookedAt?.toLocaleString("en-GB"),
      callbacks: callbacks?.map(({ id, type, about, to, attempts = 0, result, endedAt = "" }) => ({
        id,
        event: type,
        about,
        href: type === "workflow.completed" ? undefined : adminApprovalHref(about),
        to,
        attempts: `${attempts} ${attempts === 1 ? "attempt" : "attempts"}`,
        result: result ?? "",
        endedAt,
      })),
    },
    shell: adminShell(operator, "Callbacks that failed"),
  };
}
