/** The package's entry `countersign`: what you write workflows of your own with. */
export type { Decision, Outcome } from "../../src/approval/approval.ts";
export { callbackUrl } from "./callback-url.ts";
export { type DefinedWorkflow, defineWorkflow, type WorkflowDefinition } from "./define-workflow.ts";
export { requestApproval } from "./request-approval.ts";
export { type WebhookOutcome, type WebhookWait, waitForWebhook } from "./wait-for-webhook.ts";
