/** Limits of the HTTP API, for those that hold them and for the description. */

/** A JSON body. Arguments and approvals are small; files belong elsewhere, with a link to them. */
export const JSON_BODY = {
  bytesMax: 64 * 1024,
  /** Levels of arrays and objects: far more than data needs, far less than what overflows a recursive reader. */
  depthMax: 32,
} as const;

/** The body of a webhook. GitHub's events have up to 25 MB, but those that decide something have some kilobytes. */
export const WEBHOOK_BODY_BYTES_MAX = 1024 * 1024;

/** Longer headers `Prefer` are not looked at: nobody has so many preferences. */
export const PREFER_CHARS_MAX = 256;

/**
 * A proxy in front waits so long for an answer and then makes one of its own, 504: nginx and the load balancers of
 * clouds 60 seconds, HAProxy as Debian sets it up 50. Ours is out before, and so is a last look at a slow engine.
 */
export const WAIT_SECONDS_MAX = 45;

/** Waits open at once: each holds a connection, and proxies cut longer queues anyway. */
export const WAITERS_MAX = 1_000;

/** People mistype, scanners open old links; more refusals than this in a minute are neither. */
export const REFUSALS_PER_MINUTE = 100;

/** The query parameters of `POST /begin`; the service refuses every other name. */
export const BEGIN_QUERY = ["id", "func", "version", "target", "timeout", "callbackUrl"] as const;

/** `64 KiB`, `1 MiB`. */
export function bytesText(bytes: number): string {
  const mebibytes = bytes / 1024 / 1024;
  return Number.isInteger(mebibytes) ? `${mebibytes} MiB` : `${bytes / 1024} KiB`;
}

/** `1,000`, as English writes it. By itself, since a start would wait 30 ms for the languages that Node knows. */
export function countText(count: number): string {
  const digits = String(count);
  const groups: string[] = [];
  for (let end = digits.length; end > 0; end -= 3) groups.unshift(digits.slice(Math.max(0, end - 3), end));
  return groups.join(",");
}
