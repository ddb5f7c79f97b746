/** Sign-ins and sessions read back from stored promises, checked by shape as in `stored.ts`. */
import { z } from "zod";
import { SESSION_KIND, type SessionRecord, SIGN_IN_FUNC, SIGN_IN_KIND, type SignIn } from "./sign-in.ts";

const signIn: z.ZodType<SignIn> = z.object({
  kind: z.literal(SIGN_IN_KIND),
  name: z.string(),
  email: z.string(),
  locale: z.exactOptional(z.string()),
  to: z.exactOptional(z.string()),
});

const call = z.object({ func: z.literal(SIGN_IN_FUNC), args: z.tuple([signIn]) });

const session: z.ZodType<SessionRecord> = z.object({
  kind: z.literal(SESSION_KIND),
  email: z.string(),
  nonce: z.string(),
  signedIn: z.string(),
  passkey: z.exactOptional(z.string()),
});

export function signInIn(value: unknown): SignIn | undefined {
  return read(signIn, value);
}

/** What the workflow of an attempt was started with. */
export function signInOfCall(param: unknown): SignIn | undefined {
  return read(call, param)?.args[0];
}

export function sessionIn(value: unknown): SessionRecord | undefined {
  return read(session, value);
}

function read<T>(schema: z.ZodType<T>, value: unknown): T | undefined {
  const parsed = schema.safeParse(value);
  return parsed.success ? parsed.data : undefined;
}
