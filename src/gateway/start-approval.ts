import { createHash } from "node:crypto";
import { ID_PATTERN, KIND_TAG } from "../approval/ids.ts";
import { APPROVAL_SLACK_MS, parseApprovalRequest, readApprovalContent } from "../approval/request.ts";
import { requestOf } from "../approval/stored.ts";
import type { Durable, StoredPromise } from "../durable/durable.ts";
import { canonicalJson } from "../lib/canonical-json.ts";
import { ServiceError } from "../lib/errors.ts";

export interface StartApprovalOptions {
  readonly durable: Durable;
  readonly clock: () => number;
  readonly newId: () => string;
}

export interface ApprovalCall {
  readonly body: unknown;
  readonly idempotencyKey: string | undefined;
}

/**
 * Starts the approval, or answers the one that the same id and content have started before, whatever became of it.
 *
 * The id is the body's `id`, or follows from the idempotency key, or is new. A duration as deadline counts as given:
 * repeated later, the call means the same approval and does not move its deadline.
 *
 * @throws ServiceError INVALID_FIELDS with every problem; CONFLICT if something else has the id. Nothing was started then.
 */
export async function startApproval(
  { durable, clock, newId }: StartApprovalOptions,
  { body, idempotencyKey }: ApprovalCall,
): Promise<StoredPromise> {
  const keyId = idempotencyKey === undefined ? undefined : idOfKey(idempotencyKey);
  const parsed = parseApprovalRequest(body, { nowMs: clock() });
  if (!parsed.ok) {
    const earlier = await acceptedEarlier(durable, body, keyId);
    if (earlier !== undefined) return earlier;
    throw new ServiceError("INVALID_FIELDS", "Cannot request this approval: some fields are wrong", {
      problems: parsed.problems,
    });
  }
  const id = parsed.id ?? keyId ?? newId();
  const root = await durable.start({
    id,
    func: "approval",
    args: [parsed.value],
    version: 1,
    timeoutAt: parsed.deadlineAtMs + APPROVAL_SLACK_MS,
    tags: { [KIND_TAG]: "approval" },
  });
  const stored = requestOf(root);
  if (stored === undefined) {
    throw new ServiceError("CONFLICT", `Cannot use the id "${id}": something that is no approval has it`);
  }
  if (canonicalJson(stored) !== canonicalJson(parsed.value)) {
    throw new ServiceError("CONFLICT", `Cannot use the id "${id}": an approval with other content has it`);
  }
  return root;
}

/** The approval that a call started when its deadline, an instant, was not yet too near. */
async function acceptedEarlier(
  durable: Durable,
  body: unknown,
  keyId: string | undefined,
): Promise<StoredPromise | undefined> {
  const content = readApprovalContent(body);
  if (content === undefined) return undefined;
  const id = (body as { readonly id?: string }).id ?? keyId;
  const root = id === undefined ? undefined : await durable.read(id);
  const stored = root === undefined ? undefined : requestOf(root);
  return stored !== undefined && canonicalJson(stored) === canonicalJson(content) ? root : undefined;
}

/** As long as the keys that clients make; more would only be hashed. */
const KEY_CHARS_MAX = 255;

/** A key that can be an id is the id; any other is hashed to one. */
function idOfKey(key: string): string {
  if (ID_PATTERN.test(key)) return key;
  if (key === "" || key.length > KEY_CHARS_MAX) {
    throw new ServiceError(
      "INVALID_REQUEST",
      "Cannot use the Idempotency-Key: it must have 1 to 255 characters",
    );
  }
  return `key-${createHash("sha256").update(key).digest("hex").slice(0, 32)}`;
}
