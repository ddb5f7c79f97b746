import { Codec, Resonate } from "@resonatehq/sdk";
import {
  anything as anyValue,
  array,
  assert,
  constant,
  constantFrom,
  jsonValue,
  oneof,
  property,
  record,
  string,
} from "fast-check";
import { expect, test } from "vitest";
import { decodeValue, encodeValue, VALUE_ENCODER } from "../../../src/durable/value.ts";

const sdk = new Codec();

/** Values of every kind that a step may return, beside all of JSON. */
const anything = oneof(
  jsonValue(),
  anyValue({ withDate: true, withMap: true, withSet: true, maxDepth: 3 }),
  array(constantFrom(Infinity, -Infinity, Number.NaN, undefined, "__INF__", "__NEG_INF__", "\\u005f", "ä€𝄞")),
  record({ error: string().map((text) => new TypeError(text)) }),
  record({ __type: constantFrom("error", "other"), message: string() }),
  constant(new AggregateError([new Error("a")], "both")),
);

test("encodeValue() writes and decodeValue() reads what the SDK's codec does", () => {
  assert(
    property(anything, (value) => {
      const encoded = encodeValue(value);
      expect(encoded).toEqual(sdk.encode(value));
      expect(decodeValue(encoded)).toEqual(sdk.decode(encoded));
    }),
    { numRuns: 2_000 },
  );
});

test("the SDK's codec has an encoder in which ours can stand", () => {
  const resonate = new Resonate();
  const codec: unknown = Reflect.get(resonate, "codec");
  expect(codec).toBeInstanceOf(Codec);
  expect(Object.keys(Reflect.get(codec as Codec, "encoder") as object).toSorted()).toEqual(["inf", "negInf"]);
  expect(Object.keys(VALUE_ENCODER).toSorted()).toEqual(["decode", "encode"]);
});

test("encodeValue() refuses what JSON has no words for, as the SDK does", () => {
  const cycle: { self?: unknown } = {};
  cycle.self = cycle;
  for (const value of [cycle, 1n]) {
    expect(() => encodeValue(value)).toThrow(TypeError);
    expect(() => sdk.encode(value)).toThrow();
  }
});

test("decodeValue() finds an Error behind escapes, and nothing in no value", () => {
  const data = Buffer.from('{"\\u005f_type":"error","message":"late"}').toString("base64");
  expect(decodeValue({ data })).toEqual(new Error("late"));
  expect([decodeValue(undefined), decodeValue({}), decodeValue({ data: "" })]).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
});

test.each([
  ["no base64", "%%%"],
  ["no JSON", Buffer.from("{nope").toString("base64")],
])("decodeValue() throws for %s", (_, data) => {
  expect(() => decodeValue({ data })).toThrow();
});
