import { z } from "zod";
import { bundle, envelope, signedReceipt } from "../evidence-schemas.ts";
import type { Operation } from "../operation.ts";
import { approvalId } from "./parameters.ts";

const common = {
  method: "get",
  group: "Approvals",
  scope: "approvals:read",
  problems: ["NOT_FOUND", "CONFLICT"],
} as const;

export const EVIDENCE_OPERATIONS: readonly Operation[] = [
  {
    id: "getReceipt",
    ...common,
    path: "/approvals/{id}/receipt",
    summary: "Get the signed receipt of an outcome",
    description:
      "How the approval ended, why, and by whose answers, as a JWS that anybody can verify with the published keys. 409 while it is open, and if it broke off.",
    parameters: [approvalId],
    responses: { 200: { description: "The signed receipt.", schema: signedReceipt } },
  },
  {
    id: "getBundle",
    ...common,
    path: "/approvals/{id}/bundle",
    summary: "Get everything that proves an outcome",
    description:
      "The approval's promises, the signed receipts of its outcome, answers and uses, and the keys: for `countersign verify`. 409 while it is open, if it broke off, and if the bundle would be too large to be read.",
    parameters: [approvalId],
    responses: { 200: { description: "The bundle.", schema: bundle } },
  },
  {
    id: "getAttestation",
    ...common,
    path: "/approvals/{id}/attestation",
    summary: "Get the bundle as an attestation",
    description:
      "A DSSE envelope with an in-toto statement, whose predicate is the bundle: for tools that verify attestations. 409 while the approval is open, if it broke off, and if the bundle would be too large to be read.",
    parameters: [approvalId],
    responses: { 200: { description: "The envelope.", schema: envelope } },
  },
  {
    id: "getBallotReceipt",
    ...common,
    path: "/approvals/{id}/ballots/{n}/receipt",
    summary: "Get the signed receipt of a decision",
    description:
      "Who answered what, when, how they were authenticated, and what they were shown, as a JWS. 409 if the ballot has no answer.",
    parameters: [
      approvalId,
      { name: "n", in: "path", schema: z.int().min(1), description: "The ballot's number.", example: 1 },
    ],
    responses: { 200: { description: "The signed receipt.", schema: signedReceipt } },
  },
];
