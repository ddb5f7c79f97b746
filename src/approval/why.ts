/**
 * Why an approval has ended, for programs. The rule says it once, with the verdict; logs, pages and mails make sentences of
 * it.
 */
import { z } from "zod";
import type { Program } from "./doer.ts";

/** How far the stage was in which it ended. */
export interface Progress {
  /** What the numbers count: approvals of the only group that there is, or groups that have approved. */
  readonly of: "approvals" | "groups";
  readonly given: number;
  readonly needed: number;
  /** How many could have approved, and how many have rejected. Of people, also where there are groups. */
  readonly people: number;
  readonly rejections: number;
  /** How many have answered in time, in any way. */
  readonly answered: number;
  /** Which stage, from 1, and how many there are. */
  readonly stage: number;
  readonly stages: number;
}

export type Why =
  /** One rejection ended it; nobody is left who could approve it; or changes were requested in the last round. */
  | { readonly because: "veto" | "nobody-left" | "no-rounds" }
  /**
   * As many as were needed have approved. `isConsent`: silence counted as approval in a stage before the last, so a stage may
   * have passed without answers.
   */
  | { readonly because: "approvals"; readonly progress: Progress; readonly isConsent?: true }
  /** So many have rejected it, or stepped back, that the others cannot approve it. */
  | { readonly because: "out-of-reach"; readonly progress: Progress }
  | ({
      readonly because: "cancelled";
      readonly reason?: string;
      /** The address of the person who did it by their own link. */
      readonly by?: string;
    } & Program)
  /** The approval's time was over, or that of its stage. What follows then, the rule says: the outcome tells it. */
  | {
      readonly because: "deadline" | "stage-time";
      readonly progress: Progress;
      /** When, in milliseconds since 1970. */
      readonly atMs: number;
      /** Whether silence counts as approval. */
      readonly isConsent?: true;
      /** Whether it waited for changes, which the requester has not made. */
      readonly isRevising?: true;
    };

const count = z.int().min(0);

const progress: z.ZodType<Progress> = z.object({
  of: z.enum(["approvals", "groups"]),
  given: count,
  needed: count,
  people: count,
  rejections: count,
  answered: count,
  stage: count,
  stages: count,
});

/** A `Program`, as records have it. */
export const storedProgram = { caller: z.exactOptional(z.string()), client: z.exactOptional(z.string()) };

export const whySchema: z.ZodType<Why> = z.discriminatedUnion("because", [
  z.object({ because: z.enum(["veto", "nobody-left", "no-rounds"]) }),
  z.object({ because: z.literal("approvals"), progress, isConsent: z.exactOptional(z.literal(true)) }),
  z.object({ because: z.literal("out-of-reach"), progress }),
  z.object({
    because: z.literal("cancelled"),
    reason: z.exactOptional(z.string()),
    by: z.exactOptional(z.string()),
    ...storedProgram,
  }),
  z.object({
    because: z.enum(["deadline", "stage-time"]),
    progress,
    atMs: count,
    isConsent: z.exactOptional(z.literal(true)),
    isRevising: z.exactOptional(z.literal(true)),
  }),
]);

/** One sentence for logs, without names. */
export function reasonOf(why: Why): string {
  switch (why.because) {
    case "veto":
      return "An approver rejected it";
    case "approvals":
      return approvedReason(why.progress, why.isConsent === true);
    case "out-of-reach":
      return lostReason(why.progress);
    case "nobody-left":
      return "Nobody is left who could approve it";
    case "no-rounds":
      return "Changes were requested, and no further round is allowed";
    case "cancelled":
      return why.reason === undefined ? "It was cancelled" : `It was cancelled: ${why.reason}`;
    case "deadline":
    case "stage-time": {
      const over =
        why.because === "deadline" ? "The deadline passed" : `The time of ${stageText(why)} was over`;
      const consent = why.isConsent === true ? ", and silence counts as approval" : "";
      return `${over} ${progressText(why)}${consent}`;
    }
    default:
      return why satisfies never;
  }
}

/** Whether people have left rather than rejected it. */
export function isTooFew({ of, rejections, needed, people }: Progress): boolean {
  return rejections === 0 || (of === "approvals" && needed > people);
}

function approvedReason({ of, given, needed, stages }: Progress, isConsent: boolean): string {
  if (of === "approvals") return `${given} of ${needed} needed approvals were given`;
  if (stages === 1) return "The needed groups approved it";
  return isConsent ? `All ${stages} stages are done` : `All ${stages} stages approved it`;
}

function lostReason(progress: Progress): string {
  const { of, rejections, people, needed } = progress;
  if (isTooFew(progress)) return "Too few people are left who can approve it";
  if (of === "groups") return `The approvals that ${stageText({ progress })} needs are no longer possible`;
  return `${rejections} of ${people} approvers rejected it, so ${needed} approvals are no longer possible`;
}

function progressText({ progress }: { readonly progress: Progress }): string {
  const { of, given, needed } = progress;
  if (of === "approvals") return `with ${given} of ${needed} needed approvals`;
  return `with ${given} of ${needed} needed groups in ${stageText({ progress })}`;
}

/** Without the name, which is the asker's. */
function stageText({ progress: { stage, stages } }: { readonly progress: Progress }): string {
  return stages === 1 ? "the only stage" : `stage ${stage}`;
}
