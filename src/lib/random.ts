import { randomFillSync } from "node:crypto";

/** Random bytes that are asked for at once: each call of the generator costs as much as a thousand of its bytes. */
const POOL_BYTES = 4_096;
const NAME_BYTES = 16;

const pool = Buffer.alloc(POOL_BYTES);
let used = POOL_BYTES;

/** 128 random bits in base64url, unguessable. No two calls share a byte. */
export function randomName(): string {
  if (used === POOL_BYTES) {
    randomFillSync(pool);
    used = 0;
  }
  const name = pool.toString("base64url", used, used + NAME_BYTES);
  used += NAME_BYTES;
  return name;
}
