import { CALLBACK_FUNC, COMPLETION_FUNC } from "../../src/approval/callback.ts";
import { LOG_HEAD_FUNC } from "../../src/approval/log-head.ts";
import { NOTICE_FUNC } from "../../src/approval/notice.ts";
import { APPROVAL_BY_NAME } from "../../src/approval/own-ways.ts";
import { PASSKEY_MAIL_FUNC } from "../../src/approval/passkey.ts";
import { SCHEDULED_VERSION } from "../../src/approval/scheduled.ts";
import { SIGN_IN_FUNC } from "../../src/approval/sign-in.ts";
import { ACTION_VERSION, APPROVAL_VERSION, PEOPLE_VERSION } from "../../src/approval/starting.ts";
import { STANDING_USE_FUNC } from "../../src/approval/use-names.ts";
import { EXAMPLES } from "../examples/index.ts";
import type { Registration } from "../runtime/registration.ts";
import { approval } from "./approval.ts";
import { approval as approvalV1 } from "./approval-1/approval.ts";
import { approval_by_name } from "./approval-by-name.ts";
import { callback, callback_on_completion } from "./callback.ts";
import { log_head_mail } from "./log-head.ts";
import { approval_mail } from "./notice.ts";
import { passkey_mail } from "./passkey.ts";
import { sign_in_mail } from "./sign-in.ts";
import { standing_use } from "./standing-use.ts";

export type { Registration };

/** The product's own, which every worker has. */
export const PRODUCT_WORKFLOWS: readonly Registration[] = [
  // For approvals that began before version 2.
  { name: "approval", version: 1, func: approvalV1 },
  { name: "approval", version: APPROVAL_VERSION, func: approval },
  { name: "approval", version: SCHEDULED_VERSION, func: approval },
  { name: "approval", version: PEOPLE_VERSION, func: approval },
  { name: "approval", version: ACTION_VERSION, func: approval },
  { name: APPROVAL_BY_NAME, version: 1, func: approval_by_name },
  { name: NOTICE_FUNC, version: 1, func: approval_mail },
  { name: SIGN_IN_FUNC, version: 1, func: sign_in_mail },
  { name: PASSKEY_MAIL_FUNC, version: 1, func: passkey_mail },
  { name: LOG_HEAD_FUNC, version: 1, func: log_head_mail },
  { name: STANDING_USE_FUNC, version: 1, func: standing_use },
  { name: CALLBACK_FUNC, version: 1, func: callback },
  { name: COMPLETION_FUNC, version: 1, func: callback_on_completion },
];

/** With the examples. */
export const WORKFLOWS: readonly Registration[] = [...PRODUCT_WORKFLOWS, ...EXAMPLES];
