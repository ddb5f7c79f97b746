/** One reaction of a script: what somebody does about a mail, as written and as it is carried out. */
import { z } from "zod";
import type { Content } from "../../../src/approval/approval.ts";
import { deadlineAt, parseDeadline } from "../../../src/approval/deadline.ts";
import { fieldPath } from "../../../src/approval/problems.ts";
import { approvalRequestSchema, COMMENT_CHARS_MAX } from "../../../src/approval/schema.ts";
import type { FieldProblem } from "../../../src/lib/errors.ts";
import { isMailAddress } from "../../../src/lib/mail-address.ts";
import { MAIL_KINDS, type MailKind } from "./mails.ts";

/** Everything that people do beside answering, and the one field that belongs to it. */
const DEEDS = {
  cancel: undefined,
  reassign: "to",
  recuse: undefined,
  undo: undefined,
  change: "content",
  extend: "until",
} as const;
type DeedName = keyof typeof DEEDS;
const DEED_NAMES = Object.keys(DEEDS) as DeedName[];

export const ADDRESS_RULE = "must be one plain mail address, such as ana@example.com";

export const reactionSchema = z.strictObject({
  /** What they answer: the value of one of the request's choices. */
  choice: z.exactOptional(z.string().min(1)),
  /** What they fill in, by the names of the request's fields. */
  fields: z.exactOptional(z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]))),
  /** Numbers of the request's items that they leave out. */
  except: z.exactOptional(z.array(z.int().min(1))),
  /** What they do instead of an answer. */
  do: z.exactOptional(z.enum(DEED_NAMES)),
  /** Of `reassign`: who is asked instead. */
  to: z.exactOptional(z.string().refine(isMailAddress, ADDRESS_RULE)),
  /** Of `change`: what replaces the request's fields of these names. */
  content: z.exactOptional(
    z.strictObject({
      title: z.exactOptional(approvalRequestSchema.shape.title),
      summary: approvalRequestSchema.shape.summary,
      details: z.exactOptional(approvalRequestSchema.shape.details.unwrap()),
    }),
  ),
  /** Of `extend`: a duration from then, or an instant. */
  until: z.exactOptional(
    z.string().refine((text) => parseDeadline(text) !== undefined, {
      message: "must be an ISO 8601 duration such as P5D, or an instant such as 2030-01-31T09:00:00Z",
    }),
  ),
  /** Beside an answer; otherwise the reason, or what was changed. */
  comment: z.exactOptional(z.string().max(COMMENT_CHARS_MAX)),
  /** How long after the mail: an ISO 8601 duration. Default: at once. */
  after: z.exactOptional(
    z.string().refine(isDuration, "must be an ISO 8601 duration such as PT2H, P1D or P1DT12H"),
  ),
  /**
   * The kind of mail that they react to; default: each that asks for a decision. Or `start`: the time counts from the beginning,
   * whatever they get.
   */
  on: z.exactOptional(z.enum([...MAIL_KINDS, "start"])),
  /** Only to the `nth` of these mails; default: to each. */
  nth: z.exactOptional(z.int().min(1)),
});

/**
 * What somebody does: a choice's value such as `approve`, something else such as `cancel`, `ignore` (nothing), or one of
 * these with more about it.
 */
export type ScriptedReaction = string | z.input<typeof reactionSchema>;

export interface Answer {
  readonly choice: string;
  readonly comment?: string;
  readonly fields?: Readonly<Record<string, string | number | boolean>>;
  readonly except?: readonly number[];
}

export type Instead = { readonly comment?: string } & (
  | { readonly do: "cancel" | "recuse" | "undo" }
  | { readonly do: "reassign"; readonly to: string }
  | { readonly do: "change"; readonly content: Partial<Content> }
  | { readonly do: "extend"; readonly until: string }
);

/** A reaction, ready to happen. */
export interface Deed {
  readonly act: Answer | Instead;
  readonly afterMs: number;
  readonly on: MailKind | "start" | undefined;
  readonly nth: number | undefined;
}

/** What an answer to the request can have. */
export interface Answerable {
  /** Values of its choices. */
  readonly choices: readonly string[];
  /** Names of its fields. */
  readonly fieldNames: readonly string[];
  /** How many items can be left out. */
  readonly items: number;
}

