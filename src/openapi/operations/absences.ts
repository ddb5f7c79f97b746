import { z } from "zod";
import { ABSENCE_ID } from "../../approval/absence-entry.ts";
import { ABSENCES_LIMIT, absenceListParameters, absenceRequest } from "../../approval/absence-request.ts";
import { absence, absenceList, absenceRemoved } from "../door-schemas.ts";
import type { Operation } from "../operation.ts";
import { actKey } from "./parameters.ts";

export const ABSENCE_OPERATIONS: readonly Operation[] = [
  {
    id: "listAbsences",
    method: "get",
    path: "/absences",
    group: "Approvals",
    summary: "See who is away",
    scope: "approvals:manage",
    parameters: [
      {
        name: "person",
        in: "query",
        schema: absenceListParameters.person,
        description: "Only the rules of this person.",
        example: "ana@example.com",
      },
      {
        name: "limit",
        in: "query",
        schema: z.int().min(1).max(ABSENCES_LIMIT.max),
        description: `How many a page has at most. Default: ${ABSENCES_LIMIT.default}.`,
      },
      {
        name: "cursor",
        in: "query",
        schema: absenceListParameters.cursor,
        description: "The `nextCursor` of the page before.",
      },
    ],
    responses: {
      200: {
        description: "Rules that hold or will, in the order in which they were made.",
        schema: absenceList,
      },
    },
    problems: ["INVALID_FIELDS"],
  },
  {
    id: "addAbsence",
    method: "post",
    path: "/absences",
    group: "Approvals",
    summary: "Have somebody asked in place of a person who is away",
    description:
      "While the rule holds, who would be asked is the other person. Questions that are open before stay with the person.",
    scope: "approvals:manage",
    parameters: [actKey],
    body: {
      schema: absenceRequest,
      required: true,
      example: {
        person: "ana@example.com",
        to: "bo@example.com",
        from: "P1D",
        until: "P14D",
        note: "Parental leave",
      },
    },
    responses: {
      201: { description: "Stored, by this call or by an earlier one with the same key.", schema: absence },
    },
    problems: ["CONFLICT", "INVALID_FIELDS"],
  },
  {
    id: "removeAbsence",
    method: "post",
    path: "/absences/{id}/remove",
    group: "Approvals",
    summary: "End an absence",
    description: "Questions that were asked while it held stay with those who were asked.",
    scope: "approvals:manage",
    parameters: [
      {
        name: "id",
        in: "path",
        schema: z.string().regex(ABSENCE_ID),
        description: "The rule's id.",
        example: "202611-1",
      },
      actKey,
    ],
    responses: { 200: { description: "It no longer holds.", schema: absenceRemoved } },
    problems: ["NOT_FOUND", "CONFLICT", "INVALID_FIELDS"],
  },
];
