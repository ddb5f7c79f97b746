/** What a caller of the API may do. Key files, commands and tokens use these names. */
export const SCOPES = {
  "approvals:create": "Request approvals",
  "approvals:read": "See approvals, with addresses, comments and outcomes",
  "approvals:read-all":
    "List all approvals, and not only those of the same client; needs approvals:read, too",
  "approvals:cancel": "Cancel approvals",
  "approvals:consume": "Take approved actions to run them, each once",
  "approvals:manage":
    "Hand ballots on, remind people, send new links, move deadlines and change the question of approvals; say who stands in for people who are away",
  "workflows:begin": "Start any registered workflow",
  "workflows:read": "See the state and result of workflows and of promises below them, except approvals",
  "promises:resolve": "Settle what a workflow waits for, and answer ballots from a program",
  admin: "All of these, and operations",
} as const;

export type Scope = keyof typeof SCOPES;

export const SCOPE_NAMES = Object.keys(SCOPES) as readonly Scope[];

/** Scopes that keys could have before, and that allowed nothing. Key files may still name them; no new key can. */
export const FORMER_SCOPES = ["dashboard"] as const;

export function isScope(text: string): text is Scope {
  return Object.hasOwn(SCOPES, text);
}

/** Whether a caller with the scopes `held` may do what needs one of `needed`. */
export function allows(held: readonly Scope[], needed: readonly Scope[]): boolean {
  return held.includes("admin") || needed.some((scope) => held.includes(scope));
}
