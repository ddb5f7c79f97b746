/** The table in `docs/rules.md`, row by row. */

import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import type { Evaluation } from "../../../src/approval/evaluate/evaluation.ts";
import { type End, OPENING, type Seat, type SeatAnswer } from "../../../src/approval/evaluate/look.ts";
import { evaluate } from "../../../src/approval/evaluate.ts";
import { addressKey } from "../../../src/approval/person.ts";
import { peopleOf, type Rule, type StageRule } from "../../../src/approval/rule.ts";

const NOW_MS = 1_000;
const HOUR_MS = 3_600_000;
const personOf = (name: string) => ({ email: `${name}@x.org` });

function stageOf(groups: string, rule: string): StageRule {
  return {
    groups: groups.split("; ").map((group) => {
      const words = group.split(" ");
      const need = words.pop() ?? "any";
      const require = need === "any" || need === "all" ? need : Number(need);
      return { approvers: words.map(personOf), require };
    }),
    require: rule.includes("any group") ? "any" : "all",
    onDeadline: "expire",
    escalateTo: [],
    replace: false,
  };
}

function answerOf(word: string | undefined, at: number, isProvisional: boolean): SeatAnswer {
  if (word === undefined) return { kind: "open" };
  if (word === "undone" || word === "recused") return { kind: word };
  if (word === "reassigned") return { kind: "reassigned", to: personOf("zoe") };
  const effect = word === "late" ? "approve" : word;
  if (effect !== "approve" && effect !== "reject" && effect !== "changes")
    throw new Error(`No answer: ${word}`);
  const atMs = word === "late" ? NOW_MS : at;
  return { kind: "decided", choice: effect, effect, atMs, final: !isProvisional };
}

function endOf(seen: string): End {
  if (seen === "deadline") return { kind: "deadline", atMs: 900 };
  if (seen === "changed") return { kind: "changed", atMs: 900, deadlineAtMs: 9_000 };
  return seen === "cancelled" ? { kind: "cancelled", atMs: 900 } : { kind: "open", atMs: 9_000 };
}

const waits = ({ explanation: { waitingFor } }: Evaluation) =>
  waitingFor.map(({ needed, people }) => {
    const names = people.map(({ email }) => email.split("@")[0]).join(" ");
    return `${needed} of ${names || "nobody"}`;
  });

function told(evaluation: Evaluation): [string, string] {
  const { verdict, state } = evaluation;
  if (verdict.kind === "done") return [verdict.outcome, verdict.reason];
  if (state.phase === "revising") return ["changes", "-"];
  const waiting = waits(evaluation).join(", ") || "-";
  if (state.round > OPENING.round) return ["next round", waiting];
  return [state.stage > 0 ? "next stage" : "wait", waiting];
}

const rows = readFileSync("docs/rules.md", "utf8")
  .split("\n")
  .filter((line) => line.startsWith("| "))
  .slice(1)
  .map((line) => line.slice(2, -2).split(" | "));

test("there are rows", () => expect(rows.length).toBeGreaterThan(20));

test.each(rows)(
  "%s",
  (...[, groups = "", words = "", answers = "", seen = "", comesTo = "", because = ""]) => {
    const isProvisional = words.includes("undo");
    const rule: Rule = {
      stages: [stageOf(groups, words), ...(words.includes("then cfo") ? [stageOf("cfo any", "")] : [])],
      rejection: words.includes("majority") ? "majority" : "veto",
      choices: [],
      onDeadline: words.includes("silence") ? "approve" : "expire",
      whoIs: addressKey,
      undoMs: isProvisional ? HOUR_MS : 0,
      rounds: 3,
    };
    const given = answers.split(", ").map((answer) => answer.split(" "));
    const seats = peopleOf(rule, rule.stages[0] as StageRule).map(({ person, groups: inGroups }, i): Seat => {
      const at = given.findIndex(([name]) => personOf(name ?? "").email === person.email);
      const answer = answerOf(given[at]?.[1], 100 + at, isProvisional);
      return { n: i + 1, person, groups: inGroups, openedAtMs: 0, gen: 0, answer };
    });
    const look = { state: OPENING, seats, end: endOf(seen), nowMs: NOW_MS };
    const evaluation = evaluate(rule, look, { mayApproveByDeadline: true, everybodyMailed: true });
    expect(told(evaluation)).toEqual([comesTo, because]);
  },
);
