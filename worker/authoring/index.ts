/** The package's entry `countersign`: what you write workflows of your own with, and run them in your own process. */
export type { Context } from "@resonatehq/sdk";
export type { Decision, Outcome } from "../../src/approval/approval.ts";
export { createWorker, type EmbeddedWorker } from "../embedding/create-worker.ts";
export type { CreateWorkerOptions } from "../embedding/options.ts";
export type { WorkerLog } from "../runtime/sdk-log.ts";
export { lasting } from "../runtime/step-options.ts";
export { callbackUrl } from "./callback-url.ts";
export { type DefinedWorkflow, defineWorkflow, type WorkflowDefinition } from "./define-workflow.ts";
export { requestApproval } from "./request-approval.ts";
export { type WebhookOutcome, type WebhookWait, waitForWebhook } from "./wait-for-webhook.ts";
