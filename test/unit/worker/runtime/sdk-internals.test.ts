/** What the worker replaces inside the SDK, which its authors may change in any version. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Codec, OptionsBuilder, Resonate } from "@resonatehq/sdk";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { goByEngineTime } from "../../../../worker/runtime/engine-clock.ts";
import { makeFaster } from "../../../../worker/runtime/faster-sdk.ts";
import { carryValuesWhole } from "../../../../worker/runtime/whole-values.ts";
import { ROOT } from "../../../support/service-process.ts";

/** The version for which all of the below was looked at, and what it saves was measured. */
const LOOKED_AT = "0.11.5";

function sdk(): Resonate {
  const resonate = new Resonate();
  onTestFinished(() => resonate.stop());
  return resonate;
}

/** The SDK with another thing under that name. */
function sdkWith(name: string, thing: unknown): Resonate {
  const resonate = sdk();
  Reflect.set(resonate, name, thing);
  return resonate;
}

test("the SDK is the version that was looked at", () => {
  const file = join(ROOT, "node_modules/@resonatehq/sdk/package.json");
  const { version } = JSON.parse(readFileSync(file, "utf8")) as { readonly version: string };
  expect(
    version,
    "The SDK has another version: read what whole-values.ts, faster-sdk.ts and engine-clock.ts in worker/runtime replace of it, whether it offers a way by now, and measure whether faster-sdk.ts still saves anything",
  ).toBe(LOOKED_AT);
});

describe("carryValuesWhole()", () => {
  const codecOf = (resonate: Resonate) => Reflect.get(resonate, "codec") as Codec;
  const WORDS = { whole: "__INF__", error: { __type: "error", message: "m" }, list: ["__NEG_INF__"] };

  test("has the SDK's codec read what was written, where its own does not", () => {
    const [ours, theirs] = [sdk(), sdk()];
    carryValuesWhole(ours, false);
    expect(codecOf(ours).decode(codecOf(ours).encode(WORDS))).toEqual(WORDS);
    expect(codecOf(theirs).decode(codecOf(theirs).encode(WORDS))).not.toEqual(WORDS);
  });

  test.each([true, false])(
    "gives equal texts one object where values are shared (%s), and no other",
    (areShared) => {
      const ours = sdk();
      carryValuesWhole(ours, areShared);
      const codec = codecOf(ours);
      const text = codec.encode({ shared: areShared });
      expect(codec.decode(text) === codec.decode({ ...text })).toBe(areShared);
      expect(codec.decode(text)).toEqual({ shared: areShared });
      // Its header says how it is read.
      expect(codec.decode(codec.encode(WORDS))).toEqual(WORDS);
    },
  );

  test.each([
    ["no codec", () => sdkWith("codec", undefined)],
    ["a codec of another kind", () => sdkWith("codec", { encode: String, decode: String })],
    [
      "a codec without an encoder",
      () => {
        const codec = new Codec();
        Reflect.deleteProperty(codec, "encoder");
        return sdkWith("codec", codec);
      },
    ],
    [
      "a codec that does not use the encoder it shows",
      () => {
        const [shown, used] = [new Codec(), new Codec()];
        shown.encode = (value) => used.encode(value);
        shown.decode = ((value: never) => used.decode(value)) as typeof shown.decode;
        return sdkWith("codec", shown);
      },
    ],
  ])("stops the start of a worker on an SDK with %s", (_, changed) => {
    expect(() => carryValuesWhole(changed(), true)).toThrow("no value encoder that Countersign can replace");
  });
});

describe("makeFaster()", () => {
  test("leaves options as the SDK makes them, and the usual target is not looked at again", () => {
    const [ours, theirs] = [sdk(), sdk()];
    expect(makeFaster(ours)).toBe(true);
    for (const target of ["default", "other", "https://example.com/", "poll://any@workers"]) {
      expect(ours.options({ target })).toEqual(theirs.options({ target }));
    }
    using url = vi.spyOn(globalThis, "URL");
    ours.options();
    expect(url).not.toHaveBeenCalled();
    theirs.options();
    expect(url).toHaveBeenCalledOnce();
  });

  test.each([
    ["no builder of options", () => sdkWith("optsBuilder", undefined)],
    ["a builder of another kind", () => sdkWith("optsBuilder", { match: String, build: () => ({}) })],
    [
      "a builder that does not look at targets",
      () => {
        const builder = new OptionsBuilder({ match: String });
        Reflect.deleteProperty(builder, "match");
        builder.build = () => Object.create(null) as ReturnType<typeof builder.build>;
        return sdkWith("optsBuilder", builder);
      },
    ],
    [
      "a builder whose usual target changes",
      () => {
        let count = 0;
        return sdkWith("optsBuilder", new OptionsBuilder({ match: (target) => `${target}-${(count += 1)}` }));
      },
    ],
    ["a frozen builder", () => sdkWith("optsBuilder", Object.freeze(new OptionsBuilder({ match: String })))],
  ])("leaves an SDK with %s as it is", (_, changed) => {
    const resonate = changed();
    const builder: unknown = Reflect.get(resonate, "optsBuilder");
    const match: unknown = builder instanceof OptionsBuilder ? Reflect.get(builder, "match") : undefined;
    expect(makeFaster(resonate)).toBe(false);
    expect(Reflect.get(resonate, "optsBuilder")).toBe(builder);
    if (builder instanceof OptionsBuilder) expect(Reflect.get(builder, "match")).toBe(match);
  });
});

describe("goByEngineTime()", () => {
  test("stops the start of a worker on an SDK without a clock that can be set", () => {
    for (const clock of [undefined, {}, Date.now]) {
      expect(() => goByEngineTime(sdkWith("clock", clock), () => 0)).toThrow(
        "no clock that Countersign can replace",
      );
    }
  });
});
