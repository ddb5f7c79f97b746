/** Takes and finds the places of standing refusals (`src/approval/refusal`, which states the rules). */
import type { Action } from "../../approval/action-schema.ts";
import type { Effect } from "../../approval/approval.ts";
import { CREATOR_TAG, creatorOf, programThatBegan } from "../../approval/creator.ts";
import { KIND_TAG } from "../../approval/ids.ts";
import { actionsOf } from "../../approval/items.ts";
import {
  type DoNotAsk,
  type DoNotAskRequest,
  doNotAskOf,
  doNotAskProblems,
} from "../../approval/refusal/do-not-ask.ts";
import {
  PLACE_KIND,
  PLACES_MAX,
  type Place,
  placeId,
  placeOf,
  scopeOf,
  WINDOW_DAYS,
  windowOf,
  windowsAt,
} from "../../approval/refusal/place.ts";
import { type RefusalView, refusalView } from "../../approval/refusal/refusal-view.ts";
import {
  refuses,
  revocationIn,
  type StandingRefusal,
  standingRefusal,
} from "../../approval/refusal/standing-refusal.ts";
import { type Revocation, type Taken, takenIn, useId } from "../../approval/use.ts";
import type { Durable, StoredPromise } from "../../durable/durable.ts";
import { currentTime, knownTime } from "../../durable/engine-time.ts";
import { originOfId } from "../../durable/lineage.ts";
import type { FieldProblem } from "../../lib/errors.ts";
import type { Actor } from "./act.ts";
import { actOf, reasonOf } from "./ballot-acts.ts";
import type { Question } from "./question.ts";
import { takeUse } from "./take-use.ts";

interface RefusalOptions {
  readonly durable: Durable;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
}

/** The name of the API key that asked; undefined if that is not known. Of an approval below a workflow: that began the workflow. */
export async function askerOf(
  durable: Pick<Durable, "read">,
  root: Pick<StoredPromise, "id" | "tags">,
): Promise<string | undefined> {
  const origin = originOfId(root.id);
  const above = origin === root.id ? undefined : await durable.read(origin);
  const creator = creatorOf(root.tags, above?.tags);
  return creator === undefined ? undefined : programThatBegan({ [CREATOR_TAG]: creator });
}

/**
 * Takes a place in the scope of each action, before the answer is stored that may refuse them (P2).
 *
 * @returns false if all places of a scope are taken by others
 */
export async function takePlaces(
  options: RefusalOptions,
  {
    root,
    client,
    actions,
    untilMs,
  }: {
    readonly root: Pick<StoredPromise, "id" | "createdAt">;
    readonly client: string;
    readonly actions: readonly Action[];
    readonly untilMs: number;
  },
): Promise<boolean> {
  const window = windowOf(await currentTime(options));
  const place: Place = { kind: PLACE_KIND, approval: root.id, bornAtMs: root.createdAt };
  const taken = scopesOf(client, actions).map((scope) =>
    takePlace(options.durable, { scope, window }, place, untilMs),
  );
  return (await Promise.all(taken)).every((isTaken) => isTaken);
}

/** How long after a crash an answer that is given again, and so lasts until a little later, finds its first place long enough. */
const AGAIN_MS = 3_600_000;

async function takePlace(
  durable: Durable,
  { scope, window }: { readonly scope: string; readonly window: number },
  place: Place,
  untilMs: number,
): Promise<boolean> {
  for (let n = 1; n <= PLACES_MAX; n++) {
    const record = await durable.create({
      id: placeId(scope, window, n),
      param: place,
      timeoutAt: untilMs + AGAIN_MS,
      tags: { [KIND_TAG]: PLACE_KIND },
      isLoose: true,
    });
    const found = placeOf(record);
    const isOwn = found?.approval === place.approval && found.bornAtMs === place.bornAtMs;
    // One that is over before this answer's time is another's, in effect.
    if (!isOwn || record.timeoutAt < untilMs) continue;
    // The tree may have been deleted while this looked at its places: then the next one would be the first again.
    if (n === 1 || (await durable.read(placeId(scope, window, 1))) !== undefined) return true;
    n = 0;
  }
  return false;
}

/**
 * What an answer stores of it, once its places are taken.
 *
 * @param question as it is open
 */
export async function sparedBy(
  options: RefusalOptions,
  { course, request }: Pick<Question, "course" | "request">,
  { effect, doNotAsk }: { readonly effect: Effect; readonly doNotAsk: DoNotAskRequest | undefined },
): Promise<
  | { readonly ok: true; readonly doNotAsk?: DoNotAsk }
  | { readonly ok: false; readonly problems: readonly FieldProblem[] }
