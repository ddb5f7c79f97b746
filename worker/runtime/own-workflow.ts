/** Prepares a user's workflow for the SDK. */
import type { Context } from "@resonatehq/sdk";
import { type CheckedArgument, checkArgument, checkedArgumentIn } from "../../src/workflows/argument.ts";
import type { Workflow } from "../../src/workflows/workflow.ts";
import type { Registration } from "./registration.ts";
import { lasting } from "./step-options.ts";

/**
 * The gateway checks an argument only if it knows the workflow, and schedules, the command line and other workflows
 * bypass it. So the worker checks, too. It does so in a step, so that a later schema does not change the result for a
 * running workflow.
 */
export function registrationOf(workflow: Workflow): Registration {
  const { name, version, input, run } = workflow;
  if (input === undefined) {
    return {
      name,
      version,
      // A function of its own: the SDK takes none twice, and two workflows may share one `run`.
      *func(ctx: Context, ...args: unknown[]): Generator<unknown, unknown> {
        return yield* run(ctx, ...args);
      },
    };
  }
  return {
    name,
    version,
    *func(ctx: Context, argument: unknown): Generator<unknown, unknown> {
      let checked: CheckedArgument | undefined;
      // Another program has settled the step: what it wrote says nothing of the argument, so it is checked again.
      while (checked === undefined) {
        checked = checkedArgumentIn(yield* ctx.run(check_argument, workflow, argument, lasting(ctx)));
      }
      if (!checked.ok) {
        const problems = checked.problems.map(({ field, message }) => `${field}: ${message}`).join("; ");
        throw new TypeError(`Cannot run ${name} version ${version}: ${problems}`);
      }
      return yield* run(ctx, checked.value);
    },
  };
}

async function check_argument(
  _ctx: Context,
  workflow: Workflow,
  argument: unknown,
): Promise<CheckedArgument> {
  try {
    const checked = await checkArgument(workflow, argument, "argument");
    // The first pass must see what every replay will read: the value after JSON.
    return JSON.parse(JSON.stringify(checked)) as CheckedArgument;
  } catch (error) {
    // An exception would be retried for as long as the workflow lives.
    const message = `cannot be checked: ${error instanceof Error ? error.message : String(error)}`;
    return { ok: false, problems: [{ field: "argument", message }] };
  }
}
