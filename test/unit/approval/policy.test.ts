import {
  type Arbitrary,
  array,
  assert,
  constantFrom,
  type IRawProperty,
  infiniteStream,
  integer,
  nat,
  oneof,
  option,
  property,
  record,
  uniqueArray,
} from "fast-check";
import { describe, expect, test } from "vitest";
import type { Verdict, Vote } from "../../../src/approval/approval.ts";
import { decide, type End, type Rules } from "../../../src/approval/policy.ts";

const seed = Number(process.env["SEED"] ?? Math.floor(Math.random() * 2 ** 31));
console.log(`policy properties: SEED=${seed}`);

function holds<Ts>(rule: IRawProperty<Ts, false>): void {
  assert(rule, { seed, numRuns: 5_000 });
}

const OPEN: End = { kind: "open" };
const people = ["ana@x.org", "bo@x.org", "cy@x.org", "di@x.org", "eve@x.org"];

function rules(
  given: Partial<Omit<Rules, "approvers" | "requester">> & { approvers?: string[]; requester?: string },
): Rules {
  const { approvers = people.slice(0, 3), requester, ...rest } = given;
  return {
    require: "any",
    rejection: "veto",
    onDeadline: "expire",
    ...rest,
    approvers: approvers.map((email) => ({ email })),
    ...(requester === undefined ? {} : { requester: { email: requester } }),
  };
}

/** `+` and `-` by the first, second… approver; a blank is a ballot not answered. */
function votes(marks: string): Vote[] {
  return marks
    .split("")
    .flatMap((mark, i) =>
      mark === " "
        ? []
        : [{ n: i + 1, email: people[i]!, choice: mark === "+" ? "approve" : "reject" } as const],
    );
}

const kind = (verdict: Verdict) => (verdict.kind === "done" ? verdict.outcome : "wait");

describe("decide()", () => {
  test.each<[Partial<Rules>, string, string]>([
    [{ require: "any" }, "   ", "wait"],
    [{ require: "any" }, "  +", "approved"],
    [{ require: "any" }, "  -", "rejected"],
    [{ require: "any" }, "+ -", "rejected"],
    [{ require: "any", rejection: "majority" }, "-- ", "wait"],
    [{ require: "any", rejection: "majority" }, "---", "rejected"],
    [{ require: "any", rejection: "majority" }, "--+", "approved"],
    [{ require: "all" }, "++ ", "wait"],
    [{ require: "all" }, "+++", "approved"],
    [{ require: "all", rejection: "majority" }, "-  ", "rejected"],
    [{ require: 2 }, "+  ", "wait"],
    [{ require: 2 }, "+ +", "approved"],
    [{ require: 2 }, "+- ", "rejected"],
    [{ require: 2, rejection: "majority" }, "+- ", "wait"],
    [{ require: 2, rejection: "majority" }, "+-+", "approved"],
    [{ require: 2, rejection: "majority" }, "--+", "rejected"],
  ])("%o with answers '%s' of three is %s", (given, marks, expected) => {
    expect(kind(decide(rules(given as object), votes(marks), OPEN))).toBe(expected);
  });

  test("counts one person once, by the ballot with the lowest number, whatever the case of the address", () => {
    const twice: Vote[] = [
      { n: 3, email: "ANA@x.org", choice: "approve" },
      { n: 1, email: "ana@x.org", choice: "reject" },
    ];
    const given = rules({ require: 2, rejection: "majority" });
    expect(kind(decide(given, twice, OPEN))).toBe("wait");
    expect(kind(decide(given, [...twice, { n: 2, email: "bo@x.org", choice: "reject" }], OPEN))).toBe(
      "rejected",
    );
  });

  test("ignores the requester and strangers, even with a ballot", () => {
    const given = rules({ requester: "ANA@x.org " });
    expect(kind(decide(given, votes("+"), OPEN))).toBe("wait");
    expect(kind(decide(given, votes("-"), OPEN))).toBe("wait");
    expect(kind(decide(given, [{ n: 1, email: "mallory@x.org", choice: "approve" }], OPEN))).toBe("wait");
  });

  test("never approves without an approval, also when nobody can vote", () => {
    const given = rules({ require: "all", approvers: ["ana@x.org"], requester: "ana@x.org" });
    expect(kind(decide(given, votes("+"), OPEN))).toBe("rejected");
  });

  test("ends by the deadline as the request says", () => {
    expect(decide(rules({ require: 2 }), votes("+"), { kind: "deadline" })).toEqual({
      kind: "done",
      outcome: "expired",
      reason: "The deadline passed with 1 of 2 needed approvals",
    });
    expect(kind(decide(rules({ onDeadline: "reject" }), [], { kind: "deadline" }))).toBe("rejected");
  });

  test("ends by a cancellation, whatever happens at the deadline", () => {
    expect(decide(rules({ onDeadline: "reject" }), [], { kind: "cancelled" })).toEqual({
      kind: "done",
      outcome: "cancelled",
      reason: "It was cancelled",
    });
  });

  test("lets votes that decide win over a deadline or a cancellation seen together with them", () => {
    expect(kind(decide(rules({}), votes("+"), { kind: "deadline" }))).toBe("approved");
    expect(kind(decide(rules({}), votes("-"), { kind: "cancelled" }))).toBe("rejected");
  });
});

