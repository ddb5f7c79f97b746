import type { Operation } from "./operation.ts";
import { APPROVAL_OPERATIONS } from "./operations/approvals.ts";
import { HEALTH_OPERATIONS } from "./operations/health.ts";
import { WORKFLOW_OPERATIONS } from "./operations/workflows.ts";

/** All that programs can ask of the API. A test compares it with what is mounted. */
export const OPERATIONS: readonly Operation[] = [
  ...APPROVAL_OPERATIONS,
  ...WORKFLOW_OPERATIONS,
  ...HEALTH_OPERATIONS,
];