interface Place extends Answerable {
  /** Where the reaction is in the script. */
  readonly at: readonly PropertyKey[];
  readonly isEverybody: boolean;
}

/** @returns undefined for one that does nothing; every problem is added to `problems` */
export function deedOf(reaction: ScriptedReaction, place: Place, problems: FieldProblem[]): Deed | undefined {
  const given = typeof reaction === "string" ? wordOf(reaction, place.choices) : reaction;
  const at = typeof reaction === "string" ? () => place.at : (name: string) => [...place.at, name];
  for (const { name, message } of problemsOf(given, place, typeof reaction === "string")) {
    problems.push({ field: fieldPath(name === undefined ? place.at : at(name)), message });
  }
  if (given.choice === "ignore") return undefined;
  const { on, nth } = given;
  return { act: actOf(given), afterMs: durationMs(given.after ?? "PT0S"), on, nth };
}

type Given = z.input<typeof reactionSchema>;

/** A word alone is a choice of the request, or else something to do. */
function wordOf(word: string, choices: readonly string[]): Given {
  const deed = DEED_NAMES.find((each) => each === word);
  return deed === undefined || choices.includes(word) ? { choice: word } : { do: deed };
}

interface Problem {
  /** Of the field; undefined: the reaction as a whole. */
  readonly name?: string;
  readonly message: string;
}

function problemsOf(
  given: Given,
  { choices, fieldNames, items, isEverybody }: Place,
  isWord: boolean,
): Problem[] {
  const problems: Problem[] = [];
  const words = [...choices, "ignore"];
  if (given.choice !== undefined && !words.includes(given.choice)) {
    const possible = isWord ? [...words, ...DEED_NAMES] : words;
    const message = `must be one of ${possible.join(", ")}, not ${JSON.stringify(given.choice)}`;
    problems.push({ name: "choice", message });
  }
  if ((given.choice === undefined) === (given.do === undefined)) {
    problems.push({
      message: `must have either choice (${words.join(", ")}) or do (${DEED_NAMES.join(", ")})`,
    });
  }
  for (const [deed, name] of Object.entries(DEEDS)) {
    if (name === undefined) continue;
    if (given.do === deed && given[name] === undefined) {
      const message = isWord ? `must be an object with do: ${deed} and ${name}` : `is required to ${deed}`;
      problems.push({ name, message });
    }
    if (given.do !== deed && given[name] !== undefined) {
      problems.push({ name, message: `belongs to do: ${deed}` });
    }
  }
  for (const name of Object.keys(given.fields ?? {})) {
    if (!fieldNames.includes(name)) {
      problems.push({ name: "fields", message: `must not have ${name}, which the request does not ask for` });
    }
  }
  if ((given.except ?? []).some((n) => n > items)) {
    problems.push({
      name: "except",
      message: `must have numbers of items that can be left out, of which there are ${items}`,
    });
  }
  if (given.on === "start" && isEverybody) {
    problems.push({ name: "on", message: "must not be start for *: name the person" });
  }
  const needsMail = given.choice !== undefined || (given.do !== undefined && NEEDS_MAIL.has(given.do));
  if (given.on === "start" && needsMail) {
    problems.push({ name: "on", message: "must be a mail, because this needs the mail's link" });
  }
  return problems;
}

const NEEDS_MAIL: ReadonlySet<DeedName> = new Set(["reassign", "recuse", "undo"]);

/** @param given without problems; of one with problems nothing is done */
function actOf({
  choice = "",
  do: deed,
  comment,
  fields,
  except,
  to = "",
  content = {},
  until = "",
}: Given): Deed["act"] {
  const said = comment === undefined ? {} : { comment };
  switch (deed) {
    case undefined:
      return { choice, ...said, ...(fields && { fields }), ...(except && { except }) };
    case "reassign":
      return { do: deed, to, ...said };
    case "change":
      return { do: deed, content, ...said };
    case "extend":
      return { do: deed, until, ...said };
    default:
      return { do: deed, ...said };
  }
}

function isDuration(text: string): boolean {
  return parseDeadline(text)?.kind === "duration" && durationMs(text) >= 0;
}

function durationMs(text: string): number {
  const parsed = parseDeadline(text);
  return parsed === undefined ? Number.NaN : deadlineAt(parsed, 0);
}
