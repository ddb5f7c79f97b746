import { describe, expect, test } from "vitest";
import { KnownPeople, NO_KNOWN_PEOPLE, whoIsBy, withAliases } from "../../../src/approval/same-person.ts";

const known = new KnownPeople({
  areTagsPeople: false,
  people: [
    ["kim@example.com", "k.mueller@example.com", "kim@old.example"],
    ["ana@example.com", "Ana.Souza@gmail.com"],
  ],
  domains: [["example.com", "example.de"]],
});

/** One person each. */
const SAME: readonly (readonly [why: string, one: string, other: string])[] = [
  ["upper case", "kim@example.com", "Kim@EXAMPLE.com"],
  ["a tag", "kim@example.com", "kim+laptops@example.com"],
  ["a tag with a plus in it", "kim@example.com", "kim+a+b@example.com"],
  ["googlemail.com", "kim@gmail.com", "kim@googlemail.com"],
  ["dots at gmail.com", "kimmueller@gmail.com", "kim.mueller@gmail.com"],
  ["all of it at once", "kimmueller@gmail.com", "K.i.m.Mueller+x@GoogleMail.com"],
  ["the list", "kim@example.com", "k.mueller@example.com"],
  ["two others of a line", "kim@old.example", "k.mueller@example.com"],
  ["the list, and a tag", "kim@example.com", "k.mueller+x@example.com"],
  ["a domain", "bo@example.com", "bo@example.de"],
  ["a domain and the list", "kim@old.example", "k.mueller@example.de"],
  ["dots of a listed address", "ana@example.de", "anasouza@googlemail.com"],
];

const OTHERS: readonly (readonly [why: string, one: string, other: string])[] = [
  ["another name", "kim@example.com", "kin@example.com"],
  ["another domain", "kim@example.com", "kim@example.org"],
  ["dots elsewhere", "kim.mueller@example.com", "kimmueller@example.com"],
  ["nothing before the plus", "+kim@example.com", "+ana@example.com"],
  ["a hyphen, which some systems take for a tag", "kim-x@example.com", "kim@example.com"],
  ["a subdomain", "kim@mail.example.com", "kim@example.com"],
];

describe.each([
  ["by all that the operator knows", () => known.whoIs],
  ["by what an approval keeps of it", (one: string) => whoIsBy(known.among([{ email: one }]))],
])("%s", (_, whoIsFor) => {
  test.each(SAME)("%s: %s is %s", (_why, one, other) => {
    const whoIs = whoIsFor(one);
    expect(whoIs(other)).toBe(whoIs(one));
  });
  test.each(OTHERS)("%s: %s is not %s", (_why, one, other) => {
    const whoIs = whoIsFor(one);
    expect(whoIs(other)).not.toBe(whoIs(one));
  });
});

test("an approval keeps the aliases of its own people alone", () => {
  expect(known.among([{ email: "bo@example.org" }])).toEqual({ form: 1 });
  expect(NO_KNOWN_PEOPLE.among([{ email: "kim@example.com" }])).toEqual({ form: 1 });
  expect(known.among([{ email: "k.mueller@example.de" }])).toEqual({
    form: 1,
    aliases: {
      "kim@example.de": "kim@example.com",
      "k.mueller@example.com": "kim@example.com",
      "k.mueller@example.de": "kim@example.com",
      "kim@old.example": "kim@example.com",
    },
  });
});

describe("of those who are asked later,", () => {
  const named = [{ email: "bo@example.org" }];
  const start = known.among(named);
  const kim = { email: "kim@example.com" };
  const mueller = { email: "k.mueller@example.de" };

  test("all addresses are kept, whichever is asked first, and only once", () => {
    for (const [first, second] of [
      [kim, mueller],
      [mueller, kim],
    ] as const) {
      const later = known.later(start, { asked: [first], settled: named });
      const whoIs = whoIsBy(withAliases(start, later));
      expect(whoIs(first.email)).toBe(whoIs(second.email));
      expect(whoIs("bo@example.org")).toBe("bo@example.org");
      const more = { asked: [first, second], settled: [...named, first] };
      expect(known.later(withAliases(start, later), more)).toBeUndefined();
    }
  });

  test("nobody whom the lists do not name is kept", () => {
    expect(known.later(start, { asked: [{ email: "ana@example.org" }], settled: named })).toBeUndefined();
    expect(NO_KNOWN_PEOPLE.later(start, { asked: [kim, mueller], settled: named })).toBeUndefined();
  });

  test("what was settled stays so, whatever the list says by now", () => {
    const before = { form: 1 } as const;
    const both = [kim, mueller];
    const third = { email: "kim@old.example" };
    const whoIs = whoIsBy(withAliases(before, known.later(before, { asked: [third], settled: both })));
    // The two were asked as two people; who comes now is one of them.
    expect(whoIs(kim.email)).toBe("kim@example.com");
    expect(whoIs(mueller.email)).toBe("k.mueller@example.de");
    expect([whoIs(kim.email), whoIs(mueller.email)]).toContain(whoIs(third.email));
  });

  test("a line whose order has changed since makes no second person", () => {
    const turned = new KnownPeople({
      ...known.aliases,
      people: known.aliases.people.map((line) => line.toReversed()),
    });
    const later = known.later(start, { asked: [kim], settled: named });
    const same = withAliases(start, later);
    const all = withAliases(same, turned.later(same, { asked: [mueller, kim], settled: named }));
    expect(whoIsBy(all)(mueller.email)).toBe(whoIsBy(all)(kim.email));
  });
});

test("the list is read once, however many approvals look into it", () => {
  const people = [["kim@example.com", "k.mueller@example.com"]];
  const read = new KnownPeople({ areTagsPeople: false, people, domains: [] });
  people.length = 0;
  expect(read.among([{ email: "kim@example.com" }])).toEqual({
    form: 1,
    aliases: { "k.mueller@example.com": "kim@example.com" },
  });
});

test("tags are people where the operator says so", () => {
  const tagged = new KnownPeople({ areTagsPeople: true, people: [], domains: [] });
  for (const whoIs of [tagged.whoIs, whoIsBy(tagged.among([{ email: "me+ana@example.com" }]))]) {
    expect(whoIs("me+ana@example.com")).not.toBe(whoIs("me+bo@example.com"));
    expect(whoIs("Me+Ana@example.com")).toBe(whoIs("me+ana@example.com"));
  }
});

test("in approvals of earlier versions, each address is a person", () => {
  const whoIs = whoIsBy(undefined);
  expect(whoIs("Kim@example.com")).toBe("kim@example.com");
  expect(whoIs("kim+x@example.com")).toBe("kim+x@example.com");
});

test("no address stands for what objects have anyway", () => {
  const whoIs = whoIsBy({ form: 1, aliases: {} });
  for (const email of ["constructor@example.com", "__proto__"]) expect(typeof whoIs(email)).toBe("string");
});
