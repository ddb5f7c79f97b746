import { Codec, type Resonate } from "@resonatehq/sdk";
import { SHARED_VALUE_ENCODER, VALUE_ENCODER } from "../../src/durable/value.ts";

/**
 * Makes the SDK read and write values like the rest of the service: JSON comes back unchanged, even if the SDK would
 * read a special meaning in it (see `VALUE_ENCODER`). The SDK has no setting for its encoder, so this replaces a
 * private member. It also takes less than half the time.
 *
 * @param areShared whether the same text may give the same object, because no workflow here changes what it reads
 * @throws Error if a later SDK looks different: workflows would silently get other values than were sent
 */
export function carryValuesWhole(resonate: Resonate, areShared: boolean): void {
  const codec: unknown = Reflect.get(resonate, "codec");
  if (codec instanceof Codec && Reflect.has(codec, "encoder")) {
    Object.assign(codec, { encoder: areShared ? SHARED_VALUE_ENCODER : VALUE_ENCODER });
    if (readsAsWritten(codec)) return;
  }
  throw new Error(
    "Cannot start a worker: this version of the SDK has no value encoder that Countersign can replace",
  );
}

/** Whether the encoder is the one that is used: the SDK's own makes Infinity of this text. */
function readsAsWritten(codec: Codec): boolean {
  const word = "__INF__";
  return codec.decode(codec.encode(word)) === word;
}
