import { hash } from "node:crypto";
import { expect, test } from "vitest";
import { canonicalHash, canonicalText } from "../../../src/lib/canonical-hash.ts";

test.each([
  // RFC 8785, section 3.2.2, and its sorting in section 3.2.3
  [
    '{"numbers":[333333333.33333329,1E30,4.50,2e-3,0.000000000000000000000000001],"literals":[null,true,false]}',
    '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27]}',
  ],
  ['{"10":1,"9":2,"1":3}', '{"1":3,"10":1,"9":2}'],
  // What other libraries of this form leave unsorted, lose, or refuse
  ['{"toJSON":"x","b":{"toJSON":1,"a":2},"a":1}', '{"a":1,"b":{"a":2,"toJSON":1},"toJSON":"x"}'],
  ['{"b":1,"__proto__":{"x":1}}', '{"__proto__":{"x":1},"b":1}'],
  ['"paid"', '"paid"'],
  ["42", "42"],
  ["-0", "0"],
  ["null", "null"],
])("%s has one canonical form, and one hash", (text, canonical) => {
  expect(canonicalText(JSON.parse(text))).toBe(canonical);
  expect(canonicalHash(JSON.parse(text))).toBe(hash("sha256", canonical, "hex"));
});
