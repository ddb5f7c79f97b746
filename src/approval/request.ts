/** Unknown input to an approval request, or everything that is wrong with it. */
import { z } from "zod";
import type { FieldProblem } from "../lib/errors.ts";
import { actionsProblems } from "./action-problems.ts";
import type { Terms } from "./approval.ts";
import {
  DEADLINE_MAX_DAYS,
  DEADLINE_MAX_MS,
  DEADLINE_WINDOW,
  type Deadline,
  deadlineProblem,
  parseDeadline,
  withinWindow,
} from "./deadline.ts";
import { hoursProblem } from "./hours.ts";
import { metadataProblems } from "./metadata.ts";
import { addressKey } from "./person.ts";
import { parsePresent } from "./present-members.ts";
import { fieldPath, problemsFromIssues } from "./problems.ts";
import { addressOf, isRecord, listOf } from "./raw-input.ts";
import { replacementProblems } from "./replacement.ts";
import { untilDeadlineMs } from "./rule.ts";
import type { WhoIs } from "./same-person.ts";
import {
  APPROVERS_MAX,
  type ApprovalRequest,
  approvalRequestSchema,
  callbackUrlSchema,
  storedRequestSchema,
} from "./schema.ts";
import { storedTermsSchema } from "./stored-terms.ts";

/**
 * How long an approval's workflow outlives its deadline: time to close ballots and report, also when no worker runs
 * at the deadline itself. Its root promise ends at deadline + slack.
 */
export const APPROVAL_SLACK_MS = 24 * 3_600_000;

/** More would not help to correct a request, and responses stay small. */
const PROBLEMS_MAX = 100;

export interface RequestRules {
  /** Milliseconds since 1970. */
  readonly nowMs: number;
  /** What must be different about a callback URL, if something must: which ones may be called is a matter of settings. */
  readonly callbackUrlProblem: (url: string) => string | undefined;
  /** Whether silence may count as approval, which is a matter of settings, too. Default: no. */
  readonly mayApproveByDeadline?: boolean | undefined;
  /** Whose an address is, which is a matter of settings as well. Default: each address is a person. */
  readonly whoIs?: WhoIs | undefined;
}

export type ParsedRequest =
  | {
      readonly ok: true;
      readonly value: ApprovalRequest;
      /** The id that the caller chose. */
      readonly id?: string;
      readonly terms: Terms;
    }
  | { readonly ok: false; readonly problems: readonly FieldProblem[] };

/**
 * Reads a request made at `nowMs`, or returns every problem found in it.
 *
 * The value is plain JSON that passes the engine unchanged: absent fields are absent, defaults are filled in, text is
 * trimmed and free of bidi controls. Two requests mean the same if their values are equal.
 */
export function parseApprovalRequest(input: unknown, rules: RequestRules): ParsedRequest {
  const { nowMs, callbackUrlProblem } = rules;
  const parsed = parsePresent(approvalRequestSchema, input);
  const problems = parsed.success ? [] : problemsFromIssues(parsed.error.issues, input);
  problems.push(...relationProblems(input, rules));
  const deadline = deadlineOf(input);
  if (deadline !== undefined && !withinWindow(deadline, nowMs)) {
    problems.push({ field: "deadline", message: `must be ${DEADLINE_WINDOW} from now` });
  }
  if (parsed.success && problems.length === 0) problems.push(...timeProblems(parsed.data, nowMs));
  const callbackUrl = isRecord(input) ? input["callbackUrl"] : undefined;
  const url = callbackUrl === undefined ? undefined : callbackUrlSchema.safeParse(callbackUrl);
  const message = url?.success === true ? callbackUrlProblem(url.data) : undefined;
  if (message !== undefined) problems.push({ field: "callbackUrl", message });
  if (!parsed.success || deadline === undefined || problems.length > 0) {
    return { ok: false, problems: problems.slice(0, PROBLEMS_MAX) };
  }
  const { id, ...value } = parsed.data;
  const terms = { startedAtMs: nowMs, deadlineAtMs: nowMs + untilDeadlineMs(value, nowMs) };
  return { ok: true, value, terms, ...(id === undefined ? {} : { id }) };
}

/** What can be wrong with times that are right each by itself. */
function timeProblems(request: ApprovalRequest, nowMs: number): FieldProblem[] {
  const problems: FieldProblem[] = [];
  const { escalateTo = [], hours } = request;
  if (untilDeadlineMs(request, nowMs) > DEADLINE_MAX_MS) {
    const message = `must be shorter: it starts again for each of the ${escalateTo.length} entries of escalateTo, and all of that must end within ${DEADLINE_MAX_DAYS} days`;
    problems.push({ field: "deadline", message });
  }
  const message = hours && hoursProblem(hours, nowMs);
  if (message !== undefined) problems.push({ field: "hours", message });
  return problems;
}

