import type { Model } from "../support/linearizability.ts";

/** What is done to one approval of an action. */
export type ActionOp =
  | { readonly kind: "approve" | "cancel" | "revoke" | "look" }
  | { readonly kind: "consume"; readonly attempt: string };

/** What the caller is told, in a word or two. */
export type ActionAnswer = string;

interface State {
  readonly status: "pending" | "approved" | "cancelled";
  /** Nothing, the attempt that has the grant, or a revocation. */
  readonly use: { readonly kind: "consumed"; readonly attempt: string } | { readonly kind: "revoked" } | null;
}

/** What one sequential server does. Nothing here is late: the action's time is days away. */
export const APPROVED_ACTION: Model<State, ActionOp, ActionAnswer> = {
  first: { status: "pending", use: null },
  step(state, op) {
    const { status, use } = state;
    switch (op.kind) {
      case "approve":
      case "cancel": {
        if (status !== "pending") return { state, answer: status };
        const ended = op.kind === "approve" ? "approved" : "cancelled";
        return { state: { status: ended, use }, answer: ended };
      }
      case "look":
        return { state, answer: `${status} ${use?.kind ?? ""}` };
      case "consume": {
        if (status !== "approved") return { state, answer: status };
        if (use?.kind === "revoked") return { state, answer: "revoked" };
        const has = use ?? { kind: "consumed", attempt: op.attempt };
        return { state: { status, use: has }, answer: has.attempt === op.attempt ? "granted" : "consumed" };
      }
      case "revoke": {
        if (status !== "approved") return { state, answer: "refused" };
        const has = use ?? { kind: "revoked" };
        return { state: { status, use: has }, answer: has.kind };
      }
      default:
        return op satisfies never;
    }
  },
};
