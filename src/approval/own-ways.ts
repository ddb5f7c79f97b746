/** Functions that have ways of their own to start, which check what they are given. */
import { CALLBACK_FUNC, CALLBACK_KIND, COMPLETION_FUNC } from "./callback.ts";
import { KIND_TAG } from "./ids.ts";
import { LOG_HEAD_FUNC, LOG_HEAD_KIND } from "./log-head.ts";
import { NOTICE_FUNC, NOTICE_KIND } from "./notice.ts";
import { PASSKEY_MAIL_FUNC, PASSKEY_MAIL_KIND } from "./passkey.ts";
import { SIGN_IN_FUNC, SIGN_IN_KIND } from "./sign-in.ts";
import { STANDING_USE_FUNC, USE_KIND } from "./use-names.ts";

interface OwnWay {
  /** What their own way tags the promise as; absent: no promise calls it. */
  readonly kind?: string;
  /** What a worker runs in its place where a promise calls it by its name. */
  readonly byName?: string;
  /** What to do in place of starting them by name, to be put behind a colon. */
  readonly way: string;
}

/** Checks what it is given, and asks for the approval below itself. */
export const APPROVAL_BY_NAME = "approval_by_name";

const OWN_WAYS: ReadonlyMap<string, OwnWay> = new Map([
  [
    "approval",
    {
      kind: "approval",
      byName: APPROVAL_BY_NAME,
      way: "use POST /approvals, which checks the request",
    },
  ],
  [APPROVAL_BY_NAME, { way: "use POST /approvals, which checks the request" }],
  [NOTICE_FUNC, { kind: NOTICE_KIND, way: "approvals send their mails by themselves" }],
  [SIGN_IN_FUNC, { kind: SIGN_IN_KIND, way: "people ask for it at /inbox" }],
  [PASSKEY_MAIL_FUNC, { kind: PASSKEY_MAIL_KIND, way: "people add passkeys at /inbox/passkeys" }],
  [
    LOG_HEAD_FUNC,
    { kind: LOG_HEAD_KIND, way: "gateways send the head of the log to LOG_HEAD_MAIL each day" },
  ],
  [STANDING_USE_FUNC, { kind: USE_KIND, way: "use POST /approvals/:id/consume" }],
  // Begun with any argument, they would sign whatever a caller says, and receivers would believe it.
  [
    CALLBACK_FUNC,
    {
      kind: CALLBACK_KIND,
      way: "events start callbacks, and POST /callback-deliveries/:id/replay sends one again",
    },
  ],
  [
    COMPLETION_FUNC,
    { kind: CALLBACK_KIND, way: "begin the workflow itself with POST /begin and a callbackUrl" },
  ],
]);

/** How to start this function, which cannot be started by its name; undefined for those that can. */
export function ownWayOf(func: string): string | undefined {
  return OWN_WAYS.get(func)?.way;
}

/** Whether a promise that calls this function was made by the function's own way, where it has one. */
export function cameItsWay(func: string, tags: Readonly<Record<string, string>>): boolean {
  const own = OWN_WAYS.get(func);
  return own === undefined || (own.kind !== undefined && tags[KIND_TAG] === own.kind);
}

/** The function that a worker runs in the place of one that did not come its way; undefined if there is none. */
export function standInFor(func: string): string | undefined {
  return OWN_WAYS.get(func)?.byName;
}

/** Whether Countersign brings this function along. */
export function isBuiltIn(func: string): boolean {
  return OWN_WAYS.has(func);
}

/** The worker group of built-in workflows, beside a group of workers. */
export function builtInGroupOf(group: string): string {
  return `${group}-builtin`;
}
