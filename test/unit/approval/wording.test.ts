import { assert, constantFrom, integer, nat, property } from "fast-check";
import { describe, expect, test } from "vitest";
import type { ApprovalRequest, PlainChoice } from "../../../src/approval/approval.ts";
import { decide, type Rules } from "../../../src/approval/policy.ts";
import {
  afterDeadlineText,
  consequenceText,
  enoughOf,
  explanationText,
  requirementText,
} from "../../../src/approval/wording.ts";
import { messagesFor } from "../../../src/lib/messages.ts";

const english = messagesFor("en");
const german = messagesFor("de-AT");

function rules(asked: number, require: Rules["require"], rejection: Rules["rejection"] = "veto"): Rules {
  const approvers = Array.from({ length: asked }, (_, i) => ({ email: `p${i + 1}@example.com` }));
  return { approvers, require, rejection, onDeadline: "expire" };
}

describe("requirementText()", () => {
  test.each([
    [rules(1, "any"), "Your decision alone"],
    [rules(3, "any"), "Any 1 of 3 people asked"],
    [rules(3, 2), "2 of 3 approvals"],
    [rules(3, "all"), "All 3 approvals"],
  ])("counts the people asked (%#)", (given, text) => {
    expect(requirementText(given, english)).toBe(text);
  });
});

describe("consequenceText()", () => {
  test.each<[PlainChoice, Rules, string]>([
    ["approve", rules(1, "any"), "Your answer alone decides: the request is then approved."],
    ["approve", rules(3, "any"), "One approval is enough: the request is then approved."],
    ["approve", rules(3, 2), "The request is approved once 2 of the 3 people asked have approved it."],
    ["approve", rules(2, "all"), "The request is approved once all 2 people asked have approved it."],
    ["reject", rules(3, 2), "One rejection is enough: the request is then rejected."],
    [
      "reject",
      rules(3, 2, "majority"),
      "The request is rejected once 2 of the 3 people asked have rejected it.",
    ],
  ])("says what a press to %s leads to (%#)", (choice, given, text) => {
    expect(consequenceText(choice, given, english)).toBe(text);
  });
});

const request: ApprovalRequest = {
  title: "Order",
  details: [],
  ...rules(1, "any"),
  deadline: "P5D",
  metadata: {},
};

test("the rules are in the reader's language", () => {
  expect(requirementText(rules(3, 2), german)).toBe("2 von 3 Genehmigungen");
  expect(consequenceText("reject", rules(3, 2), german)).toBe(
    "Eine Ablehnung genügt: Die Anfrage ist dann abgelehnt.",
  );
  expect(afterDeadlineText(request, { onDeadline: "reject" }, german)).toBe(
    "Danach gilt die Anfrage als abgelehnt.",
  );
});

describe("enoughOf()", () => {
  test("is the number at which the policy itself decides", () => {
    assert(
      property(
        integer({ min: 1, max: 12 }),
        constantFrom<PlainChoice>("approve", "reject"),
        constantFrom<Rules["rejection"]>("veto", "majority"),
        nat(),
        (asked, choice, rejection, number) => {
          const require = (["any", "all", 1 + (number % asked)] as const)[number % 3] ?? "any";
          const given = rules(asked, require, rejection);
          const outcomeOf = (votes: number) =>
            decide(
              given,
              given.approvers.slice(0, votes).map(({ email }, i) => ({ n: i + 1, email, choice })),
              { kind: "open" },
            );
          const enough = enoughOf(choice, given);
          expect(outcomeOf(enough)).toMatchObject({
            outcome: choice === "approve" ? "approved" : "rejected",
          });
          expect(outcomeOf(enough - 1)).toEqual({ kind: "wait" });
        },
      ),
    );
  });
});

test("a group in which nobody is left is not waited for, where the stage can do without it", () => {
  const explanation = {
    round: 1,
    rounds: 1,
    stage: 1,
    stages: 1,
    approved: [],
    revising: false,
    waitingFor: [
      { group: "Legal", needed: 1, people: [{ email: "ana@example.com" }] },
      { group: "Finance", needed: 1, people: [] },
    ],
  };
  expect(explanationText(explanation, messagesFor("en"), {})).toBe(
    "Waiting for 1 of Legal (ana@example.com).",
  );
});
