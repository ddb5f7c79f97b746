/**
 * Starts the mails that ask for nothing new (`src/approval/notice.ts`), from the steps that see what happened. The id of each
 * follows from what it says, so a step that runs again starts none twice.
 */
import type { Content } from "../../approval/approval.ts";
import { KIND_TAG } from "../../approval/ids.ts";
import {
  NOTICE_FUNC,
  NOTICE_KIND,
  NOTICE_LIFE_MS,
  type Notice,
  noticeId,
  noticeKey,
  type Says,
} from "../../approval/notice.ts";
import { anyAddress, looseLineage, targeted } from "../../durable/lineage.ts";
import type { EnginePromises } from "../../durable/promises.ts";
import { encodeValue } from "../../durable/value.ts";
import { canonicalHash } from "../../lib/canonical-hash.ts";
import { TRACE_TAG, type TraceContext } from "../../lib/traces.ts";

/** What ordering needs; the worker's services contain it. */
interface Desk {
  readonly promises: Pick<EnginePromises, "create">;
  /** The engine's clock, in milliseconds since 1970. */
  readonly now: () => number;
  readonly group: string;
  /** The worker group that sends. Default: the same. */
  readonly builtInGroup?: string | undefined;
  /** The trace that an approval under way belongs to. Default: there are no traces. */
  readonly traceOf?: (approval: string) => TraceContext | undefined;
}

interface Subject {
  readonly approval: string;
  readonly startedAtMs: number;
  readonly content?: Content | undefined;
}

/** Throws if the engine does not answer: the step then runs again. */
export async function orderNotices(
  { promises, now, group, builtInGroup = group, traceOf }: Desk,
  { approval, startedAtMs, content }: Subject,
  notices: readonly Says[],
): Promise<void> {
  const trace = traceOf?.(approval);
  await Promise.all(
    notices.map(async (says) => {
      const notice: Notice = {
        kind: "notice",
        approval,
        startedAtMs,
        ...(content === undefined ? {} : { content }),
        says,
      };
      const id = noticeId(approval, canonicalHash(noticeKey(notice)).slice(0, 32));
      await promises.create(id, now() + NOTICE_LIFE_MS, {
        ...encodeValue({ func: NOTICE_FUNC, args: [notice], version: 1 }),
        tags: {
          // Loose, so that the approval's worker does not get it with every wake-up.
          ...looseLineage(id),
          ...targeted(anyAddress(builtInGroup)),
          [KIND_TAG]: NOTICE_KIND,
          ...(trace === undefined ? {} : { [TRACE_TAG]: trace }),
        },
      });
    }),
  );
}
