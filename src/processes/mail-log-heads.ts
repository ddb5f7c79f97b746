/** Orders the daily mail with the head of the log of events, in every gateway: whichever comes first has it sent. */

import { KIND_TAG } from "../approval/ids.ts";
import { LOG_HEAD_FUNC, LOG_HEAD_KIND, LOG_HEAD_LIFE_MS, logHeadId } from "../approval/log-head.ts";
import type { Durable } from "../durable/durable.ts";
import { currentTime } from "../durable/engine-time.ts";

export interface LogHeadOptions {
  /** `LOG_HEAD_MAIL`. */
  readonly addresses: readonly string[];
  readonly durable: Pick<Durable, "read" | "start" | "engineTime">;
  /** The head as a signed note. */
  readonly signHead: () => Promise<string>;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
  readonly log: { warn(fields: object, message: string): void };
}

/** Days begin at midnight in UTC; a mail goes out at most so long after. */
const LOOK_MS = 10 * 60_000;
/** A gateway that starts has more to do than this. */
const FIRST_LOOK_MS = 5_000;

export function mailLogHeads(options: LogHeadOptions): { stop(): void } {
  if (options.addresses.length === 0) return { stop: () => undefined };
  const look = () =>
    void orderLogHeads(options).catch((err: unknown) => {
      options.log.warn({ err }, "cannot mail the head of the log now");
    });
  const first = setTimeout(look, FIRST_LOOK_MS).unref();
  const timer = setInterval(look, LOOK_MS).unref();
  return {
    stop: () => {
      clearTimeout(first);
      clearInterval(timer);
    },
  };
}

/** Orders the mails of today that were not ordered yet. */
export async function orderLogHeads({ addresses, durable, signHead, clock }: LogHeadOptions): Promise<void> {
  const nowMs = await currentTime({ durable, clock });
  const day = new Date(nowMs).toISOString().slice(0, 10);
  let note: string | undefined;
  for (const [at, email] of addresses.entries()) {
    const n = at + 1;
    const id = logHeadId({ day, n });
    if ((await durable.read(id)) !== undefined) continue;
    note ??= await signHead();
    await durable.start({
      id,
      func: LOG_HEAD_FUNC,
      args: [{ kind: LOG_HEAD_KIND, day, n, to: { email }, note }],
      timeoutAt: nowMs + LOG_HEAD_LIFE_MS,
      tags: { [KIND_TAG]: LOG_HEAD_KIND },
    });
  }
}
