/** `countersign/testing`: tests of workflows, with people played by a function and days that pass in milliseconds. */
import "../../src/lib/node-version.js";

export type { Approver, Asked, Reaction } from "./approver.ts";
export { type TestOptions, type TestRun, testWorkflow, WorkflowFailed } from "./test-workflow.ts";
export type { TestWebhook } from "./webhook.ts";
