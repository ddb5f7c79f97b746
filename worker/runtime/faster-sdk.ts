/**
 * Two things that the SDK does over and over at each turn of each workflow. It offers no way to do them differently, so
 * this reaches into it.
 */
import { Codec, OptionsBuilder, type Resonate } from "@resonatehq/sdk";
import { VALUE_ENCODER } from "../../src/durable/value.ts";

export function makeFaster(resonate: Resonate): void {
  const codec: unknown = Reflect.get(resonate, "codec");
  // Its own would read other values than were written: see `VALUE_ENCODER`.
  if (!(codec instanceof Codec && Reflect.has(codec, "encoder"))) {
    throw new Error("Cannot start the worker: this version of @resonatehq/sdk has no encoder to replace");
  }
  Object.assign(codec, { encoder: VALUE_ENCODER });
  const builder: unknown = Reflect.get(resonate, "optsBuilder");
  if (builder instanceof OptionsBuilder) knowDefaultTarget(builder);
}

/**
 * For each step the SDK makes options with the target `default`, asks whether that is a URL, and makes and throws away an
 * exception since it is none. A step goes nowhere.
 */
function knowDefaultTarget(builder: OptionsBuilder): void {
  const match: unknown = Reflect.get(builder, "match");
  if (typeof match !== "function") return;
  const { target: usual } = builder.build();
  Object.assign(builder, {
    match: (target: string): unknown => (target === "default" ? usual : match(target)),
  });
}
