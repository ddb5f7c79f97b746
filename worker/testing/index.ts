/**
 * `countersign/testing`: tests of workflows and rehearsals of approvals, with played people and days that pass in
 * milliseconds.
 */
import "../../src/lib/node-version.js";

export type { Approver, Asked, Reaction } from "./approver.ts";
export {
  type MailKind,
  type People,
  type Rehearsal,
  type RehearsalOptions,
  RehearsalRefused,
  type RehearsedAbsence,
  type RehearsedMail,
  rehearse,
  type ScriptedReaction,
  type TimelineEntry,
} from "./rehearsal/index.ts";
export { type TestOptions, type TestRun, testWorkflow, WorkflowFailed } from "./test-workflow.ts";
export type { TestWebhook } from "./webhook.ts";
