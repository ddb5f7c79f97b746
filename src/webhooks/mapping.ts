/** Decides what a verified event does. Reads nothing but the event's content. */
import { type BounceReport, STATUS_CODE } from "../approval/bounce.ts";
import { type Condition, holds } from "./condition.ts";
import { isNothing, type Path, scalarText, valueAt } from "./path.ts";
import { fill, type Template } from "./template.ts";

export interface Mapping {
  readonly aim: Aim;
  /** Checked in this order; the first that holds counts. */
  readonly ignore: Condition | undefined;
  readonly reject: Condition | undefined;
  /** Undefined: every event that is neither ignored nor rejected. Given: only events for which it holds. */
  readonly resolve: Condition | undefined;
  /** What the workflow gets; undefined: the event as it came. */
  readonly value:
    | { readonly path: Path; readonly source: string }
    | { readonly template: Template }
    | undefined;
}

/** How an event names the promise that it is about. */
export type Aim =
  | { readonly kind: "promise"; readonly id: Template }
  /** A path: the value is the whole id. */
  | { readonly kind: "promise-at"; readonly path: Path; readonly source: string }
  /** Whatever workflow waits for these values. */
  | { readonly kind: "match"; readonly paths: ReadonlyMap<string, { path: Path; source: string }> }
  /** Slack: a button of a message that asks for a decision. */
  | {
      readonly kind: "ballot";
      readonly approvers: ReadonlyMap<string, string>;
      readonly team: string | undefined;
    }
  /** A mail of ours that came back. Without `fields`, the event is what was read of a report (`ReportEvent`). */
  | { readonly kind: "bounce"; readonly fields: BounceFields | undefined };

/** Where an event about a mail says what. */
interface BounceFields {
  /** The return path, or its tag. */
  readonly address: { readonly path: Path; readonly source: string };
  readonly status: { readonly path: Path } | undefined;
  readonly failed: Condition;
  readonly delayed: Condition | undefined;
}

/** What was read of a report that came as a whole mail. */
export type ReportEvent =
  | { readonly to: readonly string[]; readonly report: BounceReport }
  /** Why it is none. */
  | { readonly why: string };

type Verdict = "resolve" | "reject";

export type Match = Readonly<Record<string, string>>;

export type Plan =
  | { readonly kind: "ignore"; readonly why: string }
  | { readonly kind: "settle"; readonly promise: string; readonly verdict: Verdict; readonly value: unknown }
  | { readonly kind: "meet"; readonly match: Match; readonly verdict: Verdict; readonly value: unknown }
  | {
      readonly kind: "decide";
      readonly ballot: string;
      readonly choice: "approve" | "reject";
      readonly by: string;
    }
  | {
      readonly kind: "bounce";
      /** Each can be a return path, or its tag. */
      readonly addresses: readonly string[];
      readonly report: BounceReport;
    }
  /** The event is genuine but contains nothing that can be used; `why` is for the author of the configuration. */
  | { readonly kind: "unusable"; readonly why: string };

export function plan(mapping: Mapping, event: unknown): Plan {
  const { aim, ignore, reject, resolve } = mapping;
  if (ignore !== undefined && holds(ignore, event))
    return { kind: "ignore", why: "the condition ignore holds" };
  if (aim.kind === "ballot") return decision(aim, event);
  if (aim.kind === "bounce") {
    return aim.fields === undefined ? bounceIn(event as ReportEvent) : bounceBy(aim.fields, event);
  }
  const isRejected = reject !== undefined && holds(reject, event);
  if (!isRejected && resolve !== undefined && !holds(resolve, event)) {
    return { kind: "ignore", why: "neither resolve nor reject holds" };
  }
  const verdict = isRejected ? "reject" : "resolve";
  const missing = missingIn(aim, event);
  if (missing !== undefined) return { kind: "ignore", why: `it names nothing to settle: ${missing}` };
  const value = valueOf(mapping, event);
  if (!value.ok) return { kind: "unusable", why: value.problem };
  if (aim.kind === "match") {
    const match = matchOf(aim.paths, event);
    return match.ok
      ? { kind: "meet", match: match.match, verdict, value: value.value }
      : { kind: "unusable", why: match.problem };
  }
  const named = promiseOf(aim, event);
  return named.ok
    ? { kind: "settle", promise: named.text, verdict, value: value.value }
    : { kind: "unusable", why: named.problem };
}

/**
 * The field that names what the event is about, if it is empty: the event may belong to another system that shares the
 * account, or the sender's reference says that the field may be null. Another try would change nothing.
 */
function missingIn(aim: Exclude<Aim, { kind: "ballot" | "bounce" }>, event: unknown): string | undefined {
  const named = (path: Path, field: string) => {
    const value = valueAt(event, path);
    if (!isNothing(value)) return undefined;
    return `${field} is ${value === undefined ? "not there" : value === null ? "null" : "empty"}`;
  };
  switch (aim.kind) {
    case "promise-at":
      return named(aim.path, aim.source);
    case "promise":
      for (const piece of aim.id) {
        const missing = typeof piece === "string" ? undefined : named(piece.path, piece.source);
        if (missing !== undefined) return missing;
      }
      return undefined;
    case "match":
      for (const [name, { path, source }] of aim.paths) {
        const missing = named(path, source);
        if (missing !== undefined) return `match.${name}: ${missing}`;
      }
      return undefined;
  }
}

