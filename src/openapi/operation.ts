/** One thing that programs can ask of the API, as data: from it come the OpenAPI document, the page of docs and tests. */
import type { z } from "zod";
import type { Scope } from "../auth/scopes.ts";
import type { ErrorCode } from "../lib/errors.ts";

export interface Operation {
  /** Name of the call in generated clients. */
  readonly id: string;
  readonly method: "get" | "post";
  /** With `{name}` for each parameter in it. */
  readonly path: string;
  readonly group: "Approvals" | "Workflows" | "Promises" | "Webhooks" | "Callbacks" | "Operations";
  readonly summary: string;
  /** Markdown. */
  readonly description?: string;
  /** What the key must be for; one of several is enough. `none`: no key. */
  readonly scope: Scope | readonly Scope[] | "none";
  readonly parameters?: readonly Parameter[];
  readonly body?: Body;
  /** Those that are no refusal. */
  readonly responses: { readonly [status: number]: SuccessResponse };
  /** Refusals beyond those that every operation with its scope and body has. */
  readonly problems?: readonly ErrorCode[];
}

export interface Parameter {
  readonly name: string;
  readonly in: "path" | "query" | "header";
  readonly schema: z.ZodType;
  readonly description: string;
  /** Path parameters always are. */
  readonly required?: boolean;
  readonly example?: string | number;
}

export interface Body {
  readonly schema: z.ZodType;
  readonly required: boolean;
  readonly description?: string;
  readonly example?: unknown;
  /** Default `application/json`. */
  readonly type?: string;
}

export interface SuccessResponse {
  readonly description: string;
  readonly schema?: z.ZodType;
  /** Default `application/json`. */
  readonly type?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly example?: unknown;
}

/** Every refusal that the operation can return, by its scope, body and own list. */
export function problemsOf(operation: Operation): readonly ErrorCode[] {
  const codes = new Set<ErrorCode>([
    "INVALID_REQUEST",
    "MISDIRECTED",
    "INTERNAL",
    ...(operation.problems ?? []),
  ]);
  if (operation.scope !== "none") {
    for (const code of [
      "UNAUTHENTICATED",
      "FORBIDDEN",
      "RATE_LIMITED",
      "ENGINE_UNAVAILABLE",
      "IDENTITY_UNAVAILABLE",
    ] as const)
      codes.add(code);
  }
  if (operation.method === "post") codes.add("FORBIDDEN");
  if (operation.body !== undefined) {
    for (const code of ["PAYLOAD_TOO_LARGE", "UNSUPPORTED_MEDIA_TYPE"] as const) codes.add(code);
  }
  return [...codes];
}
