/**
 * Where an approval's promises live. The SDK numbers a workflow's children by position (`wf:0`, `wf:0.1`), and the
 * approval workflow creates its end promise first and then one ballot per approver, so every id follows from the
 * approval's own. Ids are no secrets: nothing is decided by knowing one.
 */

/** Caller-chosen ids: no `:`, which separates a workflow from its children. */
export const ID_PATTERN = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
export const ID_RULE = "must be 1 to 64 letters, digits, '.', '_' or '-', beginning with a letter or digit";

/** Clients make no longer idempotency keys. A longer key is refused, not cut. */
export const IDEMPOTENCY_KEY_CHARS_MAX = 255;

/** Tag that says what a promise of Countersign is, such as `approval`, `ballot` or `end`. */
export const KIND_TAG = "countersign:kind";

export function childId(parentId: string, position: number): string {
  return `${parentId}${parentId.includes(":") ? "." : ":"}${position}`;
}

/** The workflow whose child this is; undefined for a root. */
export function parentId(id: string): string | undefined {
  const root = id.indexOf(":");
  if (root === -1) return undefined;
  // Points before the colon are part of the name that a caller chose.
  return id.slice(0, Math.max(root, id.lastIndexOf(".")));
}

/** The promise that ends the wait: resolves at the deadline, or earlier with a cancellation or the verdict. */
export function endId(approvalId: string): string {
  return childId(approvalId, 0);
}

/** The approval's position below a workflow that was called by the name `approval`: after the step that checks it. */
export const APPROVAL_BY_NAME_CHILD = 1;

/** The `n`th approver's ballot, counted from 1. */
export function ballotId(approvalId: string, n: number): string {
  return childId(approvalId, n);
}

/** The number of a ballot from a path or an option; undefined for what is none. */
export function ballotNumber(text: string): number | undefined {
  return /^[1-9]\d{0,4}$/u.test(text) ? Number(text) : undefined;
}

/** Ids of promises below workflows are longer than those that callers choose. */
export const PROMISE_ID_CHARS_MAX = 400;

/** Whether there can be a promise of this id. */
export function isPromiseId(id: string): boolean {
  return id !== "" && id.length <= PROMISE_ID_CHARS_MAX && !/\p{Cc}/u.test(id) && id.isWellFormed();
}
