/** What a caller of the API may do, in words that stand in key files, commands and tokens. */
export const SCOPES = {
  "approvals:create": "Request approvals",
  "approvals:read": "See approvals, with addresses, comments and outcomes",
  "approvals:cancel": "Cancel approvals",
  "workflows:begin": "Start any registered workflow",
  "workflows:read": "See what became of a workflow, or of a promise below one, but nothing of approvals",
  "promises:resolve": "Settle what a workflow waits for, and answer ballots by program",
  dashboard: "Log in to the dashboard",
  admin: "All of these, and operations",
} as const;

export type Scope = keyof typeof SCOPES;

export const SCOPE_NAMES = Object.keys(SCOPES) as readonly Scope[];

export function isScope(text: string): text is Scope {
  return Object.hasOwn(SCOPES, text);
}

/** Whether somebody with the scopes may do what needs one of the others. */
export function allows(held: readonly Scope[], needed: readonly Scope[]): boolean {
  return held.includes("admin") || needed.some((scope) => held.includes(scope));
}
