import { KIND_TAG } from "../approval/ids.ts";
import type { StoredPromise } from "../durable/durable.ts";
import {
  DELIVERY,
  type Delivery,
  type DeliveryResult,
  deliveryPrefix,
  readDelivery,
  readDeliveryResult,
  SOURCE_TAG,
} from "../webhooks/records.ts";
import { type Cli, CommandFailure, EXIT, type ExitCode, UsageError } from "./command.ts";

export interface LogValues {
  readonly source?: string | undefined;
  readonly limit?: string | undefined;
  readonly json?: boolean | undefined;
}

/** One delivery and its result. */
interface LogEntry extends Omit<Delivery, "kind"> {
  /** The delivery's promise, for `countersign get`. */
  readonly id: string;
  /** `open`: it was not acknowledged, and its sender's next try is taken up. `lapsed`: there was none in time. */
  readonly state: "taken" | "open" | "lapsed";
  readonly result?: DeliveryResult["result"];
  readonly effective?: boolean;
  readonly promise?: string;
  readonly note?: string;
}

/** A search gives no order that helps, so all deliveries are read, and nothing else; beyond this the engine's own tools serve better. */
const READ_MAX = 20_000;
/** How many deliveries are shown. */
export const LIMIT = { default: 50, max: 1_000 };

export async function logWebhooks(cli: Cli, values: LogValues): Promise<ExitCode> {
  const limit = parseLimit(values.limit);
  const tags = {
    [KIND_TAG]: DELIVERY,
    ...(values.source === undefined ? {} : { [SOURCE_TAG]: values.source }),
  };
  const durable = await cli.durable();
  const found = await durable.search(tags, READ_MAX, deliveryPrefix(values.source));
  if (found === undefined) {
    throw new CommandFailure(
      EXIT.usage,
      "This server cannot search: use countersign get with a delivery's id",
    );
  }
  const all = found.promises.flatMap(entryOf).sort((a, b) => b.createdAt - a.createdAt);
  const deliveries = all.slice(0, limit).map(({ entry }) => entry);
  const truncated = found.truncated || all.length > limit;
  cli.print({ deliveries, truncated }, () => describe(deliveries, truncated), values);
  return EXIT.ok;
}

function entryOf(promise: StoredPromise): { readonly createdAt: number; readonly entry: LogEntry }[] {
  const delivery = readDelivery(promise.param);
  if (delivery === undefined) return [];
  const { kind: _, ...told } = delivery;
  const result = readDeliveryResult(promise.value);
  const state = result !== undefined ? "taken" : promise.state === "pending" ? "open" : "lapsed";
  return [{ createdAt: promise.createdAt, entry: { id: promise.id, ...told, state, ...result } }];
}

function describe(deliveries: readonly LogEntry[], truncated: boolean): string {
  if (deliveries.length === 0) return "No deliveries";
  return [...deliveries.map(line), ...(truncated ? ["… there are more"] : [])].join("\n");
}

function line({ at, source, verdict, target, state, result, promise, why, note, id }: LogEntry): string {
  const about = target === undefined ? "" : ` ${target}`;
  const became = state === "taken" ? result : state === "open" ? "not acknowledged" : "lapsed";
  const whom = promise === undefined || promise === target ? "" : ` ${promise}`;
  const because = [why, note].filter((text) => text !== undefined).join("; ");
  return `${at}  ${source}  ${verdict}${about}  ${became}${whom}${because === "" ? "" : `: ${because}`}\n  ${id}`;
}

function parseLimit(text: string | undefined): number {
  if (text === undefined) return LIMIT.default;
  const limit = /^\d{1,4}$/.test(text) ? Number(text) : 0;
  if (limit >= 1 && limit <= LIMIT.max) return limit;
  throw new UsageError(`--limit must be a whole number from 1 to ${LIMIT.max}, not ${text}`);
}
