import { OptionsBuilder, Resonate } from "@resonatehq/sdk";
import { expect, test, vi } from "vitest";
import { VALUE_ENCODER } from "../../../../src/durable/value.ts";
import { makeFaster } from "../../../../worker/runtime/faster-sdk.ts";

const faster = () => {
  const resonate = new Resonate();
  makeFaster(resonate);
  return resonate;
};

test("values go through our own encoder", () => {
  expect(Reflect.get(Reflect.get(faster(), "codec") as object, "encoder")).toBe(VALUE_ENCODER);
});

test("options are the SDK's own, and the usual target is not looked at again", () => {
  const [ours, theirs] = [faster(), new Resonate()];
  expect(Reflect.get(ours, "optsBuilder")).toBeInstanceOf(OptionsBuilder);
  for (const target of ["default", "other", "https://example.com/", "poll://any@workers"]) {
    expect(ours.options({ target })).toEqual(theirs.options({ target }));
  }
  using url = vi.spyOn(globalThis, "URL");
  ours.options();
  expect(url).not.toHaveBeenCalled();
  theirs.options();
  expect(url).toHaveBeenCalledOnce();
});
