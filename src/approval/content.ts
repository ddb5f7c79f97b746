/** What a question consists of. */
import type { ApprovalRequest, Content } from "./approval.ts";

/** The request as a round asks it. */
export function asked(request: ApprovalRequest, content: Content | undefined): ApprovalRequest {
  if (content === undefined) return request;
  const { summary: _, ...others } = request;
  return { ...others, ...content };
}

/**
 * The part of a request that is content. Ballots and decisions have its SHA-256 in the canonical form of RFC 8785, as a
 * proof of what the approver was shown.
 */
export function contentOf({ title, summary, details, action, items, atomic }: Content): Content {
  return {
    title,
    ...(summary === undefined ? {} : { summary }),
    details,
    ...(action === undefined ? {} : { action }),
    ...(items === undefined ? {} : { items }),
    ...(atomic === undefined ? {} : { atomic }),
  };
}

/** The part that the requester can change. */
export function textsOf({
  title,
  summary,
  details,
}: Content): Pick<Content, "title" | "summary" | "details"> {
  return { title, ...(summary === undefined ? {} : { summary }), details };
}
