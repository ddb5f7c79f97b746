/** The input of `request_approval`: the one shape of a request, without what an agent may not set. */
import { z } from "zod";
import { isRecord } from "../approval/raw-input.ts";
import { approvalRequestSchema } from "../approval/schema.ts";
import type { FieldProblem } from "../lib/errors.ts";

/** Why a field of `POST /approvals` cannot be given here. */
const NOT_HERE = {
  requester: "cannot be given here: it is the owner of the key",
  follow: "cannot be given here, because there is no requester to mail",
  callbackUrl: "cannot be given here: use await_approval",
} as const;

const SILENCE = "must be expire, reject or escalate: an agent's request is not approved by silence";

export function requestInput(): z.core.JSONSchema.BaseSchema {
  return z.toJSONSchema(approvalRequestSchema.omit({ requester: true, follow: true, callbackUrl: true }), {
    target: "draft-2020-12",
    io: "input",
    override: ({ jsonSchema: made }) => {
      // Not all readers of regular expressions know look-around. The service checks the values anyway.
      if (made.pattern !== undefined && /\(\?[=!<]/.test(made.pattern)) delete made.pattern;
      if (made.enum?.includes("escalate")) made.enum = made.enum.filter((value) => value !== "approve");
    },
  });
}

/** Problems that the check of `POST /approvals` would not find, or would say otherwise. */
export function agentProblems(body: Readonly<Record<string, unknown>>): FieldProblem[] {
  const problems: FieldProblem[] = Object.entries(NOT_HERE).flatMap(([field, message]) =>
    Object.hasOwn(body, field) ? [{ field, message }] : [],
  );
  if (body["onDeadline"] === "approve") problems.push({ field: "onDeadline", message: SILENCE });
  const stages: unknown = body["stages"];
  if (!Array.isArray(stages)) return problems;
  for (const [i, stage] of stages.entries()) {
    if (isRecord(stage) && stage["onDeadline"] === "approve") {
      problems.push({ field: `stages[${i}].onDeadline`, message: SILENCE });
    }
  }
  return problems;
}
