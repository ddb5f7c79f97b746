/** Callbacks for operators: list them, show one, send one again. */
import {
  ABOUT_TAG,
  CALLBACK_FUNC,
  CALLBACK_KIND,
  CALLBACK_LIFE_MS,
  type Callback,
  callbackId,
  placeOf,
} from "../../approval/callback.ts";
import { subjectOf } from "../../approval/event.ts";
import { KIND_TAG } from "../../approval/ids.ts";
import {
  type CallbackDetails,
  type CallbackView,
  detailCallback,
  storedCallbackOf,
  viewCallback,
} from "../../approval/stored-callback.ts";
import type { Durable, StoredPromise } from "../../durable/durable.ts";
import { ofTree } from "../../durable/lineage.ts";
import { ServiceError } from "../../lib/errors.ts";
import { shortHash } from "../../lib/short-hash.ts";

export interface CallbackFilter {
  readonly status?: CallbackView["status"] | undefined;
  /** Id of an approval or workflow. */
  readonly about?: string | undefined;
}

export interface CallbackList {
  /** The newest first. */
  readonly callbacks: readonly CallbackView[];
  /** Whether there may be more, which were not looked at. */
  readonly truncated: boolean;
}

/** Callbacks that are looked at: as many as people can read on a screen. */
export const CALLBACKS_MAX = 1_000;

/** Undefined where the server has no search. */
export async function listCallbacks(
  durable: Durable,
  { status, about }: CallbackFilter,
): Promise<CallbackList | undefined> {
  // Searching in the tree of its approval or workflow is fast, even on a server without an index for tags.
  const subject = about === undefined ? {} : { ...ofTree(about), [ABOUT_TAG]: about };
  const tags = { [KIND_TAG]: CALLBACK_KIND, ...subject };
  const found = await durable.search(tags, CALLBACKS_MAX);
  if (found === undefined) return undefined;
  const callbacks = found.promises
    .flatMap((promise) => viewCallback(promise) ?? [])
    .filter((view) => status === undefined || view.status === status)
    .sort((a, b) => (a.createdAt < b.createdAt ? 1 : -1));
  return { callbacks, truncated: found.truncated };
}

/** @throws ServiceError NOT_FOUND */
export async function readCallback(durable: Durable, id: string): Promise<CallbackDetails> {
  const { record, children } = await stored(durable, id);
  const details = detailCallback(record, children);
  if (details === undefined) throw unknown(id);
  return details;
}

/**
 * Sends the event of a callback again: to the same receiver, with the same `webhook-id`, with its own retries. The
 * first callback is not affected.
 *
 * @throws ServiceError NOT_FOUND; CONFLICT while the callback's workflow has not ended
 */
export async function replayCallback(
  durable: Durable,
  id: string,
  { nowMs, newId }: { readonly nowMs: number; readonly newId: string },
): Promise<CallbackView> {
  const { record, children } = await stored(durable, id);
  const event = detailCallback(record, children)?.event;
  const found = storedCallbackOf(record);
  if (found === undefined) throw unknown(id);
  if (event === undefined) {
    throw new ServiceError("CONFLICT", `Cannot send ${id} again: its workflow has not ended`);
  }
  const { to, bornAtMs } = found;
  const callback: Callback = { event, to, replayOf: id, ...(bornAtMs === undefined ? {} : { bornAtMs }) };
  const started = await durable.start({
    id: callbackId(subjectOf(event), newId.replaceAll("-", ""), shortHash(placeOf(to))),
    func: CALLBACK_FUNC,
    args: [callback],
    timeoutAt: nowMs + CALLBACK_LIFE_MS,
    tags: { [KIND_TAG]: CALLBACK_KIND, [ABOUT_TAG]: subjectOf(event) },
  });
  const view = viewCallback(started);
  if (view === undefined) throw new Error(`Cannot send ${id} again: ${started.id} belongs to something else`);
  return view;
}

async function stored(
  durable: Durable,
  id: string,
): Promise<{ readonly record: StoredPromise; readonly children: StoredPromise[] }> {
  const record = await durable.read(id);
  const found = record && storedCallbackOf(record);
  if (record === undefined || found === undefined) throw unknown(id);
  // Position 0 of a completion callback is its wait, which has another workflow's id.
  return { record, children: await durable.children(id, found.kind === "completion" ? 1 : 0) };
}

function unknown(id: string): ServiceError {
  return new ServiceError("NOT_FOUND", `There is no callback "${id.slice(0, 100)}"`);
}
