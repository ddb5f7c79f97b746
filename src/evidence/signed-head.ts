import { ServiceError } from "../lib/errors.ts";
import { checkpointText, originOf } from "./checkpoint.ts";
import type { EventLog } from "./event-log.ts";
import { signNote } from "./note.ts";

export interface HeadSigner {
  readonly eventLog: EventLog;
  /** Seeds of the keys that sign checkpoints: each signs. */
  readonly logKeys: readonly Uint8Array[];
  readonly publicUrl: string;
}

/**
 * The log's head of now, as a checkpoint that each key has signed.
 * @throws ServiceError LOG_UNAVAILABLE; those of the durable port
 */
export async function signedHead({ eventLog, logKeys, publicUrl }: HeadSigner): Promise<string> {
  if (logKeys.length === 0) {
    throw new ServiceError("LOG_UNAVAILABLE", "Cannot sign a checkpoint: the signing keys hold no key log:…");
  }
  const origin = originOf(publicUrl);
  const { size, root } = await eventLog.head();
  return signNote(checkpointText({ origin, size, root: Buffer.from(root, "hex") }), origin, logKeys);
}