function bounceIn(event: ReportEvent): Plan {
  if ("why" in event) return { kind: "ignore", why: event.why };
  return { kind: "bounce", addresses: event.to, report: event.report };
}

function bounceBy({ address, status, failed, delayed }: BounceFields, event: unknown): Plan {
  const hasFailed = holds(failed, event);
  if (!hasFailed && (delayed === undefined || !holds(delayed, event))) {
    return { kind: "ignore", why: "neither bounce.failed nor bounce.delayed holds" };
  }
  const to = scalarText(valueAt(event, address.path));
  if (to === undefined || to === "")
    return { kind: "ignore", why: `it names no return path: ${address.source}` };
  const code = status && scalarText(valueAt(event, status.path));
  const report: BounceReport = {
    kind: hasFailed ? "failed" : "delayed",
    ...(code !== undefined && STATUS_CODE.test(code) ? { status: code } : {}),
  };
  return { kind: "bounce", addresses: [to], report };
}

/** No `:` and nothing longer than an id: what the template says around it decides which tree and which place. */
const WITHIN_ID = {
  pattern: /^[A-Za-z0-9._-]{1,128}$/,
  rule: "must be 1 to 128 letters, digits, '.', '_' or '-' to stand in an id",
};
const WHOLE_ID = /^[A-Za-z0-9][A-Za-z0-9._:-]{0,399}$/;

function promiseOf(aim: Extract<Aim, { kind: "promise" | "promise-at" }>, event: unknown) {
  if (aim.kind === "promise") return fill(aim.id, event, WITHIN_ID);
  const text = scalarText(valueAt(event, aim.path));
  return text !== undefined && WHOLE_ID.test(text)
    ? ({ ok: true, text } as const)
    : ({ ok: false, problem: `${aim.source} is no promise's id in this event` } as const);
}

/** Long enough for any id or name. A longer value is prose, which no workflow waits for. */
export const MATCH_CHARS_MAX = 512;

function matchOf(paths: ReadonlyMap<string, { path: Path; source: string }>, event: unknown) {
  const match: Record<string, string> = {};
  for (const [name, { path, source }] of paths) {
    const text = scalarText(valueAt(event, path));
    if (text === undefined || text.length > MATCH_CHARS_MAX) {
      return {
        ok: false,
        problem: `match.${name}: ${source} is no short text or whole number in this event`,
      } as const;
    }
    match[name] = text;
  }
  return { ok: true, match } as const;
}

function valueOf({ value }: Mapping, event: unknown) {
  if (value === undefined) return { ok: true, value: event } as const;
  if ("template" in value) {
    const filled = fill(value.template, event);
    return filled.ok ? ({ ok: true, value: filled.text } as const) : filled;
  }
  const found = valueAt(event, value.path);
  if (found === undefined)
    return { ok: false, problem: `value: ${value.source} is not in this event` } as const;
  return { ok: true, value: found } as const;
}

const ACTION = { id: ["actions", 0, "action_id"], value: ["actions", 0, "value"] };

/** A press of one of the buttons `approve` and `reject`, whose value is the ballot's promise id. */
function decision({ approvers, team }: Extract<Aim, { kind: "ballot" }>, event: unknown): Plan {
  if (valueAt(event, ["type"]) !== "block_actions") {
    return { kind: "ignore", why: "no press of a button (type is not block_actions)" };
  }
  const choice = valueAt(event, ACTION.id);
  if (choice !== "approve" && choice !== "reject") {
    return { kind: "ignore", why: "actions[0].action_id is neither approve nor reject" };
  }
  const ballot = valueAt(event, ACTION.value);
  if (typeof ballot !== "string" || !WHOLE_ID.test(ballot)) {
    return { kind: "unusable", why: "actions[0].value is no ballot's id" };
  }
  if (team !== undefined && !isFrom(team, event)) {
    return { kind: "unusable", why: "team.id is not the configured workspace" };
  }
  const user = valueAt(event, ["user", "id"]);
  const by = typeof user === "string" ? approvers.get(user) : undefined;
  if (by === undefined) return { kind: "unusable", why: "user.id is no approver in the configuration" };
  return { kind: "decide", ballot, choice, by };
}

/**
 * User ids are unique within a workspace, or within the organization of an Enterprise Grid. An app that is installed for
 * the whole organization gets `team: null`, the organization in `enterprise`, and the person's own workspace beside
 * their id.
 */
function isFrom(team: string, event: unknown): boolean {
  if (valueAt(event, ["enterprise", "id"]) === team) return true;
  const workspace = isNothing(valueAt(event, ["team"])) ? ["user", "team_id"] : ["team", "id"];
  return valueAt(event, workspace) === team;
}
