import { Codec, Resonate, type Value } from "@resonatehq/sdk";
import {
  anything as anyValue,
  array,
  assert,
  constant,
  constantFrom,
  dictionary,
  jsonValue,
  letrec,
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

test("encodeValue() writes the bytes that the SDK's codec does, and decodeValue() reads what it does", () => {
  assert(
    property(anything, (value) => {
      const encoded = encodeValue(value);
      expect(encoded.data).toEqual(sdk.encode(value).data);
      // Without what says that it is nothing but JSON.
      const bare = { headers: {}, data: encoded.data };
      expect(decodeValue(bare)).toEqual(sdk.decode(bare));
    }),
    { numRuns: 2_000 },
  );
});

/** JSON as others send it, with the words that the SDK's codec has of its own in it. */
const foreign = letrec((tie) => ({
  value: oneof(
    { maxDepth: 4 },
    constantFrom("__INF__", "__NEG_INF__", "__type", "error", "aggregate_error", null, true, 1.5, "text"),
    array(tie("value"), { maxLength: 3 }),
    dictionary(constantFrom("a", "__type", "message", "errors", "toJSON", "__proto__"), tie("value"), {
      maxKeys: 4,
      noNullPrototype: true,
    }),
  ),
})).value.map((value) => JSON.stringify(value));

test("plain JSON comes back as it was, whatever the SDK's codec would read in it, and only then is it marked", () => {
  let misread = 0;
  assert(
    property(foreign, (text) => {
      const encoded = encodeValue(JSON.parse(text));
      expect(Buffer.from(encoded.data, "base64").toString()).toBe(text);
      expect(JSON.stringify(decodeValue(encoded))).toBe(text);
      if (!isReadAlike(encoded, text)) {
        misread += 1;
        expect(encoded.headers).not.toEqual({});
      }
    }),
    { numRuns: 3_000 },
  );
  expect(misread).toBeGreaterThan(500);
  expect(encodeValue({ text: "__INF__ is a word", type: "error" }).headers).toEqual({});
});

/** Whether the SDK's codec reads what the text says; it throws for some. */
function isReadAlike(encoded: Value, text: string): boolean {
  try {
    expect(sdk.decode(encoded)).toStrictEqual(JSON.parse(text));
    return true;
  } catch {
    return false;
  }
}

test("what the SDK itself wrote keeps its meaning, beside others' words too", () => {
  const value = { limit: Infinity, error: new Error("late") };
  expect(encodeValue(value)).toEqual(sdk.encode(value));
  expect(decodeValue(encodeValue(value))).toEqual(sdk.decode(sdk.encode(value)));
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
