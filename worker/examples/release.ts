/**
 * A workflow that answers GitHub's deployment protection rule by an approval, to copy from: wait until GitHub asks
 * whether this commit may be deployed, ask people, tell GitHub. `docs/guides/github.md` has the source's configuration.
 */
import type { Context } from "@resonatehq/sdk";
import { requestApproval } from "../authoring/request-approval.ts";
import { waitForWebhook } from "../authoring/wait-for-webhook.ts";
import { lasting } from "../runtime/step-options.ts";

export interface Release {
  /** `owner/name`. */
  readonly repository: string;
  readonly environment: string;
  readonly sha: string;
  readonly approvers: readonly string[];
}

export interface ReleaseResult {
  readonly status: "approved" | "rejected" | "never asked";
  /** What GitHub was told, and where. */
  readonly review?: Review;
}

interface Review {
  readonly url: string;
  readonly state: "approved" | "rejected";
  readonly comment: string;
}

export function* release(ctx: Context, rule: Release): Generator<unknown, ReleaseResult> {
  const { repository, environment, sha, approvers } = rule;
  const asked = yield* waitForWebhook(ctx, {
    source: "github",
    match: { repository, environment, sha },
    timeout: "P7D",
  });
  if (asked.outcome !== "resolved") return { status: "never asked" };
  const { outcome, reason } = yield* requestApproval(ctx, {
    title: `Deploy ${repository} to ${environment}`,
    details: [{ label: "Commit", value: sha }],
    approvers,
    deadline: "P2D",
    onDeadline: "reject",
  });
  const state = outcome === "approved" ? "approved" : "rejected";
  const review: Review = yield* ctx.run(review_deployment, asked.value, state, reason, lasting(ctx));
  return { status: state, review };
}

/** A real one posts the review to the URL with the app's installation token. */
function review_deployment(_ctx: Context, url: unknown, state: Review["state"], comment: string): Review {
  // The event is signed, and yet: a token goes to no other host than GitHub's.
  if (typeof url !== "string" || !url.startsWith("https://api.github.com/")) {
    throw new TypeError("Cannot review: the event has no deployment_callback_url of api.github.com");
  }
  return { url, state, comment };
}
