/** Passkeys read back from stored promises, checked by shape as in `stored.ts`. */
import { z } from "zod";
import { monthsAt } from "./absence-entry.ts";
import { KIND_TAG } from "./ids.ts";
import {
  PASSKEY_KIND,
  PASSKEY_MAIL_KIND,
  PASSKEY_USE_KIND,
  type Passkey,
  type PasskeyNotice,
  type PasskeyUse,
} from "./passkey.ts";
import type { StoredRecord } from "./stored.ts";

/** Uses that are read to find the last count: those of the months in which a passkey can live. */
const USE_MONTHS = 8;

/** First ids of the months of uses, the latest month first. @param credential a hash of the credential's id */
export function useMonths(credential: string, nowMs: number): string[] {
  return monthsAt(nowMs)
    .slice(-USE_MONTHS)
    .toReversed()
    .map((month) => `passkey-uses.${credential}.${month}`);
}

const passkey: z.ZodType<Passkey> = z.object({
  kind: z.literal(PASSKEY_KIND),
  email: z.string(),
  label: z.string(),
  credential: z.object({ id: z.string(), publicKey: z.string(), counter: z.int().min(0) }),
  nonce: z.string(),
});

/** Undefined for a promise that is none, which other programs can create. */
export function passkeyOf({ tags, param }: Pick<StoredRecord, "tags" | "param">): Passkey | undefined {
  return tags[KIND_TAG] === PASSKEY_KIND ? read(passkey, param) : undefined;
}

const use: z.ZodType<PasskeyUse> = z.object({
  kind: z.literal(PASSKEY_USE_KIND),
  counter: z.int().min(0),
  nonce: z.string(),
});

export function passkeyUseOf({ tags, param }: Pick<StoredRecord, "tags" | "param">): PasskeyUse | undefined {
  return tags[KIND_TAG] === PASSKEY_USE_KIND ? read(use, param) : undefined;
}

const notice: z.ZodType<PasskeyNotice> = z.object({
  kind: z.literal(PASSKEY_MAIL_KIND),
  name: z.string(),
  to: z.object({
    email: z.string(),
    locale: z.exactOptional(z.string()),
    timeZone: z.exactOptional(z.string()),
  }),
  label: z.string(),
  atMs: z.int().min(0),
  passkey: z.exactOptional(z.object({ id: z.string(), nonce: z.string() })),
});

export function passkeyNoticeIn(value: unknown): PasskeyNotice | undefined {
  return read(notice, value);
}

function read<T>(schema: z.ZodType<T>, value: unknown): T | undefined {
  const parsed = schema.safeParse(value);
  return parsed.success ? parsed.data : undefined;
}