const key = (email: string) => email.trim().toLowerCase();

/** The rules once more, the slow way: by asking of every way in which the missing people could vote. */
function model(given: Rules, seen: readonly Vote[], end: End): string {
  const asked = [...new Set(given.approvers.map((person) => key(person.email)))].filter(
    (email) => given.requester === undefined || email !== key(given.requester.email),
  );
  const answers = new Map<string, { n: number; choice: string }>();
  for (const vote of seen) {
    const known = answers.get(key(vote.email));
    if (asked.includes(key(vote.email)) && (known === undefined || vote.n < known.n))
      answers.set(key(vote.email), vote);
  }
  const enough = (yes: number) => {
    if (yes === 0) return false;
    if (given.require === "any") return true;
    return given.require === "all" ? yes === asked.length : yes >= given.require;
  };
  const said = asked.map((email) => answers.get(email)?.choice);
  const yes = said.filter((choice) => choice === "approve").length;
  const no = said.includes("reject");
  const couldStill = enough(said.filter((choice) => choice !== "reject").length);
  if (given.rejection === "veto" && no) return "rejected";
  if (enough(yes)) return "approved";
  if (!couldStill) return "rejected";
  if (end.kind === "cancelled") return "cancelled";
  if (end.kind === "deadline") return given.onDeadline === "reject" ? "rejected" : "expired";
  return "wait";
}

const anyEmail = constantFrom(...people, "ANA@X.org", " bo@x.org", "mallory@x.org");
const anyRules: Arbitrary<Rules> = record({
  approvers: array(anyEmail, { minLength: 1, maxLength: 6 }),
  requester: option(anyEmail, { nil: undefined }),
  require: oneof(constantFrom("any" as const, "all" as const), integer({ min: 1, max: 6 })),
  rejection: constantFrom("veto" as const, "majority" as const),
  onDeadline: constantFrom("expire" as const, "reject" as const),
}).map(({ requester, ...given }) => rules(requester === undefined ? given : { ...given, requester }));
const anyVote: Arbitrary<Vote> = record({
  n: integer({ min: 1, max: 6 }),
  email: anyEmail,
  choice: constantFrom("approve", "reject"),
});
// One vote a ballot: a ballot is settled once.
const anyVotes = uniqueArray(anyVote, { selector: ({ n }) => n, maxLength: 6 });
const anyEnd: Arbitrary<End> = constantFrom<End[]>(
  { kind: "open" },
  { kind: "deadline" },
  { kind: "cancelled" },
);

describe("decide(), for all rules and votes,", () => {
  test("agrees with a plain model", () => {
    holds(
      property(anyRules, anyVotes, anyEnd, (given, seen, end) => {
        expect(kind(decide(given, seen, end))).toBe(model(given, seen, end));
      }),
    );
  });

  test("does not depend on the order in which votes are listed", () => {
    holds(
      property(anyRules, anyVotes, anyEnd, infiniteStream(nat()), (given, seen, end, keys) => {
        const shuffled = seen.map((vote) => ({ vote, key: keys.next().value as number }));
        shuffled.sort((a, b) => a.key - b.key);
        const listed = shuffled.map(({ vote }) => vote);
        expect(decide(given, listed, end)).toEqual(decide(given, seen, end));
      }),
    );
  });

  test("keeps a verdict by votes when other people vote later, except that a veto undoes an approval", () => {
    holds(
      property(anyRules, anyVotes, anyVotes, anyEnd, (given, seen, more, end) => {
        const first = decide(given, seen, OPEN);
        if (first.kind === "wait") return;
        const voted = new Set(seen.map(({ email }) => key(email)));
        const later = more.filter(({ email }) => !voted.has(key(email)));
        const after = kind(decide(given, [...seen, ...later], end));
        const vetoed =
          given.rejection === "veto" &&
          first.outcome === "approved" &&
          later.some(({ choice }) => choice === "reject");
        if (after !== first.outcome) expect({ vetoed, after }).toEqual({ vetoed: true, after: "rejected" });
      }),
    );
  });

  test("always ends once the wait has ended, and never approves below what is needed", () => {
    holds(
      property(anyRules, anyVotes, anyEnd, (given, seen, end) => {
        const verdict = decide(given, seen, end);
        if (end.kind !== "open") expect(verdict.kind).toBe("done");
        if (kind(verdict) !== "approved") return;
        const yes = seen.filter(({ choice }) => choice === "approve").length;
        expect(yes).toBeGreaterThanOrEqual(typeof given.require === "number" ? given.require : 1);
      }),
    );
  });
});
