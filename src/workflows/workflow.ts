/** A workflow of your own, as `defineWorkflow` makes it and a file of the folder exports it. */
import type { Func } from "@resonatehq/sdk";
import { FUNCTION_NAME, FUNCTION_NAME_RULE, VERSION_MAX, VERSION_RULE } from "../approval/call.ts";
import { ownWayOf } from "../approval/own-ways.ts";
import { isStandardSchema, type StandardSchema } from "./standard-schema.ts";

/** Known by a text and not by a class or symbol: an installation may hold the package twice. */
export const WORKFLOW_KIND = "countersign.workflow";

export interface Workflow {
  readonly kind: typeof WORKFLOW_KIND;
  readonly name: string;
  /** A whole number from 1 on. */
  readonly version: number;
  /** Schema of the one argument; absent: it may be any JSON value. */
  readonly input?: StandardSchema | undefined;
  /** A generator function. */
  readonly run: Func;
}

export function isMeantAsWorkflow(value: unknown): boolean {
  return typeof value === "object" && value !== null && "kind" in value && value.kind === WORKFLOW_KIND;
}

/** What is wrong with a workflow, each naming the member and what would be right; none: it is a `Workflow`. */
export function workflowProblems(value: object): string[] {
  const { name, version, input, run } = value as Readonly<Record<string, unknown>>;
  const problems: string[] = [];
  if (typeof name !== "string" || !FUNCTION_NAME.test(name)) {
    problems.push(`name must be ${FUNCTION_NAME_RULE}, not ${JSON.stringify(name)}`);
  } else if (ownWayOf(name) !== undefined) {
    problems.push(`name must be another: Countersign has a workflow of its own named ${name}`);
  }
  if (!Number.isSafeInteger(version) || Number(version) < 1 || Number(version) > VERSION_MAX) {
    problems.push(`version must be ${VERSION_RULE}, not ${JSON.stringify(version)}`);
  }
  if (input !== undefined && !isStandardSchema(input)) {
    problems.push(
      "input must be a schema of a library that has the Standard Schema interface, such as z.object({ … }) of zod",
    );
  }
  if (Object.prototype.toString.call(run) !== "[object GeneratorFunction]") {
    problems.push("run must be a generator function: function* (ctx, input) { … }");
  }
  return problems;
}
