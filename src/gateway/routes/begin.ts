/** What `POST /begin` asks for, read from its address, headers and body. */
import type { Request } from "express";
import {
  FUNCTION_NAME,
  FUNCTION_NAME_RULE,
  GROUP_NAME,
  GROUP_NAME_RULE,
  parseVersion,
  VERSION_RULE,
  WORKFLOW_TIME,
  WORKFLOW_TIME_TEXT,
} from "../../approval/call.ts";
import { durationProblem, parseDuration } from "../../approval/duration.ts";
import { ID_PATTERN, ID_RULE } from "../../approval/ids.ts";
import { ownWayOf } from "../../approval/own-ways.ts";
import { callbackUrlSchema } from "../../approval/schema.ts";
import type { StoredPromise } from "../../durable/durable.ts";
import { anyAddress, targetOf } from "../../durable/lineage.ts";
import { assertStorable } from "../../durable/storable.ts";
import { isSameJson } from "../../lib/canonical-json.ts";
import { type FieldProblem, ServiceError } from "../../lib/errors.ts";
import { BEGIN_QUERY } from "../../openapi/limits.ts";
import { IDEMPOTENCY_KEY_RULE, idFromKeys } from "../../service/idempotency-key.ts";
import type { Catalogue } from "../../workflows/catalogue.ts";
import { readJson } from "../http/body.ts";
import { idempotencyKeysOf } from "../http/idempotency-key.ts";

export interface Begin {
  /** The caller's choice; undefined: any. */
  readonly id: string | undefined;
  readonly func: string;
  readonly version: number;
  /** The worker group that runs it; undefined: that of the settings. */
  readonly target: string | undefined;
  /** No argument, or the one that is the body. */
  readonly args: readonly unknown[];
  /** From now until the workflow is over, done or not. */
  readonly timeoutMs: number;
  /** The timeout is written as only earlier versions accepted it, which is right for what was begun by then. */
  readonly timeoutProblem?: FieldProblem | undefined;
  /** The receiver that is told when it has ended. */
  readonly callbackUrl?: string | undefined;
}

interface BeginOptions {
  readonly callbackUrlProblem: (url: string) => string | undefined;
  readonly catalogue: Catalogue;
}

/** What runs when nothing is asked for, as in Resonate's own example. */
const DEFAULT_FUNC = "foo";
const DEFAULT_ARGUMENT = { foo: "bar" };

/** Throws `INVALID_REQUEST` with every problem in address and headers, or `INVALID_FIELDS` for those in the body. */
export async function readBegin(
  req: Request,
  { callbackUrlProblem, catalogue }: BeginOptions,
): Promise<Begin> {
  const problems: FieldProblem[] = [];
  const query = readQuery(req, BEGIN_QUERY, problems);
  const func = query.get("func") ?? DEFAULT_FUNC;
  const target = query.get("target");
  if (query.get("func") === undefined && catalogue.find(DEFAULT_FUNC, 1, target) === undefined) {
    problems.push({ field: "func", message: "must name a workflow: GET /workflows lists them" });
  }
  if (!FUNCTION_NAME.test(func)) {
    problems.push({
      field: "func",
      message: `must be a function's name: ${FUNCTION_NAME_RULE}`,
    });
  }
  const ownWay = ownWayOf(func);
  if (ownWay !== undefined) problems.push({ field: "func", message: `must not be this function: ${ownWay}` });
  const version = parseVersion(query.get("version") ?? "1");
  if (version === undefined) {
    problems.push({ field: "version", message: `must be ${VERSION_RULE}` });
  }
  if (target !== undefined && !GROUP_NAME.test(target)) {
    problems.push({ field: "target", message: `must be a worker group, of ${GROUP_NAME_RULE}` });
  }
  const withheld = query.get("func") === undefined ? undefined : catalogue.withheld(func, target);
  if (withheld !== undefined) problems.push({ field: "func", message: `must be another: ${withheld}` });
  const timeoutMs = parseTimeout(query.get("timeout"));
  const spelling = durationProblem(query.get("timeout") ?? "PT1S");
  const timeoutProblem = spelling === undefined ? undefined : { field: "timeout", message: spelling };
  if (timeoutMs === undefined) {
    problems.push({
      field: "timeout",
      message: `must be an ISO 8601 duration such as PT1H or P30D, from ${WORKFLOW_TIME_TEXT.min} to ${WORKFLOW_TIME_TEXT.max}`,
    });
  }
  const callbackUrl = parseCallbackUrl(query.get("callbackUrl"), callbackUrlProblem, problems);
  const id = parseId(query.get("id"), idempotencyKeysOf(req), problems);
  const [first] = problems;
  if (first !== undefined) {
    if (timeoutProblem !== undefined && timeoutMs !== undefined) problems.push(timeoutProblem);
    throw new ServiceError("INVALID_REQUEST", `${first.field} ${first.message}`, { problems });
  }
  const body = await readJson(req);
  assertStorable(body?.value, "body");
  return {
    id,
    func,
    version: version ?? 1,
    target,
    args: argumentsOf(func, body),
    timeoutMs: timeoutMs ?? WORKFLOW_TIME.defaultMs,
    timeoutProblem,
    callbackUrl,
  };
}

