import type { ApprovalReference } from "../../openapi/approval-schemas.ts";

/** Where to go on with an approval: paths of this service. */
export function links(id: string): ApprovalReference["links"] {
  const self = `/approvals/${encodeURIComponent(id)}`;
  return { self, cancel: `${self}/cancel`, wait: `/wait?id=${encodeURIComponent(id)}` };
}
