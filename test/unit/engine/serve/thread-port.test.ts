import { describe, expect, test } from "vitest";
import { halvesOf, inPieces } from "../../../../src/engine/serve/thread-port.ts";

/** A list whose text is too long when it has more than `max` entries, as V8 says it. */
class Long {
  readonly #list: number[];
  readonly #max: number;
  constructor(list: number[], max: number) {
    this.#list = list;
    this.#max = max;
  }
  toJSON(): number[] {
    if (this.#list.length > this.#max) throw new RangeError("Invalid string length");
    return this.#list;
  }
  halves(): Long[] {
    return halvesOf(this.#list).map((half) => new Long(half, this.#max));
  }
}

describe("inPieces()", () => {
  test.each([
    [9, ["[1,2,3,4,5,6,7]"]],
    [3, ["[1,2,3]", "[4,5]", "[6,7]"]],
    [1, ["[1]", "[2]", "[3]", "[4]", "[5]", "[6]", "[7]"]],
  ])("hands over all of it in order, where a text holds %i", (max, pieces) => {
    expect(inPieces(new Long([1, 2, 3, 4, 5, 6, 7], max), (list) => list.halves())).toEqual(pieces);
  });

  test("throws what cannot be parted, and what is no matter of length", () => {
    expect(() => inPieces(new Long([1, 2], 0), (list) => list.halves())).toThrow("Invalid string length");
    expect(() => inPieces([1n, 2n], halvesOf)).toThrow(TypeError);
  });
});
