import { courseOf } from "../../approval/course.ts";
import { type HistoryEvent, historyOf } from "../../approval/history.ts";
import { KIND_TAG } from "../../approval/ids.ts";
import type { Durable, StoredPromise } from "../../durable/durable.ts";
import { readAllOpenings } from "../approvals/openings.ts";
import { readUses } from "../approvals/uses.ts";

export interface History {
  readonly id: string;
  /** In order. */
  readonly events: readonly HistoryEvent[];
  /** Whether it has more promises than are read: then some mails, callbacks and openings of links are missing. */
  readonly truncated: boolean;
}

/** Notices and callbacks are workflows of their own, below the root of the tree. */
const KINDS: ReadonlySet<string | undefined> = new Set(["notice", "callback", "delay"]);

/**
 * Undefined if the promise is no approval.
 *
 * @param known its children, if they were read after the root
 */
export async function readHistory(
  durable: Durable,
  root: StoredPromise,
  known?: readonly StoredPromise[],
): Promise<History | undefined> {
  const children = known ?? (await durable.children(root.id));
  const tree = await durable.family(root.id.split(":", 1)[0] ?? root.id);
  const uses = await readUses(durable, root);
  const others = [...tree.promises.filter(({ tags }) => KINDS.has(tags[KIND_TAG])), ...uses];
  const { openings, truncated } = await readAllOpenings(durable, courseOf(root, children)?.ballots ?? []);
  const events = historyOf(root, children, others, openings);
  return events && { id: root.id, events, truncated: tree.truncated || truncated };
}
