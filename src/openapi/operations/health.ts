import { z } from "zod";
import type { Operation } from "../operation.ts";
import { health } from "../schemas.ts";

export const HEALTH_OPERATIONS: readonly Operation[] = [
  {
    id: "live",
    method: "get",
    path: "/livez",
    group: "Operations",
    summary: "Check whether the process answers",
    scope: "none",
    responses: { 200: { description: "The process answers.", schema: health } },
  },
  {
    id: "ready",
    method: "get",
    path: "/readyz",
    group: "Operations",
    summary: "Check whether the process can do its work",
    scope: "none",
    responses: {
      200: { description: "The process is ready.", schema: health },
      503: { description: "The process is not ready, or is stopping.", schema: health },
    },
  },
  {
    id: "openapi",
    method: "get",
    path: "/openapi.json",
    group: "Operations",
    summary: "Get this description",
    scope: "none",
    responses: {
      200: { description: "An OpenAPI 3.1 document.", schema: z.record(z.string(), z.unknown()) },
    },
  },
];