const parsedRequest: z.ZodType<ParsedRequest> = z.union([
  z.object({
    ok: z.literal(true),
    value: storedRequestSchema,
    id: z.exactOptional(z.string()),
    terms: storedTermsSchema,
  }),
  // As an earlier version stored it: the approval was started then, and its terms are not read any more.
  z
    .object({ ok: z.literal(true), value: storedRequestSchema, deadlineAtMs: z.number() })
    .transform(({ ok, value, deadlineAtMs }) => ({
      ok,
      value,
      terms: { startedAtMs: deadlineAtMs, deadlineAtMs },
    })),
  z.object({ ok: z.literal(false), problems: z.array(z.object({ field: z.string(), message: z.string() })) }),
]);

/** What `requestApproval` says when another program has settled that step with something else. */
export const CHECK_SETTLED_BY_OTHERS = "another program settled its check";

/** The result of a step that parsed a request; undefined if another program wrote it. */
export function parsedRequestIn(value: unknown): ParsedRequest | undefined {
  const parsed = parsedRequest.safeParse(value);
  return parsed.success ? parsed.data : undefined;
}

/** New requests must write their deadline so that all libraries read it alike. Earlier versions asked less. */
const sentBeforeSchema = approvalRequestSchema.extend({
  deadline: z
    .string()
    .refine((text) => parseDeadline(text) !== undefined)
    .default("P7D"),
});

/**
 * Reads a request without judging how far away its deadline is or how it is written, to compare it with one that was
 * accepted earlier; undefined if it could never have been accepted.
 */
export function readApprovalContent(input: unknown): ApprovalRequest | undefined {
  const parsed = sentBeforeSchema.safeParse(input);
  // Settings may have changed since.
  const rules = { mayApproveByDeadline: true };
  if (!parsed.success || relationProblems(input, rules).length > 0) return undefined;
  const { id: _, ...value } = parsed.data;
  return value;
}

/** Problems between fields, found on the raw input so that they are reported beside the problems within fields. */
function relationProblems(
  input: unknown,
  rules: Pick<RequestRules, "mayApproveByDeadline" | "whoIs">,
): FieldProblem[] {
  return isRecord(input) ? new Relations(input, rules).problems() : [];
}

type Path = readonly (string | number)[];

/** More people than that are a poll. */
const PEOPLE_MAX = 200;

class Relations {
  readonly #input: Readonly<Record<string, unknown>>;
  readonly #mayApproveByDeadline: boolean;
  readonly #whoIs: WhoIs;
  readonly #requester: string | undefined;
  readonly #problems: FieldProblem[] = [];
  #people = 0;

  constructor(
    input: Readonly<Record<string, unknown>>,
    {
      mayApproveByDeadline = false,
      whoIs = addressKey,
    }: Pick<RequestRules, "mayApproveByDeadline" | "whoIs">,
  ) {
    this.#input = input;
    this.#mayApproveByDeadline = mayApproveByDeadline;
    this.#whoIs = whoIs;
    this.#requester = addressOf(input["requester"]);
  }

  problems(): FieldProblem[] {
    const { stages, approvers, metadata } = this.#input;
    if (stages === undefined) {
      if (approvers === undefined) this.#say(["approvers"], "is required, unless you give stages");
      this.#checkGroup([], this.#input);
      this.#checkEscalation([], this.#input);
    } else {
      for (const field of ["approvers", "require", "escalateTo", "replace"]) {
        if (this.#input[field] === undefined) continue;
        this.#say([field], "must be left out where there are stages: each stage has its own");
      }
      if (this.#input["onDeadline"] === "escalate") {
        this.#say(["onDeadline"], "must be expire or reject where there are stages: a stage can escalate");
      }
      for (const [i, stage] of listOf(stages).entries()) this.#checkStage(["stages", i], stage);
    }
    if (this.#input["follow"] === true && this.#input["requester"] === undefined) {
      this.#say(["follow"], "must be left out without a requester, who would get the mail");
    }
    this.#checkSilence(["onDeadline"], this.#input["onDeadline"]);
    this.#checkChoices();
    if (this.#people > PEOPLE_MAX) {
      this.#say(["stages"], `must name at most ${PEOPLE_MAX} people in all, not ${this.#people}`);
    }
    this.#problems.push(...actionsProblems(this.#input));
    if (isRecord(metadata)) this.#problems.push(...metadataProblems(metadata, "metadata"));
    return this.#problems;
  }

  #checkStage(path: Path, stage: unknown): void {
    if (!isRecord(stage)) return;
    const { groups, approvers, require, deadline } = stage;
    if ((groups === undefined) === (approvers === undefined)) {
      const message = "must have either approvers or groups";
      this.#say(groups === undefined ? [...path, "approvers"] : [...path, "groups"], message);
    }
    if (groups === undefined) this.#checkGroup(path, stage);
    const named = listOf(groups);
    for (const [i, group] of named.entries()) {
      if (isRecord(group)) this.#checkGroup([...path, "groups", i], group);
    }
    if (typeof require === "number" && groups !== undefined && require > named.length) {
      this.#say([...path, "require"], `must be at most the number of groups (${named.length})`);
    }
    if (deadline === undefined && stage["onDeadline"] !== undefined) {
      this.#say([...path, "deadline"], "is required beside onDeadline");
    }
    this.#checkEscalation(path, stage);
    this.#checkSilence([...path, "onDeadline"], stage["onDeadline"]);
  }

