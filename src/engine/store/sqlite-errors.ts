/** What SQLite's errors mean to those who keep rows beside the promises. */

const SQLITE_FULL = 13;

/** The disk is full: SQLite may have undone everything since the last checkpoint, and it can be done again later. */
export function isFull(error: unknown): boolean {
  return error instanceof Error && "errcode" in error && error.errcode === SQLITE_FULL;
}

export function isOfDatabase(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ERR_SQLITE_ERROR";
}
