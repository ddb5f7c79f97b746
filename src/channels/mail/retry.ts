/**
 * When a mail that had to wait is tried again. Quickly at first and then every few hours, as RFC 5321 §4.5.4.1 has
 * senders do; not for its four to five days but for as long as an answer would count.
 */

/** Pauses after the first tries; later ones are the last of these, or longer where the deadline is far away. */
const PAUSES_MS = [60_000, 300_000, 900_000, 3_600_000, 4 * 3_600_000] as const;
const [PAUSE_MIN_MS] = PAUSES_MS;

/** Each try is a promise that is kept with the approval: so many of them can still be looked at in one go. */
const PROMISES_MAX = 1200;

/**
 * @param tries tries before, this one included: at least 1
 * @param untilDeadlineMs from now
 * @param together mails that are tried together with this one, itself included
 * @returns how long to wait, in milliseconds; undefined: there is no time left for another try
 */
export function pauseBeforeRetry({
  tries,
  untilDeadlineMs,
  together,
}: {
  readonly tries: number;
  readonly untilDeadlineMs: number;
  readonly together: number;
}): number | undefined {
  const usual = PAUSES_MS[tries - 1];
  if (usual === undefined) {
    // A round costs a timer and a judgement as well.
    const roundsLeft = Math.max(1, Math.floor(PROMISES_MAX / (together + 2)) - tries);
    const spaced = Math.max(PAUSES_MS[4], Math.ceil(untilDeadlineMs / roundsLeft));
    return within(spaced, untilDeadlineMs);
  }
  return within(usual, untilDeadlineMs);
}

/** If the next pause would end after the deadline, most of the time that is left, so that the approver can still answer. */
function within(pauseMs: number, untilDeadlineMs: number): number | undefined {
  if (pauseMs < untilDeadlineMs) return pauseMs;
  const most = Math.floor((untilDeadlineMs * 3) / 4);
  // Of a deadline of a minute or two, shorter pauses are all there is.
  return most >= PAUSE_MIN_MS / 6 ? most : undefined;
}