  /** The people of one group: each once, and not the requester. */
  #checkGroup(path: Path, { approvers, require }: Readonly<Record<string, unknown>>): void {
    const people = listOf(approvers).slice(0, APPROVERS_MAX);
    this.#people += people.length;
    const seen = new Map<string, { readonly i: number; readonly address: string }>();
    for (const [i, person] of people.entries()) {
      const address = addressOf(person);
      if (address === undefined) continue;
      const who = this.#whoIs(address);
      const place = [...path, "approvers", i, ...(typeof person === "string" ? [] : ["email"])];
      const first = seen.get(who);
      if (first !== undefined) {
        const same = fieldPath([...path, "approvers", first.i]);
        this.#say(
          place,
          first.address === address
            ? `must be named once: same as ${same}`
            : `must be somebody else: ${address} is another address of ${same} (${first.address})`,
        );
      }
      this.#checkRequester(place, address);
      seen.set(who, first ?? { i, address });
    }
    if (typeof require === "number" && people.length > 0 && require > people.length) {
      this.#say([...path, "require"], `must be at most the number of approvers (${people.length})`);
    }
  }

  #checkEscalation(path: Path, stage: Readonly<Record<string, unknown>>): void {
    const { escalateTo, onDeadline, replace, deadline } = stage;
    const isEscalated = onDeadline === "escalate";
    if (isEscalated && escalateTo === undefined) {
      this.#say([...path, "escalateTo"], "is required with onDeadline escalate");
    }
    if (!isEscalated && escalateTo !== undefined) {
      this.#say([...path, "onDeadline"], "must be escalate beside escalateTo");
    }
    if (replace !== undefined && escalateTo === undefined) {
      this.#say([...path, "replace"], "must be left out without escalateTo");
    }
    if (isEscalated && typeof deadline === "string" && parseDeadline(deadline)?.kind === "instant") {
      this.#say(
        [...path, "deadline"],
        "must be a duration such as P2D: it starts again with each escalation",
      );
    }
    for (const { entry, message } of replacementProblems(stage, this.#whoIs)) {
      this.#say([...path, "escalateTo", entry], message);
    }
    for (const [i, entry] of listOf(escalateTo).entries()) {
      const place = [...path, "escalateTo", i];
      for (const [j, person] of (Array.isArray(entry) ? entry : [entry]).entries()) {
        this.#people += 1;
        const address = addressOf(person);
        if (address !== undefined)
          this.#checkRequester(Array.isArray(entry) ? [...place, j] : place, address);
      }
    }
  }

  #checkRequester(path: Path, address: string): void {
    const requester = this.#requester;
    if (requester === undefined || this.#whoIs(address) !== this.#whoIs(requester)) return;
    const message = "must not be the requester, who may not decide";
    const other = `${message}: ${address} is another address of ${requester}`;
    this.#say(path, address === requester ? message : other);
  }

  #checkSilence(path: Path, onDeadline: unknown): void {
    if (onDeadline !== "approve") return;
    const { action, items } = this.#input;
    const actions = [action, ...listOf(items)].filter(isRecord);
    if (actions.some(({ reversible = "no" }) => reversible === "no")) {
      this.#say(path, "must be expire, reject or escalate: silence cannot approve what cannot be undone");
      return;
    }
    if (isRecord(action) && action["standing"] !== undefined) {
      this.#say(path, "must be expire, reject or escalate: silence cannot grant a standing approval");
      return;
    }
    if (this.#mayApproveByDeadline) return;
    this.#say(
      path,
      "must be expire, reject or escalate: silence counts as approval only where the setting ALLOW_APPROVE_BY_DEADLINE is on",
    );
  }

  #checkChoices(): void {
    const choices = listOf(this.#input["choices"]).filter(isRecord);
    if (choices.length === 0) return;
    const seen = new Map<unknown, number>();
    for (const [i, { value }] of choices.entries()) {
      const first = seen.get(value);
      if (first !== undefined && typeof value === "string") {
        this.#say(["choices", i, "value"], `must be used once: same as choices[${first}]`);
      }
      seen.set(value, first ?? i);
    }
    if (!choices.some(({ effect }) => effect === "approve")) {
      this.#say(["choices"], "must have one whose effect is approve: otherwise nobody can approve it");
    }
  }

  #say(path: Path, message: string): void {
    this.#problems.push({ field: fieldPath(path), message });
  }
}

function deadlineOf(input: unknown): Deadline | undefined {
  if (!isRecord(input)) return undefined;
  const text = input["deadline"] ?? approvalRequestSchema.shape.deadline.parse(undefined);
  return typeof text === "string" && deadlineProblem(text) === undefined ? parseDeadline(text) : undefined;
}
