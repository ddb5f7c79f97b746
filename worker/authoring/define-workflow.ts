import type { Context } from "@resonatehq/sdk";
import type { StandardSchema } from "../../src/workflows/standard-schema.ts";
import { WORKFLOW_KIND, type Workflow, workflowProblems } from "../../src/workflows/workflow.ts";

export interface WorkflowDefinition<Input, Result> {
  /** What `POST /begin?func=` names it by. */
  readonly name: string;
  /** Raised when the calls that `run` makes change while runs of the old version go on. Default 1. */
  readonly version?: number;
  /** Schema of the one argument. Without it any argument passes, and `run` must check what it is given. */
  readonly input?: StandardSchema<unknown, Input> | undefined;
  /** `function* (ctx, input) { … }` */
  readonly run: (ctx: Context, input: Input) => Generator<unknown, Result>;
}

/** A `Workflow` that still knows what it takes and answers, for tests of it. */
export interface DefinedWorkflow<Input, Result> extends Omit<Workflow, "run" | "input"> {
  readonly input?: StandardSchema<unknown, Input> | undefined;
  run(ctx: Context, input: Input): Generator<unknown, Result>;
}

/**
 * Makes a workflow of a name and a generator function, for a file in the folder of `WORKFLOWS` to export:
 *
 *     export default defineWorkflow({
 *       name: "purchase",
 *       input: z.object({ item: z.string(), approvers: z.array(z.email()) }),
 *       *run(ctx, { item, approvers }) {
 *         const { outcome } = yield* requestApproval(ctx, { title: `Buy ${item}`, approvers });
 *         return outcome;
 *       },
 *     });
 *
 * @throws TypeError naming every member that is wrong
 */
export function defineWorkflow<Input = unknown, Result = unknown>(
  definition: WorkflowDefinition<Input, Result>,
): DefinedWorkflow<Input, Result> {
  const { name, version = 1, input, run } = definition;
  const workflow: DefinedWorkflow<Input, Result> = {
    kind: WORKFLOW_KIND,
    name,
    version,
    ...(input && { input }),
    run,
  };
  const problems = workflowProblems(workflow);
  if (problems.length > 0) throw new TypeError(`Cannot define a workflow: ${problems.join("; ")}`);
  return Object.freeze(workflow);
}
