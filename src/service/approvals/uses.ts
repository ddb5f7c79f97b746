/** What became of an approval's actions, for those who look at it. Only approved actions are read for it. */
import { consumableOf } from "../../approval/consumable.ts";
import { allConsumable } from "../../approval/consumable-items.ts";
import { slotIn } from "../../approval/limits/use-record.ts";
import { standingRefusal } from "../../approval/refusal/standing-refusal.ts";
import { takenIn, useId } from "../../approval/use.ts";
import { type UseView, useViews } from "../../approval/use-view.ts";
import type { Durable, StoredPromise } from "../../durable/durable.ts";
import { lastSlot } from "./last-slots.ts";

/** The promises of its uses and revocations, in order. Of a standing approval: of the last use, and of the revocation. */
export async function readUses(
  durable: Pick<Durable, "read">,
  root: StoredPromise,
): Promise<readonly StoredPromise[]> {
  const consumable = consumableOf(root);
  if (consumable !== undefined && "standing" in consumable) {
    const { untilMs } = consumable;
    const { record, next } = await lastSlot(durable, { approval: root.id, untilMs });
    const isLate = next !== undefined && slotIn(next, untilMs).kind === "late";
    return [record, isLate ? undefined : next].filter((each) => each !== undefined);
  }
  // What refuses in advance can be revoked, too.
  if (standingRefusal(root) !== undefined) {
    const revocation = await durable.read(useId(root.id, 1));
    return revocation === undefined ? [] : [revocation];
  }
  const read = allConsumable(root).map(({ n }) => durable.read(useId(root.id, n)));
  return (await Promise.all(read)).filter((record) => record !== undefined);
}

/** The same for answers: nothing where nothing has become of it. */
export async function usesOf(
  durable: Pick<Durable, "read">,
  root: StoredPromise,
): Promise<{ readonly uses?: readonly UseView[] }> {
  const uses = useViews((await readUses(durable, root)).map(takenIn));
  return uses.length === 0 ? {} : { uses };
}
