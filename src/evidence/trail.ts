/** The log of events in the embedded engine's file. */
import { KIND_TAG } from "../approval/ids.ts";
import type { Trail } from "../engine/store/trail.ts";
import { isLogged } from "./events.ts";
import { openRows } from "./rows.ts";
import { SCHEMA } from "./schema.ts";

/** @param now tells the time of events that no promise has: that one was deleted, or that there is a gap */
export function evidenceTrail(now: () => number = Date.now): Trail {
  return {
    schema: SCHEMA,
    concerns: ({ tags }) => isLogged(tags[KIND_TAG]),
    open: (db, source) => openRows(db, source, now),
  };
}
