import type { ShellContent } from "../../../lib/shell.ts";
import { ADMIN_FORM, type OperatorShown } from "./admin-page.ts";

/** What surrounds the pages of an operator who is signed in. */
export function adminShell(operator: OperatorShown, title: string): Omit<ShellContent, "body"> {
  return {
    title,
    note: operator.role === "viewer" ? `${operator.name} (may look)` : operator.name,
    homeHref: "/admin",
    width: "wide",
    footer: "What you do here is recorded under your name, and told to those concerned.",
  };
}

const TABS = [
  { href: "/admin", text: "Approvals" },
  { href: "/admin/overview", text: "Overview" },
] as const;

/** The tabs at the top, for `admin/tabs`. */
export function tabsAt(href: (typeof TABS)[number]["href"]) {
  return TABS.map((tab) => ({ ...tab, isOpen: tab.href === href }));
}

/** For `admin/leave`. */
export function leaveForm({ form }: OperatorShown) {
  return { name: ADMIN_FORM.form, value: form };
}
