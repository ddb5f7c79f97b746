import { expect, test } from "vitest";
import { fromBase32, toBase32 } from "../../../src/lib/base32.ts";
import { createReturnPathTokens, tagIn } from "../../../src/tokens/return-path.ts";

const key = (n: number) => ({ kid: `k${n}`, secret: Buffer.alloc(32, n) });
const NOW = Date.UTC(2026, 10, 30);
const BALLOT = { pid: "po-1:1", bornAtMs: NOW, expiresAtMs: NOW + 60_000 };

test("a tag names its ballot by any key that is known, until its time", () => {
  const tokens = createReturnPathTokens([key(1), key(2)]);
  const { tag, name } = tokens.issue(BALLOT);
  expect(tokens.issue(BALLOT)).toEqual({ tag, name });
  expect(tag).toMatch(/^[a-z2-7]{39}$/u);
  for (const given of [tag, tag.toUpperCase()]) {
    expect(tokens.verify(given, NOW + 59_999)).toEqual({ ok: true, value: { name } });
  }
  expect(tokens.verify(tag, NOW + 60_000)).toEqual({ ok: false, reason: "expired" });
  // A key that no longer signs still verifies.
  expect(createReturnPathTokens([key(3), key(1)]).verify(tag, NOW)).toMatchObject({ ok: true });
  expect(createReturnPathTokens([key(2)]).verify(tag, NOW)).toEqual({ ok: false, reason: "signature" });
  expect(() => createReturnPathTokens([])).toThrow("no key");
});

test("another ballot, another birth and another key have another name", () => {
  const tokens = createReturnPathTokens([key(1)]);
  const names = [
    tokens.issue(BALLOT),
    tokens.issue({ ...BALLOT, pid: "po-1:2" }),
    tokens.issue({ ...BALLOT, bornAtMs: NOW + 1 }),
    createReturnPathTokens([key(2)]).issue(BALLOT),
  ].map(({ name }) => name);
  expect(new Set(names).size).toBe(4);
  // A deadline that is moved makes another tag of the same name.
  const moved = tokens.issue({ ...BALLOT, expiresAtMs: NOW + 120_000 });
  expect([moved.name, moved.tag === tokens.issue(BALLOT).tag]).toEqual([names[0], false]);
});

test("no tag with a letter changed, left out or added is good", () => {
  const tokens = createReturnPathTokens([key(1)]);
  const { tag } = tokens.issue(BALLOT);
  const others = Array.from({ length: tag.length }, (_, i) => {
    const other = tag[i] === "a" ? "b" : "a";
    return [`${tag.slice(0, i)}${other}${tag.slice(i + 1)}`, `${tag.slice(0, i)}${tag.slice(i + 1)}`];
  }).flat();
  for (const bad of [...others, `${tag}a`, "", "1".repeat(39), "é".repeat(39), `${tag.slice(0, 38)}=`]) {
    expect([bad, tokens.verify(bad, NOW).ok]).toEqual([bad, false]);
  }
});

test("base32 is read back as it was written, and only in that one form", () => {
  for (let length = 0; length < 40; length++) {
    const bytes = Buffer.from(Array.from({ length }, (_, i) => (i * 73 + length) & 255));
    expect(fromBase32(toBase32(bytes))).toEqual(bytes);
  }
  // RFC 4648 §10.
  expect(["f", "fo", "foo", "foob", "fooba", "foobar"].map((text) => toBase32(Buffer.from(text)))).toEqual([
    "my",
    "mzxq",
    "mzxw6",
    "mzxw6yq",
    "mzxw6ytb",
    "mzxw6ytboi",
  ]);
  for (const odd of ["m", "mz", "mzx", "m1", "mzxq=", "mzxr"]) expect(fromBase32(odd)).toBeUndefined();
});

test("tagIn() finds the tag of a return path and of nothing else", () => {
  const tag = "abcdefghijklmnopqrstuvwxyz234567abcdefg";
  for (const found of [tag, `bounces+${tag}@example.com`, `<Bounces+${tag}@Example.COM>`, ` ${tag} `]) {
    expect(tagIn(found)).toBe(tag);
  }
  expect(tagIn(`b+${tag.toUpperCase()}@example.com`)).toBe(tag.toUpperCase());
  for (const other of [
    "",
    "bounces@example.com",
    `bounces+${tag}x@example.com`,
    `${tag}0`,
    `b-${tag}@x.org`,
  ]) {
    expect(tagIn(other)).toBeUndefined();
  }
});
