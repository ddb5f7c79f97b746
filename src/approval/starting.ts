/** How an approval's workflow is called: the same by the API, the command line and other workflows. */
import { type AwayAt, awayAmong } from "./absence.ts";
import type { ApprovalRequest, Person, Terms } from "./approval.ts";
import { openingAsks } from "./evaluate/asks.ts";
import { OPENING } from "./evaluate/look.ts";
import { actionsOf } from "./items.ts";
import { addressKey } from "./person.ts";
import { APPROVAL_SLACK_MS } from "./request.ts";
import { ruleOf } from "./rule.ts";
import { type KnownPeople, type WhoIs, whoIsBy } from "./same-person.ts";
import { APPROVAL_LIFE_MS } from "./scheduled.ts";

/**
 * Raised when requests mean more than the workflow before understood. A worker that is older hands the call back to the
 * others of its group.
 */
export const APPROVAL_VERSION = 2;

/**
 * The same workflow, for approvals that ask one person by several addresses. A worker that is older would ask them twice, so it hands
 * such a call back.
 */
export const PEOPLE_VERSION = 4;

/** The same workflow, for requests with an action. A worker that is older would not show it, so it hands such a call back. */
export const ACTION_VERSION = 5;

/** What an approval is started with beside its request and its times. */
type Settled = Required<Pick<Terms, "people">> & Pick<Terms, "away">;

/** Who is away then, and whose the addresses are: who is asked first is settled when an approval starts. */
export function settledAtStart(
  request: ApprovalRequest,
  { awayAt, known }: { readonly awayAt: AwayAt; readonly known: KnownPeople },
): Settled {
  const people = known.among(peopleNamed(request));
  const first = openingAsks(ruleOf(request, people), OPENING).map(({ person }) => person);
  const away = awayAmong(first, awayAt);
  if (away === undefined) return { people };
  const standIns = Object.values(away).map(({ to }) => to);
  return { people: known.among([...peopleNamed(request), ...standIns]), away };
}

export function termsWith(
  { value, terms }: { readonly value: ApprovalRequest; readonly terms: Terms },
  circumstances: Parameters<typeof settledAtStart>[1],
): Terms {
  return { ...terms, ...settledAtStart(value, circumstances) };
}

/** Whether one of those who are named has several of the addresses. */
function isAskedTwice(
  request: ApprovalRequest,
  { people, away = {} }: Pick<Terms, "people" | "away">,
): boolean {
  const named = [...peopleNamed(request), ...Object.values(away).map(({ to }) => to)];
  const whoIs = whoIsBy(people);
  const count = (keyOf: WhoIs) => new Set(named.map(({ email }) => keyOf(email))).size;
  return count(whoIs) < count(addressKey);
}

/** The requester, and everybody who may be asked in any stage. */
export function peopleNamed(request: ApprovalRequest): readonly Person[] {
  const asked = ruleOf(request).stages.flatMap(({ groups, escalateTo }) => [
    ...groups.flatMap(({ approvers }) => approvers),
    ...escalateTo.flat(),
  ]);
  return request.requester === undefined ? asked : [request.requester, ...asked];
}

/** The call of an approval that starts now. */
export function approvalCall(request: ApprovalRequest, terms: Terms) {
  return {
    func: "approval",
    args: [request, terms],
    version: versionFor(request, isAskedTwice(request, terms) ? PEOPLE_VERSION : APPROVAL_VERSION),
    /** Its promises outlive its deadline, which can be moved. */
    timeoutAt: terms.startedAtMs + APPROVAL_LIFE_MS + APPROVAL_SLACK_MS,
  } as const;
}

/**
 * The call of each occurrence of a schedule. Nobody knows yet who will stand in for whom, so the process that runs it must
 * know people with several addresses.
 */
export function scheduledCall(request: ApprovalRequest) {
  return {
    func: "approval",
    args: [request],
    version: versionFor(request, PEOPLE_VERSION),
    /** From the occurrence. */
    timeoutMs: APPROVAL_LIFE_MS + APPROVAL_SLACK_MS,
  } as const;
}

function versionFor(request: ApprovalRequest, otherwise: number): number {
  return actionsOf(request).length === 0 ? otherwise : ACTION_VERSION;
}
