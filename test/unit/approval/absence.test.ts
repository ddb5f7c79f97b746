import { expect, test } from "vitest";
import { awayAmong, awayIn, withStandIns } from "../../../src/approval/absence.ts";
import type { Ask } from "../../../src/approval/evaluate/evaluation.ts";
import { addressKey } from "../../../src/approval/person.ts";

const ask = (name: string, ...groups: number[]): Ask => ({
  person: { email: `${name}@x.org` },
  groups: groups.length === 0 ? [0] : groups,
  stage: 0,
  round: 1,
  gen: 0,
});

/** `ana>bo`: Ana is away, and Bo is asked. */
function away(...rules: readonly string[]) {
  const entries = rules.map((rule) => {
    const [from, to] = rule.split(">");
    return [`${from}@x.org`, { to: { email: `${to}@x.org` }, untilMs: 9 }] as const;
  });
  return awayIn(Object.fromEntries(entries));
}

const asked = (asks: readonly Ask[], ...rules: readonly string[]) =>
  withStandIns(asks, { awayAt: away(...rules), rule: { whoIs: addressKey, requester: "kim@x.org" } }).map(
    ({ person, groups }) => `${person.email.split("@")[0]} ${groups.join("+")}`,
  );

test.each([
  ["nobody away", ["ana"], [], ["ana 0"]],
  ["one", ["ana"], ["ana>bo"], ["bo 0"]],
  ["three in turn", ["ana"], ["ana>bo", "bo>cy", "cy>di"], ["di 0"]],
  ["four in turn", ["ana"], ["ana>bo", "bo>cy", "cy>di", "di>eve"], ["ana 0"]],
  ["a circle of two", ["ana"], ["ana>bo", "bo>ana"], ["ana 0"]],
  ["a circle further on", ["ana"], ["ana>bo", "bo>cy", "cy>bo"], ["ana 0"]],
  ["the requester at the end", ["ana"], ["ana>bo", "bo>kim"], ["ana 0"]],
  ["the requester in between", ["ana"], ["ana>kim", "kim>bo"], ["bo 0"]],
  ["the other person of the group", ["ana", "bo"], ["ana>bo"], ["ana 0", "bo 0"]],
  ["one for two of a group", ["ana", "bo"], ["ana>cy", "bo>cy"], ["cy 0", "bo 0"]],
  ["two who exchange", ["ana", "bo"], ["ana>bo", "bo>ana"], ["ana 0", "bo 0"]],
] as const)("%s", (_, names, rules, expected) => {
  expect(
    asked(
      names.map((name) => ask(name)),
      ...rules,
    ),
  ).toEqual(expected);
});

test("one who is asked for several groups, for themselves and for others, gets one question", () => {
  expect(asked([ask("ana", 0), ask("bo", 1), ask("cy", 2)], "ana>bo", "cy>bo")).toEqual(["bo 0+1+2"]);
  const [one] = withStandIns([ask("ana", 0), ask("cy", 1)], {
    awayAt: away("ana>bo", "cy>bo"),
    rule: { whoIs: addressKey },
  });
  expect(one).toMatchObject({
    via: { kind: "absence" },
    inPlaceOf: [{ person: { email: "ana@x.org" } }, { person: { email: "cy@x.org" } }],
  });
});

test("terms keep the rules that count for an approval, and no others", () => {
  const people = [{ email: "Ana@x.org" }];
  const kept = awayAmong(people, away("ana>bo", "bo>cy", "eve>flo"));
  expect(Object.keys(kept ?? {})).toEqual(["ana@x.org", "bo@x.org"]);
  expect(awayAmong(people, away("eve>flo"))).toBeUndefined();
});
