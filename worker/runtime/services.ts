import type { Context, Resonate } from "@resonatehq/sdk";
import type { ApprovalRequest } from "../../src/approval/approval.ts";
import type { CallbackEvent } from "../../src/approval/event.ts";
import type { CallbackSender } from "../../src/callback/sender.ts";
import type { Mailer } from "../../src/channels/mail/mailer.ts";
import type { EnginePromises } from "../../src/durable/promises.ts";
import type { LinkTokens } from "../../src/tokens/tokens.ts";

/** What workflows and steps reach beyond their arguments: fixed for a process, never part of a replay. */
export interface Services {
  readonly promises: EnginePromises;
  /** The engine's clock, in milliseconds since 1970: what deadlines are counted from. */
  readonly now: () => number;
  readonly mailer: Mailer;
  readonly callbacks: CallbackSender;
  readonly tokens: LinkTokens;
  /** Origin of every link. */
  readonly publicUrl: string;
  /** Awaits something slow that a step of this workflow does, without taking up a place among the tasks that run. */
  readonly apart: <T>(workflow: string, work: Promise<T>) => Promise<T>;
  /** The worker group that timers and child workflows are addressed to. */
  readonly group: string;
  /** Hears in this process what becomes of approvals, more than once where a step runs again. */
  readonly onEvent?: ((event: CallbackEvent, request: ApprovalRequest) => void) | undefined;
}

const NAME = "countersign";

export function provideServices(resonate: Resonate, provided: Services): void {
  resonate.setDependency(NAME, provided);
}

export function services(ctx: Context): Services {
  const found = ctx.getDependency<Services>(NAME);
  if (found === undefined) throw new Error("Cannot run: this worker was started without services");
  return found;
}
