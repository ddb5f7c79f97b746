/** What a call of a workflow may look like. The API, its description, the command line and workers go by it. */
import { DAY_MS } from "./duration.ts";

/** Names of functions, as workers register them. */
export const FUNCTION_NAME = /^[A-Za-z_][A-Za-z0-9_.-]{0,127}$/u;
export const FUNCTION_NAME_RULE = "a letter or '_', then up to 127 letters, digits, '_', '.' or '-'";

/** Names of worker groups, safe inside an address such as `poll://any@<name>`. */
export const GROUP_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/u;
export const GROUP_NAME_RULE =
  "1 to 64 letters, digits, dots, dashes or underscores, beginning with a letter or digit";

export const VERSION_MAX = 999_999_999;
export const VERSION_RULE = `a whole number from 1 to ${VERSION_MAX}`;

/** A version as text; undefined if it breaks `VERSION_RULE`. */
export function parseVersion(text: string): number | undefined {
  const version = /^[1-9]\d{0,9}$/u.test(text) ? Number(text) : Number.NaN;
  return version <= VERSION_MAX ? version : undefined;
}

/**
 * The timeout of a new workflow: default and limits. The default leaves room for the longest approval. The SDK's
 * default of 24 hours would end a workflow while its approver has a long weekend.
 */
export const WORKFLOW_TIME = { defaultMs: 410 * DAY_MS, minMs: 1_000, maxMs: 500 * DAY_MS } as const;

/** The same, as ISO 8601 durations. */
export const WORKFLOW_TIME_TEXT = {
  default: `P${WORKFLOW_TIME.defaultMs / DAY_MS}D`,
  min: `PT${WORKFLOW_TIME.minMs / 1_000}S`,
  max: `P${WORKFLOW_TIME.maxMs / DAY_MS}D`,
  maxDays: WORKFLOW_TIME.maxMs / DAY_MS,
} as const;
