/** What a rehearsal should come to, and in what it did not. */
import { z } from "zod";
import { parseDeadline } from "../../../src/approval/deadline.ts";
import { addressKey } from "../../../src/approval/person.ts";
import { problemsFromIssues } from "../../../src/approval/problems.ts";
import { outcomeKindSchema } from "../../../src/approval/schema.ts";
import type { FieldProblem } from "../../../src/lib/errors.ts";
import { isMailAddress } from "../../../src/lib/mail-address.ts";
import { MAIL_KINDS, type RehearsedMail } from "./mails.ts";
import { ADDRESS_RULE } from "./reaction.ts";
import type { Rehearsal } from "./rehearse.ts";
import { durationText } from "./timeline.ts";

const count = z.int().min(0);

const KINDS: ReadonlySet<string> = new Set(MAIL_KINDS);
const address = z.string().refine(isMailAddress, ADDRESS_RULE).overwrite(addressKey);

const expectationSchema = z.strictObject({
  outcome: z.exactOptional(outcomeKindSchema),
  reason: z.exactOptional(z.string()),
  /** Each must be among those that count, with the same value in each field that is named. */
  decisions: z.exactOptional(z.array(z.looseObject({ email: address }))),
  /** By address, how many mails somebody got, or how many of each kind. Who is not named may get any. */
  mails: z.exactOptional(
    z.record(z.string(), z.union([count, z.record(z.string(), count)])).superRefine((mails, ctx) => {
      const note = (path: string[], message: string) => ctx.addIssue({ code: "custom", path, message });
      for (const [to, counts] of Object.entries(mails)) {
        if (!isMailAddress(to)) note([to], ADDRESS_RULE);
        for (const kind of typeof counts === "number" ? [] : Object.keys(counts)) {
          if (!KINDS.has(kind)) note([to, kind], `must be one of ${[...KINDS].join(", ")}`);
        }
      }
    }),
  ),
  /** From the beginning to the end, as an ISO 8601 duration. */
  took: z.exactOptional(
    z.string().refine((text) => msOf(text) !== undefined, "must be an ISO 8601 duration such as P2DT3H"),
  ),
});

export type Expectation = z.output<typeof expectationSchema>;

export type ParsedExpectation =
  | { readonly ok: true; readonly expectation: Expectation }
  | { readonly ok: false; readonly problems: readonly FieldProblem[] };

/** @param input as written in a file; at least one expectation, so that a mistake cannot pass for "as expected" */
export function parseExpectation(input: unknown): ParsedExpectation {
  const parsed = expectationSchema.safeParse(input);
  if (!parsed.success) return { ok: false, problems: problemsFromIssues(parsed.error.issues, input) };
  if (Object.keys(parsed.data).length > 0) return { ok: true, expectation: parsed.data };
  const message = `must have at least one of ${Object.keys(expectationSchema.shape).join(", ")}`;
  return { ok: false, problems: [{ field: "body", message }] };
}

export interface Difference {
  /** Such as `outcome` or `mails.ana@example.com`. */
  readonly field: string;
  readonly expected: string;
  readonly actual: string;
}

/** Everything that differs. */
export function differences(rehearsal: Rehearsal, expectation: Expectation): Difference[] {
  const { outcome, startedAt, endedAt } = rehearsal;
  const tookMs = Date.parse(endedAt) - Date.parse(startedAt);
  const { took } = expectation;
  return [
    ...(["outcome", "reason"] as const).flatMap((field) =>
      differing(field, expectation[field], outcome[field]),
    ),
    ...(expectation.decisions ?? []).flatMap((expected, i) =>
      decisionDifferences(`decisions[${i}]`, expected, outcome.decisions),
    ),
    ...Object.entries(expectation.mails ?? {}).flatMap(([to, expected]) =>
      mailDifferences(to, expected, rehearsal.mails),
    ),
    ...(took === undefined || msOf(took) === tookMs
      ? []
      : [{ field: "took", expected: took, actual: durationText(tookMs) }]),
  ];
}

function differing(field: string, expected: unknown, actual: unknown): Difference[] {
  if (expected === undefined || isSameValue(expected, actual)) return [];
  return [{ field, expected: shown(expected), actual: shown(actual) }];
}

function decisionDifferences(
  field: string,
  expected: Readonly<Record<string, unknown>>,
  decisions: Rehearsal["outcome"]["decisions"],
): Difference[] {
  const own = decisions
    .filter(({ email }) => addressKey(email) === expected["email"])
    .map((decision): Readonly<Record<string, unknown>> => ({ ...decision }));
  const differ = own.map((decision) =>
    Object.entries(expected)
      .filter(([name]) => name !== "email")
      .flatMap(([name, value]) =>
        isSameValue(value, decision[name])
          ? []
          : [{ field: `${field}.${name}`, expected: shown(value), actual: shown(decision[name]) }],
      ),
  );
  const nearest = differ.toSorted((a, b) => a.length - b.length)[0];
  const missing = { field, expected: `a decision by ${shown(expected["email"])}`, actual: "none" };
  return nearest ?? [missing];
}

function mailDifferences(
  to: string,
  expected: number | Readonly<Record<string, number>>,
  mails: readonly RehearsedMail[],
): Difference[] {
  const own = mails.filter((mail) => addressKey(mail.to) === addressKey(to));
  const field = `mails.${to}`;
  if (typeof expected === "number") return differing(field, expected, own.length);
  return Object.entries(expected).flatMap(([kind, wanted]) =>
    differing(`${field}.${kind}`, wanted, own.filter((mail) => mail.kind === kind).length),
  );
}

function isSameValue(expected: unknown, actual: unknown): boolean {
  return shown(expected) === shown(actual);
}

function shown(value: unknown): string {
  return typeof value === "string" ? value : (JSON.stringify(value) ?? "nothing");
}

function msOf(text: string): number | undefined {
  const parsed = parseDeadline(text);
  return parsed?.kind === "duration" ? parsed.ms : undefined;
}

/** For people: one line each, expected before actual. */
export function differencesText(found: readonly Difference[]): string {
  const width = Math.max(...found.map(({ field }) => field.length));
  return found
    .map(({ field, expected, actual }) => `  ${field.padEnd(width)}  expected ${expected}, but was ${actual}`)
    .join("\n");
}
