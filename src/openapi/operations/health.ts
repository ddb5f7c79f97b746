import { z } from "zod";
import type { Operation } from "../operation.ts";
import { health } from "../schemas.ts";

export const HEALTH_OPERATIONS: readonly Operation[] = [
  {
    id: "live",
    method: "get",
    path: "/livez",
    group: "Operations",
    summary: "Whether the process answers",
    scope: "none",
    answers: { 200: { description: "It does.", schema: health } },
  },
  {
    id: "ready",
    method: "get",
    path: "/readyz",
    group: "Operations",
    summary: "Whether it can do its work",
    scope: "none",
    answers: {
      200: { description: "It can.", schema: health },
      503: { description: "It cannot, or is told to stop.", schema: health },
    },
  },
  {
    id: "openapi",
    method: "get",
    path: "/openapi.json",
    group: "Operations",
    summary: "This description",
    scope: "none",
    answers: { 200: { description: "An OpenAPI 3.1 document.", schema: z.record(z.string(), z.unknown()) } },
  },
];
