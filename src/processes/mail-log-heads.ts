/**
 * Has the head of the log of events cosigned each day, and orders the mail with it, in every gateway: whichever comes first.
 */

import { KIND_TAG } from "../approval/ids.ts";
import { LOG_HEAD_FUNC, LOG_HEAD_KIND, LOG_HEAD_LIFE_MS, logHeadId } from "../approval/log-head.ts";
import type { Durable } from "../durable/durable.ts";
import { currentTime } from "../durable/engine-time.ts";
import type { DailyWitnesses } from "../evidence/witness/daily.ts";

export interface LogHeadOptions {
  /** `LOG_HEAD_MAIL`. */
  readonly addresses: readonly string[];
  readonly durable: Pick<Durable, "read" | "start" | "engineTime">;
  /** The head as a signed note. */
  readonly signHead: () => Promise<string>;
  /** Who cosigns it. Default: nobody. */
  readonly witnesses?: Pick<DailyWitnesses, "look" | "isReady" | "noteOfToday"> | undefined;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
  readonly log: { warn(fields: object, message: string): void };
}

/** Days begin at midnight in UTC; a mail goes out at most so long after. */
const LOOK_MS = 10 * 60_000;
/** A gateway that starts has more to do than this. */
const FIRST_LOOK_MS = 5_000;

export function mailLogHeads(options: LogHeadOptions): { stop(): void } {
  if (options.addresses.length === 0 && options.witnesses === undefined) return { stop: () => undefined };
  const over = new AbortController();
  const look = () =>
    void lookAfterHeads(options, over.signal).catch((err: unknown) => {
      if (!over.signal.aborted) options.log.warn({ err }, "cannot look after the head of the log now");
    });
  const first = setTimeout(look, FIRST_LOOK_MS).unref();
  const timer = setInterval(look, LOOK_MS).unref();
  return {
    stop: () => {
      over.abort();
      clearTimeout(first);
      clearInterval(timer);
    },
  };
}

/** What is due of today: cosignatures first, so that the mail has them. A witness that is away delays it by an hour. */
export async function lookAfterHeads(options: LogHeadOptions, signal?: AbortSignal): Promise<void> {
  const { witnesses, addresses } = options;
  const nowMs = await currentTime(options);
  await witnesses?.look(nowMs, signal);
  if (addresses.length > 0 && witnesses?.isReady(nowMs) !== false) await orderLogHeads(options);
}

/** Orders the mails of today that were not ordered yet. */
async function orderLogHeads(options: LogHeadOptions): Promise<void> {
  const { addresses, durable, signHead, witnesses } = options;
  const nowMs = await currentTime(options);
  const day = new Date(nowMs).toISOString().slice(0, 10);
  let note: string | undefined;
  for (const [at, email] of addresses.entries()) {
    const n = at + 1;
    const id = logHeadId({ day, n });
    if ((await durable.read(id)) !== undefined) continue;
    note ??= witnesses?.noteOfToday(nowMs) ?? (await signHead());
    await durable.start({
      id,
      func: LOG_HEAD_FUNC,
      args: [{ kind: LOG_HEAD_KIND, day, n, to: { email }, note }],
      timeoutAt: nowMs + LOG_HEAD_LIFE_MS,
      tags: { [KIND_TAG]: LOG_HEAD_KIND },
    });
  }
}
