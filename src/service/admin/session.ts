/** Signing in to `/admin`, and who is signed in. */
import {
  ADMIN_SESSION_KIND,
  type AdminSessionRecord,
  adminSessionId,
  adminSessionIn,
  type SignedInBy,
} from "../../approval/admin-session.ts";
import { KIND_TAG } from "../../approval/ids.ts";
import { SESSION_IDLE_MS, SESSION_LIFE_MS } from "../../approval/sign-in.ts";
import type { Durable } from "../../durable/durable.ts";
import { knownTime } from "../../durable/engine-time.ts";

export interface AdminSessionOptions {
  readonly durable: Durable;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
  /** 128 random bits in base64url. */
  readonly newNonce: () => string;
}

/** A session as its cookie names it. */
export interface AdminSessionName {
  /** Random. */
  readonly name: string;
  /** Names the request that signed in. */
  readonly nonce: string;
}

/** By the engine's clock, in milliseconds since 1970. */
export type NewAdminSession = AdminSessionName & { readonly startedAtMs: number };

/**
 * What a key may do is looked up at each request. What the provider says of an account is heard only when its person comes, so
 * they come again after a working day, which is a press where the provider still knows them.
 */
const LIFE_MS = { key: SESSION_LIFE_MS, provider: SESSION_IDLE_MS } satisfies Record<
  SignedInBy["kind"],
  number
>;

/** @param name of the entry that it began with; undefined is answered if that has a session already */
export async function openAdminSession(
  { durable, clock, newNonce }: AdminSessionOptions,
  { name, operator, by }: { readonly name: string; readonly operator: string; readonly by: SignedInBy },
): Promise<NewAdminSession | undefined> {
  const nonce = newNonce();
  const param: AdminSessionRecord = { kind: ADMIN_SESSION_KIND, nonce, name: operator, by };
  const stored = await durable.create({
    id: adminSessionId(name),
    param,
    timeoutAt: knownTime({ durable, clock }) + LIFE_MS[by.kind],
    tags: { [KIND_TAG]: ADMIN_SESSION_KIND },
  });
  if (adminSessionIn(stored.param)?.nonce !== nonce) return undefined;
  return { name, nonce, startedAtMs: stored.createdAt };
}

/** Undefined if the session is over, or never was. One that an earlier version gave more time has the time of today's. */
export async function readAdminSession(
  { durable, clock }: Pick<AdminSessionOptions, "durable" | "clock">,
  { name, nonce }: AdminSessionName,
): Promise<AdminSessionRecord | undefined> {
  const stored = await durable.read(adminSessionId(name));
  if (stored?.state !== "pending") return undefined;
  const session = adminSessionIn(stored.param);
  if (session?.nonce !== nonce) return undefined;
  return clock() < stored.createdAt + LIFE_MS[session.by.kind] ? session : undefined;
}

export async function endAdminSession(durable: Durable, { name }: AdminSessionName): Promise<void> {
  await durable.settle(adminSessionId(name), { kind: "signed-out" });
}
