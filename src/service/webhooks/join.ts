/** The workflow's side of a meeting. `meet.ts` is the event's side, and has the rules of both. */
import type { PromiseRecord } from "@resonatehq/sdk";
import { KIND_TAG } from "../../approval/ids.ts";
import { EXTERNAL, lineage } from "../../durable/lineage.ts";
import type { EnginePromises } from "../../durable/promises.ts";
import { decodeValue, encodeValue } from "../../durable/value.ts";
import type { Match } from "../../webhooks/mapping.ts";
import {
  type Arrival,
  type Joined,
  MEETING,
  MEETINGS_MAX,
  meetingId,
  readArrival,
  SOURCE_TAG,
} from "../../webhooks/records.ts";

export interface Joining {
  readonly source: string;
  readonly match: Match;
  /** Promise id of the wait. */
  readonly waiter: string;
}

/** Brings a wait to the meeting of its match. After a crash it runs again and finds its own traces. */
export async function joinMeeting(
  promises: EnginePromises,
  { source, match, waiter }: Joining,
): Promise<Joined> {
  const firstIn = ({ param }: PromiseRecord) => readArrival(decodeValue(param));
  const secondIn = ({ state, value }: PromiseRecord) =>
    state === "resolved" ? readArrival(decodeValue(value)) : undefined;

  const wait = await promises.get(waiter);
  if (wait.state !== "pending") return { kind: "joined" };
  const mine: Arrival = { kind: "waiter", waiter };
  const refuse = async (because: string): Promise<Joined> => {
    // A workflow cannot end, nor fail, while a promise of its own is open.
    await promises.resolve(waiter, encodeValue(null));
    return { kind: "refused", because };
  };
  for (let n = 0; n < MEETINGS_MAX; n += 1) {
    const id = meetingId(source, match, n);
    const meeting = await promises.create(id, wait.timeoutAt, {
      ...encodeValue(mine),
      tags: { ...lineage(id), ...EXTERNAL, [KIND_TAG]: MEETING, [SOURCE_TAG]: source },
    });
    const first = firstIn(meeting);
    if (first?.kind === "waiter") {
      if (first.waiter === waiter) return { kind: "joined" };
      const isOpen = meeting.state === "pending" && (await promises.get(first.waiter)).state === "pending";
      if (isOpen) return await refuse(`${first.waiter} waits for the same already`);
    } else if (first?.kind === "event") {
      const met = meeting.state === "pending" ? await promises.resolve(id, encodeValue(mine)) : meeting;
      const second = secondIn(met);
      if (second?.kind === "waiter" && second.waiter === waiter) {
        await promises.resolve(waiter, encodeValue(first.answer));
        return { kind: "joined" };
      }
    }
  }
  return await refuse(`${MEETINGS_MAX} events of these values have come already: match more precisely`);
}
