import type { ApprovalRequest } from "../../approval/approval.ts";
import { CREATOR_TAG, programThatBegan } from "../../approval/creator.ts";
import { ID_PATTERN, KIND_TAG } from "../../approval/ids.ts";
import { actionsOf } from "../../approval/items.ts";
import { differingFields } from "../../approval/meaning.ts";
import { addressOf, isRecord } from "../../approval/raw-input.ts";
import { parseApprovalRequest, readApprovalContent } from "../../approval/request.ts";
import { type KnownPeople, NO_KNOWN_PEOPLE, type WhoIs } from "../../approval/same-person.ts";
import { approvalCall, termsWith } from "../../approval/starting.ts";
import { callOf } from "../../approval/stored.ts";
import type { Durable, StoredPromise } from "../../durable/durable.ts";
import { currentTime } from "../../durable/engine-time.ts";
import { isSameJson } from "../../lib/canonical-json.ts";
import { type FieldProblem, ServiceError } from "../../lib/errors.ts";
import { TRACE_TAG, type TraceContext } from "../../lib/traces.ts";
import type { AbsenceBook } from "../absences/book.ts";
import { IDEMPOTENCY_KEY_RULE, idFromKeys } from "../idempotency-key.ts";
import { refusalFailure } from "./refusal-failure.ts";
import { findRefusal } from "./refusals.ts";

export interface StartApprovalOptions {
  readonly durable: Durable;
  readonly absences: AbsenceBook;
  readonly clock: () => number;
  readonly newId: () => string;
  /** What must be different about a callback URL, if something must. */
  readonly callbackUrlProblem: (url: string) => string | undefined;
  /** Whether requests may say that silence counts as approval. Default: no. */
  readonly mayApproveByDeadline?: boolean | undefined;
  /** Which addresses are one person's, by the operator's list. Default: it is empty. */
  readonly known?: KnownPeople | undefined;
}

export interface ApprovalCall {
  readonly body: unknown;
  /** As `idempotencyKeysOf` reads them. */
  readonly idempotencyKeys: readonly string[];
  /** The program that calls, if it is known: see `CREATOR_TAG`. */
  readonly creator?: string | undefined;
  /** Address of the person who answers for it: the requester. The body can name nobody else. Default: nobody. */
  readonly owner?: string | undefined;
  /** What is wrong with the body for this caller. What is said of the same fields besides is left out. Default: nothing. */
  readonly problems?: readonly FieldProblem[] | undefined;
  /** The trace that the approval belongs to. Default: none. */
  readonly trace?: TraceContext | undefined;
}

/**
 * Starts the approval, or returns the one that the same id and content started before, in any state.
 *
 * The id is the body's `id`, or follows from the idempotency key, or is new. A duration as deadline is compared as
 * given, so a later repetition means the same approval and does not move its deadline.
 *
 * @throws ServiceError INVALID_FIELDS with every problem; CONFLICT if something else has the id; STANDING_REFUSAL if people have
 *   refused the action in advance. Nothing was started then.
 */