/**
 * Whether a stored promise holds this very call. The deadline may differ: it is counted from when a call came in. The
 * group is compared where the call names one: that of the settings may have become another since.
 */
export function isSameCall(stored: StoredPromise, begin: Begin): boolean {
  const { param, tags } = stored;
  if (begin.target !== undefined && targetOf(tags) !== anyAddress(begin.target)) return false;
  if (typeof param !== "object" || param === null || !("func" in param && "args" in param)) return false;
  const version = "version" in param ? param.version : 1;
  const asked = { func: begin.func, args: begin.args, version: begin.version };
  return isSameJson({ func: param.func, args: param.args, version }, asked);
}

function argumentsOf(func: string, body: { readonly value: unknown } | undefined): readonly unknown[] {
  if (body !== undefined) return [body.value];
  return func === DEFAULT_FUNC ? [DEFAULT_ARGUMENT] : [];
}

function parseTimeout(text: string | undefined): number | undefined {
  if (text === undefined) return WORKFLOW_TIME.defaultMs;
  const ms = parseDuration(text);
  return ms !== undefined && ms >= WORKFLOW_TIME.minMs && ms <= WORKFLOW_TIME.maxMs ? ms : undefined;
}

function parseCallbackUrl(
  text: string | undefined,
  callbackUrlProblem: (url: string) => string | undefined,
  problems: FieldProblem[],
): string | undefined {
  if (text === undefined) return undefined;
  const parsed = callbackUrlSchema.safeParse(text);
  const message = parsed.success ? callbackUrlProblem(parsed.data) : parsed.error.issues[0]?.message;
  if (message === undefined) return parsed.data;
  problems.push({ field: "callbackUrl", message });
  return undefined;
}

function parseId(
  id: string | undefined,
  keys: readonly string[],
  problems: FieldProblem[],
): string | undefined {
  if (id !== undefined && !ID_PATTERN.test(id)) {
    problems.push({
      field: "id",
      message: ID_RULE,
    });
    return undefined;
  }
  if (keys.length === 0) return id;
  const keyId = idFromKeys(keys);
  if (keyId === undefined) {
    problems.push({ field: "Idempotency-Key", message: IDEMPOTENCY_KEY_RULE });
    return undefined;
  }
  if (id !== undefined && id !== keyId) {
    problems.push({
      field: "Idempotency-Key",
      message: "must be the same as id; or leave one of them out",
    });
  }
  return keyId;
}

/** A parameter that is misspelt would silently start something else, so unknown ones are refused. */
function readQuery(req: Request, names: readonly string[], problems: FieldProblem[]): Map<string, string> {
  const query = new Map<string, string>();
  for (const [name, value] of Object.entries(req.query)) {
    if (!names.includes(name)) {
      const field = name.slice(0, 64);
      problems.push({ field, message: `is not a known parameter: use ${names.join(", ")}` });
    } else if (typeof value === "string") {
      query.set(name, value);
    } else {
      problems.push({ field: name, message: "must be given once" });
    }
  }
  return query;
}
