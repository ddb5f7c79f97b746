import type { Context, PromiseRecord, Resonate } from "@resonatehq/sdk";
import type { ApprovalRequest } from "../../src/approval/approval.ts";
import type { CallbackEvent } from "../../src/approval/event.ts";
import type { KnownPeople } from "../../src/approval/same-person.ts";
import type { CallbackSender } from "../../src/callback/sender.ts";
import type { Mailer } from "../../src/channels/mail/mailer.ts";
import type { StoredPromise } from "../../src/durable/durable.ts";
import type { EnginePromises } from "../../src/durable/promises.ts";
import type { Measures } from "../../src/lib/measures.ts";
import type { SpanSink, TraceContext } from "../../src/lib/traces.ts";
import type { AbsenceBook } from "../../src/service/absences/book.ts";
import type { LinkTokens } from "../../src/tokens/tokens.ts";
import type { WorkerLog } from "./sdk-log.ts";

/** What workflows and steps use besides their arguments. Fixed for a process, never part of a replay. */
export interface Services {
  readonly promises: EnginePromises;
  /** The promise as it is stored now; undefined if there is none of that id. */
  readonly look: (id: string) => Promise<StoredPromise | undefined>;
  /** Who is away, and who is asked instead. */
  readonly absences: AbsenceBook;
  /** The engine's clock, in milliseconds since 1970: what deadlines are counted from. */
  readonly now: () => number;
  readonly log: WorkerLog;
  /** The worker group of this worker, which timers are addressed to. */
  readonly group: string;
  /** The worker group of built-in workflows, which approvals and callbacks are addressed to. Default: this worker's. */
  readonly builtInGroup?: string | undefined;
  readonly callbacks: Pick<CallbackSender, "urlProblem">;
  /** Whether this installation allows `onDeadline: "approve"`. Default: no. */
  readonly mayApproveByDeadline?: boolean | undefined;
  /** Which addresses are one person's, by the operator's list. Default: it is empty. */
  readonly known?: KnownPeople | undefined;
  /** Absent: this worker has no keys, and signs nothing. */
  readonly tokens?: LinkTokens;
  /** Origin of every link. Absent: this worker makes none. */
  readonly publicUrl?: string;
}

/** What Countersign's own workflows reach as well, in its own worker. */
export interface ProductServices extends Services {
  readonly mailer: Mailer;
  readonly callbacks: CallbackSender;
  readonly tokens: LinkTokens;
  readonly publicUrl: string;
  /** The address that mails to approvers come back to, each with a tag of its own. Default: none. */
  readonly bounceAddress?: string | undefined;
  /** Awaits a slow operation of a step without taking a place among the running tasks. */
  readonly apart: <T>(workflow: string, work: Promise<T>) => Promise<T>;
  /**
   * What the engine has told the workflow's pass under way of one of its promises, without asking; undefined if nothing.
   * A settled record never changes; of a pending one it is what the workflow itself sees.
   */
  readonly told: (workflow: string, id: string) => PromiseRecord | undefined;
  /**
   * How a workflow that ran here lately was begun, without asking; undefined if that is not known. Its call, tags and times
   * never change. Its state may have.
   */
  readonly begun: (workflow: string) => PromiseRecord | undefined;
  /** Does a part of a step that belongs to the trace of its workflow; `work` gets the context to pass on, if there is one. */
  readonly traced: <T>(
    stepId: string,
    name: string,
    work: (context: TraceContext | undefined) => Promise<T>,
  ) => Promise<T>;
  /** The trace that a workflow under way belongs to. */
  readonly traceOf: (workflow: string) => TraceContext | undefined;
  /** Default: nothing is measured. */
  readonly measures?: Measures | undefined;
  /** Where spans go. Default: there are no traces. */
  readonly spans?: SpanSink | undefined;
  /** Gets events of approvals in this process, more than once if a step runs again. */
  readonly onEvent?: ((event: CallbackEvent, request: ApprovalRequest) => void) | undefined;
}

/** What a worker is given; the rest it has from its engine. */
export type GivenServices =
  | Omit<Services, OfEngine>
  | Omit<ProductServices, OfEngine | "apart" | "told" | "begun" | "traced" | "traceOf">;

type OfEngine = "promises" | "look" | "absences" | "now" | "log";

const NAME = "countersign";

export function provideServices(resonate: Resonate, provided: Services): void {
  resonate.setDependency(NAME, provided);
}

export function services(ctx: Context): Services {
  const found = ctx.getDependency<Services>(NAME);
  if (found === undefined) throw new Error("Cannot run: this worker was started without services");
  return found;
}

export function productServices(ctx: Context): ProductServices {
  const found = services(ctx);
  if (!("mailer" in found)) throw new Error("Cannot run: only Countersign's own worker can");
  return found as ProductServices;
}