export async function startApproval(
  options: StartApprovalOptions,
  { body: given, idempotencyKeys, creator, owner, problems: forCaller = [], trace }: ApprovalCall,
): Promise<StoredPromise> {
  const {
    durable,
    absences,
    newId,
    callbackUrlProblem,
    mayApproveByDeadline,
    known = NO_KNOWN_PEOPLE,
  } = options;
  const { whoIs } = known;
  const body = withRequester(given, owner);
  const { id, problems: ofId } = chooseId(body, idempotencyKeys);
  const nowMs = await currentTime(options);
  const parsed = parseApprovalRequest(body, { nowMs, callbackUrlProblem, mayApproveByDeadline, whoIs });
  const told = new Set(forCaller.map(({ field }) => field));
  const found = [...ofId, ...ownerProblems(body, owner, whoIs), ...(parsed.ok ? [] : parsed.problems)];
  const problems = [...forCaller, ...found.filter(({ field }) => !told.has(field))];
  if (!parsed.ok || problems.length > 0) {
    const earlier = id === undefined ? undefined : await acceptedEarlier(durable, id, body);
    if (earlier !== undefined) return earlier;
    throw new ServiceError("INVALID_FIELDS", "Cannot request this approval: some fields are wrong", {
      problems,
    });
  }
  const terms = termsWith(parsed, { awayAt: await absences.awayAt(nowMs), known });
  const call = approvalCall(parsed.value, terms);
  const refused = await refusalFor(options, parsed.value, creator);
  if (refused !== undefined) {
    // What was asked before people said so stays asked.
    const earlier = id === undefined ? undefined : await acceptedEarlier(durable, id, body);
    if (earlier !== undefined) return earlier;
    throw refused;
  }
  const root = await durable.start({
    id: id ?? newId(),
    ...call,
    tags: {
      [KIND_TAG]: "approval",
      ...(creator === undefined ? {} : { [CREATOR_TAG]: creator }),
      ...(trace === undefined ? {} : { [TRACE_TAG]: trace }),
    },
  });
  // Nearly always it was created just now, of this call: then there is nothing to check, and nothing to compare.
  const { func, args, version } = call;
  if (root.tags[KIND_TAG] === "approval" && isSameJson(root.param, { func, args, version })) return root;
  const stored = callOf(root);
  if (stored === undefined) {
    throw new ServiceError(
      "CONFLICT",
      `Cannot use the id "${root.id}": it belongs to something that is not an approval`,
    );
  }
  const differing = differingFields(stored, parsed.value);
  if (differing.length > 0) {
    throw new ServiceError(
      "CONFLICT",
      `Cannot use the id "${root.id}": it belongs to an approval with different content (${differing.join(", ")})`,
    );
  }
  return root;
}

/** Why it is not asked: people have refused it in advance. */
async function refusalFor(
  options: Pick<StartApprovalOptions, "durable" | "clock">,
  request: ApprovalRequest,
  creator: string | undefined,
): Promise<ServiceError | undefined> {
  const actions = actionsOf(request);
  const client = creator === undefined ? undefined : programThatBegan({ [CREATOR_TAG]: creator });
  if (actions.length === 0 || client === undefined) return undefined;
  const found = await findRefusal(options, client, actions);
  return found && refusalFailure(request, found);
}

function withRequester(body: unknown, owner: string | undefined): unknown {
  if (owner === undefined || !isRecord(body) || Object.hasOwn(body, "requester")) return body;
  return { ...body, requester: owner };
}

/** A program that names another requester could make its owner an approver of what it asks. */
function ownerProblems(body: unknown, owner: string | undefined, whoIs: WhoIs): FieldProblem[] {
  const named = addressOf(isRecord(body) ? body["requester"] : undefined);
  if (owner === undefined || named === undefined || whoIs(named) === whoIs(owner)) return [];
  return [{ field: "requester", message: "must be the owner of the key, or be left out" }];
}

/** The id that body or header name, if it can be one; the body's parser reports a wrong id. */
function chooseId(
  body: unknown,
  idempotencyKeys: readonly string[],
): { readonly id: string | undefined; readonly problems: FieldProblem[] } {
  const given = typeof body === "object" && body !== null && "id" in body ? body.id : undefined;
  const id = typeof given === "string" && ID_PATTERN.test(given) ? given : undefined;
  if (idempotencyKeys.length === 0) return { id, problems: [] };
  const field = "Idempotency-Key";
  const keyId = idFromKeys(idempotencyKeys);
  if (keyId === undefined) return { id: undefined, problems: [{ field, message: IDEMPOTENCY_KEY_RULE }] };
  if (id === undefined || id === keyId) return { id: keyId, problems: [] };
  const message = "must be the same as id; or leave one of them out";
  return { id: undefined, problems: [{ field, message }] };
}

/** The approval that this call started earlier, when its deadline (an instant) was not yet too near. */
async function acceptedEarlier(
  durable: Durable,
  id: string,
  body: unknown,
): Promise<StoredPromise | undefined> {
  const content = readApprovalContent(body);
  if (content === undefined) return undefined;
  const root = await durable.read(id);
  const stored = root && callOf(root);
  if (root === undefined || stored === undefined) return undefined;
  return differingFields(stored, content).length === 0 ? root : undefined;
}
