import type { Operation } from "./operation.ts";
import { ABSENCE_OPERATIONS } from "./operations/absences.ts";
import { APPROVAL_ACT_OPERATIONS } from "./operations/approval-acts.ts";
import { APPROVAL_OPERATIONS } from "./operations/approvals.ts";
import { CALLBACK_OPERATIONS } from "./operations/callbacks.ts";
import { CONSUME_OPERATIONS } from "./operations/consume.ts";
import { DOOR_OPERATIONS } from "./operations/doors.ts";
import { EVENT_LOG_OPERATIONS } from "./operations/event-log.ts";
import { EVIDENCE_OPERATIONS } from "./operations/evidence.ts";
import { HEALTH_OPERATIONS } from "./operations/health.ts";
import { WORKFLOW_OPERATIONS } from "./operations/workflows.ts";

/** All that programs can ask of the API. A test compares it with what is mounted. */
export const OPERATIONS: readonly Operation[] = [
  ...APPROVAL_OPERATIONS,
  ...APPROVAL_ACT_OPERATIONS,
  ...CONSUME_OPERATIONS,
  ...EVIDENCE_OPERATIONS,
  ...ABSENCE_OPERATIONS,
  ...WORKFLOW_OPERATIONS,
  ...DOOR_OPERATIONS,
  ...CALLBACK_OPERATIONS,
  ...EVENT_LOG_OPERATIONS,
  ...HEALTH_OPERATIONS,
];
