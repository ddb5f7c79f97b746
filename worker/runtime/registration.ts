import type { Func } from "@resonatehq/sdk";

/** A function that can be started by its name. */
export interface Registration {
  readonly name: string;
  /** Raised when a deployed workflow's durable calls change; the old version stays until its last run has ended. */
  readonly version: number;
  readonly func: Func;
}
