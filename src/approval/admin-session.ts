/**
 * Sessions of operators: a promise each, `admin.<random>`, that is pending until its operator signs out, or its time is
 * over. It is created once, and its creator has signed in.
 */
import { z } from "zod";

export const ADMIN_SESSION_KIND = "admin-session";

/** What somebody may do on `/admin`: look, or act as well. */
const ROLES = ["viewer", "operator"] as const;
export type Role = (typeof ROLES)[number];

/** What an operator has signed in with. */
export type SignedInBy =
  /** The role follows from values of a claim of the identity provider, and from the settings, each time. */
  | {
      readonly kind: "provider";
      /** As it was at the sign-in. Only an earlier version goes by it. */
      readonly role: Role;
      /** Names the provider. Absent in what an earlier version stored, as `values` is: such a session is over. */
      readonly provider?: string | undefined;
      /** Those that let somebody in. */
      readonly values?: readonly string[] | undefined;
      /** The provider's id of the account. Absent in what an earlier version stored. */
      readonly subject?: string | undefined;
    }
  /** The id of an API key, as callers have it. The role follows from its scopes, each time. */
  | { readonly kind: "key"; readonly id: string };

export interface AdminSessionRecord {
  readonly kind: typeof ADMIN_SESSION_KIND;
  /** Names the request that signed in. */
  readonly nonce: string;
  /** The operator's name, as records, pages and mails have it. */
  readonly name: string;
  readonly by: SignedInBy;
}

export function adminSessionId(name: string): string {
  return `admin.${name}`;
}

const record: z.ZodType<AdminSessionRecord> = z.object({
  kind: z.literal(ADMIN_SESSION_KIND),
  nonce: z.string(),
  name: z.string(),
  by: z.discriminatedUnion("kind", [
    z.object({
      kind: z.literal("provider"),
      role: z.enum(ROLES),
      provider: z.string().optional(),
      values: z.array(z.string()).optional(),
      subject: z.string().optional(),
    }),
    z.object({ kind: z.literal("key"), id: z.string() }),
  ]),
});

/** Undefined if the value is none. */
export function adminSessionIn(value: unknown): AdminSessionRecord | undefined {
  const parsed = record.safeParse(value);
  return parsed.success ? parsed.data : undefined;
}
