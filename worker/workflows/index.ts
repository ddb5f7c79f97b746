import type { Func } from "@resonatehq/sdk";
import { CALLBACK_FUNC, COMPLETION_FUNC } from "../../src/approval/callback.ts";
import { APPROVAL_BY_NAME } from "../../src/approval/own-ways.ts";
import { checkout } from "../examples/checkout.ts";
import { contract } from "../examples/contract.ts";
import { foo } from "../examples/foo.ts";
import { format_greeting, greet } from "../examples/greet.ts";
import { purchase } from "../examples/purchase.ts";
import { release } from "../examples/release.ts";
import { approval } from "./approval.ts";
import { approval_by_name } from "./approval-by-name.ts";
import { callback, callback_on_completion } from "./callback.ts";

export interface Registration {
  readonly name: string;
  /** Raised when a deployed workflow's durable calls change; the old version stays until its last run has ended. */
  readonly version: number;
  readonly func: Func;
}

/** Every function that can be started by name. */
export const WORKFLOWS: readonly Registration[] = [
  { name: "approval", version: 1, func: approval },
  { name: APPROVAL_BY_NAME, version: 1, func: approval_by_name },
  { name: CALLBACK_FUNC, version: 1, func: callback },
  { name: COMPLETION_FUNC, version: 1, func: callback_on_completion },
  { name: "foo", version: 1, func: foo },
  { name: "greet", version: 1, func: greet },
  { name: "format_greeting", version: 1, func: format_greeting },
  { name: "purchase", version: 1, func: purchase },
  { name: "checkout", version: 1, func: checkout },
  { name: "release", version: 1, func: release },
  { name: "contract", version: 1, func: contract },
];
