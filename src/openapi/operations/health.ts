import { z } from "zod";
import type { Operation } from "../operation.ts";
import { health, keySet } from "../schemas.ts";

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
    id: "getKeySet",
    method: "get",
    path: "/.well-known/countersign-keys.json",
    group: "Operations",
    summary: "Get the public keys",
    description:
      "The keys that verify grants and signed receipts, as a JWK Set (RFC 7517). The first is the one that signs now.",
    scope: "none",
    responses: {
      200: { description: "A JWK Set.", schema: keySet },
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
