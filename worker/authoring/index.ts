/** The package's entry `countersign`: what a workflow of yours calls. */
export type { Decision, Outcome } from "../../src/approval/approval.ts";
export { callbackUrl } from "./callback-url.ts";
export { requestApproval } from "./request-approval.ts";
export { type WebhookOutcome, type WebhookWait, waitForWebhook } from "./wait-for-webhook.ts";
