/** Which arguments an edit has changed, for histories. */
import type { Content } from "./approval.ts";
import { differencesOf } from "./differences.ts";
import { actionsOf } from "./items.ts";

export interface EditedArgument {
  /** The number of its item, where there are several actions. */
  readonly item?: number;
  /** JSON Pointer within the arguments. */
  readonly pointer: string;
  /** Left out if there was none, or if it is long. */
  readonly before?: unknown;
  /** The same of the value now. */
  readonly after?: unknown;
}

/** The first of them in each action. */
export function editedArguments(before: Content, now: Content): readonly EditedArgument[] {
  const old = actionsOf(before);
  return actionsOf(now).flatMap((action, i) =>
    differencesOf(old[i]?.arguments ?? {}, action.arguments).map(({ pointer, approved, given }) => ({
      ...(now.items === undefined ? {} : { item: i + 1 }),
      pointer,
      ...(approved === undefined ? {} : { before: approved }),
      ...(given === undefined ? {} : { after: given }),
    })),
  );
}
