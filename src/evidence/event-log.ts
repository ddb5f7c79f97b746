/** The log of events as gateways ask it. Errors are those of the durable port, and LOG_UNAVAILABLE. */
import type { Network } from "@resonatehq/sdk";
import { readTrail } from "../durable/trail.ts";
import { ServiceError } from "../lib/errors.ts";
import type { Head, LoggedEvent, Question, Refused } from "./questions.ts";

export interface EventLog {
  head(): Promise<Head>;
  /** That leaf `index` is in the tree of `size`. Default: the tree of now. */
  inclusion(index: number, size?: number): Promise<Proof>;
  /** That the tree of `size` begins with the tree of `older`. */
  consistency(older: number, size?: number): Promise<Proof>;
  /** The bytes of entries, from an index on. */
  entries(from: number, limit: number): Promise<readonly string[]>;
  /** Those of an approval, the oldest first; none if it has none, or its data was deleted. */
  events(approval: string): Promise<readonly LoggedEvent[]>;
}

/** Hashes are hexadecimal. */
interface Proof {
  readonly size: number;
  readonly proof: readonly string[];
}

export function embeddedEventLog(network: Network): EventLog {
  const ask = async <T>(question: Question): Promise<T> => {
    const trailed = await readTrail(network, question);
    if (trailed.kind !== "answer") throw unavailable(trailed.kind);
    const answer = trailed.answer as Refused | T;
    if (typeof answer === "object" && answer !== null && "refused" in answer) {
      const { field, message } = answer.refused;
      throw new ServiceError("INVALID_FIELDS", `${field} ${message}`, { problems: [answer.refused] });
    }
    return answer;
  };
  return {
    head: () => ask({ ask: "head" }),
    inclusion: (index, size) => ask({ ask: "inclusion", index, ...(size === undefined ? {} : { size }) }),
    consistency: (older, size) => ask({ ask: "consistency", older, ...(size === undefined ? {} : { size }) }),
    entries: async (from, limit) =>
      (await ask<{ entries: string[] }>({ ask: "entries", from, limit })).entries,
    events: async (approval) => (await ask<{ events: LoggedEvent[] }>({ ask: "events", approval })).events,
  };
}

/** Where no log is kept. */
export const NO_EVENT_LOG: EventLog = {
  head: async () => await none(),
  inclusion: async () => await none(),
  consistency: async () => await none(),
  entries: async () => await none(),
  events: async () => await none(),
};

async function none(): Promise<never> {
  throw unavailable("none");
}

function unavailable(kind: "stale" | "none"): ServiceError {
  const why =
    kind === "stale"
      ? "it could not be written, and says so at the next start of the engine"
      : "this installation keeps none: it runs on a Resonate Server, or EVENT_LOG is off";
  return new ServiceError("LOG_UNAVAILABLE", `Cannot read the log of events: ${why}`);
}