> {
  if (doNotAsk === undefined) return { ok: true };
  const wrong = (message: string) => ({ ok: false, problems: [{ field: "doNotAsk", message }] }) as const;
  const actions = actionsOf(request);
  if (effect !== "reject") return wrong("must be left out with a choice that does not reject");
  if (actions.length === 0) return wrong("must be left out: the request has no action");
  const problems = doNotAskProblems(doNotAsk);
  if (problems.length > 0) return { ok: false, problems };
  const client = await askerOf(options.durable, course.root);
  if (client === undefined) return wrong("must be left out: which program asked is not known");
  const nowMs = await currentTime(options);
  const said = doNotAskOf(doNotAsk, [...actions, ...actionsOf(course.call.request)], nowMs);
  const place = { root: course.root, client, actions, untilMs: Date.parse(said.until) };
  if (await takePlaces(options, place)) return { ok: true, doNotAsk: said };
  return wrong(
    `must be left out: in ${WINDOW_DAYS} days, at most ${PLACES_MAX} approvals of one program, tool, target and audience can say so`,
  );
}

export interface FoundRefusal {
  readonly refusal: StandingRefusal;
  /** Which of the actions it refuses, from 0. */
  readonly indexes: readonly number[];
}

/**
 * The refusal that keeps a request from being asked. Costs one request to the engine for each different scope, and one more in the first
 * third of a window; where there are refusals, at most so many more as there are places, and two for each that stands.
 */
export async function findRefusal(
  options: RefusalOptions,
  client: string,
  actions: readonly Action[],
): Promise<FoundRefusal | undefined> {
  const { durable } = options;
  const nowMs = await currentTime(options);
  const windows = windowsAt(nowMs);
  const lists = scopesOf(client, actions).flatMap((scope) =>
    windows.map((window) => placesIn(durable, scope, window)),
  );
  const places = (await Promise.all(lists)).flat();
  const approvals = new Map(places.map((place) => [place.approval, place]));
  const found = await Promise.all([...approvals.values()].map((place) => refusalAt(durable, place)));
  for (const refusal of found) {
    if (refusal === undefined || nowMs >= refusal.untilMs) continue;
    const indexes = actions.flatMap((action, i) => (refuses(refusal, action) ? [i] : []));
    if (indexes.length > 0) return { refusal, indexes };
  }
  return undefined;
}

/** Nearly always there is none: then this reads one promise. */
async function placesIn(
  durable: Pick<Durable, "read">,
  scope: string,
  window: number,
): Promise<readonly Place[]> {
  const first = await durable.read(placeId(scope, window, 1));
  if (first === undefined) return [];
  const others = Array.from({ length: PLACES_MAX - 1 }, (_, i) =>
    durable.read(placeId(scope, window, i + 2)),
  );
  const records = [first, ...(await Promise.all(others))];
  return records.flatMap((record) => (record?.state === "pending" ? (placeOf(record) ?? []) : []));
}

/** What the approval of a place has become, unless it is no refusal, or is revoked. */
async function refusalAt(
  durable: Pick<Durable, "read">,
  { approval, bornAtMs }: Place,
): Promise<StandingRefusal | undefined> {
  const root = await durable.read(approval);
  const refusal = root?.createdAt === bornAtMs ? standingRefusal(root) : undefined;
  if (refusal === undefined) return undefined;
  return revocationIn(await durable.read(useId(approval, 1))) === undefined ? refusal : undefined;
}

/** What an approval says in advance, for those who look at it: nothing unless it was rejected so. */
export async function refusalOf(
  options: RefusalOptions,
  root: StoredPromise,
): Promise<{ readonly refusal?: RefusalView }> {
  const refusal = standingRefusal(root);
  if (refusal === undefined) return {};
  const revoked = revocationIn(await options.durable.read(useId(root.id, 1)));
  return { refusal: refusalView(refusal, revoked, knownTime(options)) };
}

/** Takes it back, as `revokeAction` does with an approval: from the next request on. The first revocation stands. */
export async function revokeRefusal(
  options: RefusalOptions,
  { approval, untilMs }: Pick<StandingRefusal, "approval" | "untilMs">,
  { reason, ...actor }: Actor & { readonly reason?: string | undefined },
): Promise<Taken> {
  const param: Revocation = { kind: "revoked", n: 1, ...reasonOf(reason), ...actOf(actor) };
  return takenIn(await takeUse(options, { approval, untilMs, param }));
}

function scopesOf(client: string, actions: readonly Action[]): readonly string[] {
  return [...new Set(actions.map((action) => scopeOf(client, action)))];
}
