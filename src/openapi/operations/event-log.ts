import { z } from "zod";
import { ENTRIES_MAX } from "../../evidence/questions.ts";
import { logEntries, loggedApproval, logProof } from "../event-log-schemas.ts";
import type { Operation, Parameter } from "../operation.ts";

const size: Parameter = {
  name: "size",
  in: "query",
  schema: z.int().min(1),
  description: "Of the tree that the proof is about. Default: the tree of now.",
};

export const EVENT_LOG_OPERATIONS: readonly Operation[] = [
  {
    id: "getInclusionProof",
    method: "get",
    path: "/log/inclusion",
    group: "Operations",
    summary: "Prove that an event is in the log",
    scope: "admin",
    parameters: [
      {
        name: "index",
        in: "query",
        schema: z.int().min(0),
        required: true,
        description: "Of its leaf.",
        example: 0,
      },
      size,
    ],
    responses: { 200: { description: "Hashes that lead from the leaf to the head.", schema: logProof } },
    problems: ["INVALID_FIELDS", "LOG_UNAVAILABLE"],
  },
  {
    id: "getConsistencyProof",
    method: "get",
    path: "/log/consistency",
    group: "Operations",
    summary: "Prove that the log continues an older one",
    scope: "admin",
    parameters: [
      {
        name: "older",
        in: "query",
        schema: z.int().min(1),
        required: true,
        description: "Size of the older tree.",
        example: 1,
      },
      size,
    ],
    responses: {
      200: { description: "Hashes that lead from the older head to the head.", schema: logProof },
    },
    problems: ["INVALID_FIELDS", "LOG_UNAVAILABLE"],
  },
  {
    id: "listLogEntries",
    method: "get",
    path: "/log/entries",
    group: "Operations",
    summary: "Read the log of events",
    scope: "admin",
    parameters: [
      { name: "from", in: "query", schema: z.int().min(0), description: "Index of the first. Default: 0." },
      {
        name: "limit",
        in: "query",
        schema: z.int().min(1).max(ENTRIES_MAX),
        description: `How many at most. Default: ${ENTRIES_MAX}.`,
      },
    ],
    responses: { 200: { description: "Entries in the order of the log.", schema: logEntries } },
    problems: ["INVALID_FIELDS", "LOG_UNAVAILABLE"],
  },
  {
    id: "getLoggedApproval",
    method: "get",
    path: "/log/approvals/{id}",
    group: "Operations",
    summary: "See which events of the log are an approval's",
    description: "With the salts, by which the commitments can be checked against the approval's data.",
    scope: "admin",
    parameters: [
      {
        name: "id",
        in: "path",
        schema: z.string(),
        description: "The approval's id.",
        required: true,
        example: "po-4711",
      },
    ],
    responses: { 200: { description: "Its events, the oldest first.", schema: loggedApproval } },
    problems: ["NOT_FOUND", "LOG_UNAVAILABLE"],
  },
];
