import { KIND_TAG, parentId } from "../approval/ids.ts";
import { ENDS_STANDING, ENDS_TAG } from "../approval/use-names.ts";
import { STEP_TAG } from "../durable/step-record.ts";

/** What of an approval's promises an entry is made of: see `entryOf`. */
const PARTS = new Set(["end", "ballot", "undo"]);

/** The id of the approval whose entry a promise is part of; undefined for all others. Steps may belong to other workflows. */
export function subjectOf({
  id,
  tags,
}: {
  readonly id: string;
  readonly tags: Readonly<Record<string, string>>;
}): string | undefined {
  const kind = tags[KIND_TAG];
  if (kind === "approval") return id;
  if (tags[ENDS_TAG] === ENDS_STANDING) return parentId(id);
  // A judgement is a step, and says which stage is open.
  const isPart = kind === undefined ? tags[STEP_TAG] !== undefined : PARTS.has(kind);
  return isPart ? parentId(id) : undefined;
}
